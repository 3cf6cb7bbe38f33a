//! The norm of a Llama: `y = scale x / sqrt(mean(x²) + eps)`.

use multiversion::multiversion;

use crate::math::sum;

/// The parameters of a root mean square norm.
#[derive(Clone, Debug)]
pub struct RmsNorm {
    /// Factors, as they are multiplied.
    pub scale: Vec<f32>,
    /// Added to the mean square, so that its root is not zero.
    pub eps: f32,
}

impl RmsNorm {
    /// The norm of each vector of `x`, in `y`.
    pub(super) fn apply(&self, x: &[f32], y: &mut Vec<f32>) {
        y.clear();
        y.extend_from_slice(x);
        y.chunks_exact_mut(self.scale.len()).for_each(|y| self.overwrite(y));
    }

    /// The norm of a vector, in its place.
    pub(super) fn overwrite(&self, x: &mut [f32]) {
        overwrite(x, &self.scale, self.eps);
    }
}

#[multiversion(targets = "simd")]
fn overwrite(x: &mut [f32], scale: &[f32], eps: f32) {
    let mean_square = sum(x, |x| x * x) / x.len() as f32;
    let factor = 1.0 / (mean_square + eps).sqrt();
    x.iter_mut().zip(scale).for_each(|(x, scale)| *x = *x * factor * scale);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_four_and_zeros() {
        let norm = RmsNorm { scale: vec![1.0, 0.5, -1.0, 2.0], eps: 1e-5 };
        let mut y = vec![9.0; 3];
        norm.apply(&[1.0, -2.0, 3.0, 0.5, 0.0, 0.0, 0.0, 0.0], &mut y);
        assert_eq!(y.len(), 8);
        for (found, expected) in y.iter().zip([0.529_812, -0.529_812, -1.589_437, 0.529_812]) {
            assert!((found - expected).abs() < 1e-5, "{found} instead of {expected}");
        }
        assert_eq!(y[4..], [0.0; 4]);
    }
}
