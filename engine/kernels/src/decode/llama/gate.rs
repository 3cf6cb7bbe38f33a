//! The function of a feed-forward network with a gate: `activation(gate) ⊙ up`.

use multiversion::multiversion;

use crate::gelu;
use crate::math::exp;

/// The function of the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// `z / (1 + e^-z)`: Llama and Qwen3.
    Silu,
    /// [`gelu`](mod@crate::gelu): Gemma 3.
    Gelu,
}

impl Activation {
    /// `gate = activation(gate) ⊙ up`.
    pub(super) fn overwrite(self, gate: &mut [f32], up: &[f32]) {
        match self {
            Self::Silu => silu_times(gate, up),
            Self::Gelu => {
                gelu::overwrite(gate);
                gate.iter_mut().zip(up).for_each(|(gate, up)| *gate *= up);
            }
        }
    }
}

#[multiversion(targets = "simd")]
fn silu_times(gate: &mut [f32], up: &[f32]) {
    for (gate, up) in gate.iter_mut().zip(up) {
        *gate = *gate / (1.0 + exp(-*gate)) * up;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_functions_at_a_few_places() {
        let z = [-3.0, -1.0, -0.5, 0.5, 1.0, 3.0];
        for (activation, expected) in [
            (Activation::Silu, [-0.142_278, -0.268_941, -0.188_770, 0.311_230, 0.731_059, 2.857_722]),
            (Activation::Gelu, [-0.003_637, -0.158_808, -0.154_286, 0.345_714, 0.841_192, 2.996_363]),
        ] {
            let mut gate = z;
            activation.overwrite(&mut gate, &[2.0; 6]);
            for (found, expected) in gate.iter().zip(expected) {
                assert!((found - 2.0 * expected).abs() < 3e-6, "{activation:?}: {found} instead of 2 · {expected}");
            }
        }
    }
}
