//! The gate of a Llama's feed-forward network, `y = a(g) u`: SwiGLU with `a = silu`, GeGLU with `a = gelu`.
//!
//! ```text
//! silu(g) = g s, s = 1 / (1 + e^(-g))        silu'(g) = s + g s (1 - s)
//! dg      = dy u a'(g)                       du       = dy a(g)
//! ```
//!
//! `gelu` and its slope are those of [`gelu`](mod@crate::gelu).

use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::checkpoint::strategy::CheckpointStrategy;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_flex::FlexTensor;
use multiversion::multiversion;
use rayon::prelude::*;

use crate::autodiff::{incoming, inputs, register};
use crate::gelu;
use crate::math::exp;
use crate::parts::in_parts;
use crate::tensor::{dense, dims, from_vec, values};

/// Numbers that a thread computes at a time.
const CHUNK: usize = 1 << 14;

/// The function of the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateKind {
    /// `g / (1 + e^(-g))`: SwiGLU.
    Silu,
    /// GELU in its tanh form: GeGLU.
    Gelu,
}

/// `a(gate) up`, element by element.
///
/// # Shapes
/// - `gate`, `up`: any, both the same; the result has it too.
///
/// # Panics
/// If the shapes differ, or the tensors are not 32-bit numbers on the CPU.
pub fn gated<const D: usize>(kind: GateKind, gate: Tensor<D>, up: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::gate(gate.into_dispatch(), up.into_dispatch(), kind))
}

/// The operation for burn's dispatch.
#[backend_extension(Flex, Autodiff)]
trait GateOps: Backend {
    fn gate(gate: FloatTensor<Self>, up: FloatTensor<Self>, kind: GateKind) -> FloatTensor<Self>;
}

impl GateOps for Flex {
    fn gate(gate: FlexTensor, up: FlexTensor, kind: GateKind) -> FlexTensor {
        forward(kind, &dense(gate), &dense(up))
    }
}

impl<C: CheckpointStrategy> GateOps for Autodiff<Flex, C> {
    fn gate(gate: FloatTensor<Self>, up: FloatTensor<Self>, kind: GateKind) -> FloatTensor<Self> {
        let ((gate, gate_node), (up, up_node)) = (gate.into_parts(), up.into_parts());
        let (gate, up) = (dense(gate), dense(up));
        let y = forward(kind, &gate, &up);
        match GateGradient.prepare::<C>([gate_node, up_node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((kind, gate, up), y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }
}

/// The backward pass; it needs both inputs.
#[derive(Debug)]
struct GateGradient;

impl Backward<Flex, 2> for GateGradient {
    type State = (GateKind, FlexTensor, FlexTensor);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let mut dy = incoming(gradients, &ops);
        let [gate_node, up_node] = inputs(&ops);
        // The gradients take the places of `dy` and `up`, if nothing else owns these.
        let (kind, gate, mut up) = ops.state;
        let (dgate, dup) = (up.storage_mut::<f32>(), dy.storage_mut::<f32>());
        dup.par_chunks_mut(CHUNK).zip(dgate.par_chunks_mut(CHUNK)).zip(values(&gate).par_chunks(CHUNK)).for_each(
            |((dy, up), gate)| match kind {
                GateKind::Silu => silu_backward(gate, up, dy),
                GateKind::Gelu => gelu_backward(gate, up, dy),
            },
        );
        register(gradients, gate_node, || up);
        register(gradients, up_node, || dy);
    }
}

fn forward(kind: GateKind, gate: &FlexTensor, up: &FlexTensor) -> FlexTensor {
    let shape = dims(gate);
    assert_eq!(shape, dims(up), "the shapes of a gate and of what it lets pass");
    let (gate, up) = (values(gate), values(up));
    let y = in_parts(gate.len(), CHUNK, |i, y| {
        let [gate, up] = [gate, up].map(|values| &values[i * CHUNK..][..y.len()]);
        match kind {
            GateKind::Silu => silu_forward(gate, up, y),
            GateKind::Gelu => gelu_forward(gate, up, y),
        }
    });
    from_vec(y, &shape)
}

/// `silu(x)` and its slope.
#[inline(always)]
fn silu(x: f32) -> [f32; 2] {
    let s = 1.0 / (1.0 + exp(-x));
    [x * s, s + x * s * (1.0 - s)]
}

#[multiversion(targets = "simd")]
fn silu_forward(gate: &[f32], up: &[f32], y: &mut [f32]) {
    for ((y, &gate), &up) in y.iter_mut().zip(gate).zip(up) {
        *y = silu(gate)[0] * up;
    }
}

#[multiversion(targets = "simd")]
fn gelu_forward(gate: &[f32], up: &[f32], y: &mut [f32]) {
    for ((y, &gate), &up) in y.iter_mut().zip(gate).zip(up) {
        *y = gelu::value_and_slope(gate)[0] * up;
    }
}

/// Overwrites `up` with the gradient of the gate, and `dy` with that of `up`.
#[multiversion(targets = "simd")]
fn silu_backward(gate: &[f32], up: &mut [f32], dy: &mut [f32]) {
    for ((dy, up), &gate) in dy.iter_mut().zip(up).zip(gate) {
        let [value, slope] = silu(gate);
        *up *= *dy * slope;
        *dy *= value;
    }
}

/// The same for GeGLU.
#[multiversion(targets = "simd")]
fn gelu_backward(gate: &[f32], up: &mut [f32], dy: &mut [f32]) {
    for ((dy, up), &gate) in dy.iter_mut().zip(up).zip(gate) {
        let [value, slope] = gelu::value_and_slope(gate);
        *up *= *dy * slope;
        *dy *= value;
    }
}

#[cfg(test)]
mod tests {
    use bonus_llama::feed_forward::Activation;
    use burn::tensor::Device;

    use super::*;
    use crate::testing::assert_same;

    #[test]
    fn values_and_gradients_are_those_of_the_lesson() {
        for [rows, columns] in [[1, 1], [3, 7], [130, 257]] {
            let both = |t: &[Tensor<1>]| [0, 1].map(|i: usize| t[i].clone().reshape([rows, columns]) * 4.0);
            for (kind, activation) in [(GateKind::Silu, Activation::Silu), (GateKind::Gelu, Activation::Gelu)] {
                let fast = |[gate, up]: [Tensor<2>; 2]| gated(kind, gate, up);
                let lesson = |[gate, up]: [Tensor<2>; 2]| activation.forward(gate) * up;
                assert_same(&[rows * columns; 2], |t| fast(both(t)), |t| lesson(both(t)));
                let turned = |t: &[Tensor<1>]| both(t).map(|x| x.swap_dims(0, 1));
                assert_same(&[rows * columns; 2], |t| fast(turned(t)), |t| lesson(turned(t)));
            }
        }
    }

    /// The numbers of the specification, and both ends, where `e^x` is out of range.
    #[test]
    fn values_by_hand() {
        let x = [-3.0, -1.0, -0.5, 0.5, 1.0, 3.0, -1e4, 1e4];
        let run = |kind| -> Vec<f32> {
            let gate = Tensor::<1>::from_floats(x, &Device::flex());
            gated(kind, gate.clone(), gate.ones_like()).into_data().try_into_vec_as().unwrap()
        };
        let assert_close = |found: Vec<f32>, expected: [f32; 8]| {
            assert!(found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-6), "{found:?}");
        };
        let silu = [-0.142_278, -0.268_941, -0.188_770, 0.311_230, 0.731_059, 2.857_722, 0.0, 1e4];
        let gelu = [-0.003_637, -0.158_808, -0.154_286, 0.345_714, 0.841_192, 2.996_363, 0.0, 1e4];
        assert_close(run(GateKind::Silu), silu);
        assert_close(run(GateKind::Gelu), gelu);
    }

    /// An input that something else still needs is not overwritten.
    #[test]
    fn inputs_with_another_owner_are_kept() {
        let device = Device::flex().autodiff();
        let leaf = |values: [f32; 2]| Tensor::<1>::from_floats(values, &device).require_grad();
        let (gate, up) = (leaf([1.0, -1.0]), leaf([2.0, 3.0]));
        gated(GateKind::Silu, gate.clone(), up.clone()).sum().backward();
        let values = |x: Tensor<1>| x.into_data().try_into_vec_as::<f32>().unwrap();
        assert_eq!([values(gate), values(up)], [[1.0, -1.0], [2.0, 3.0]]);
    }
}
