//! GPT-2's activation, `gelu(x) = 0.5 x (1 + tanh(u))` with `u = sqrt(2/π) (x + 0.044715 x³)`.
//!
//! ```text
//! gelu(x)  = x s                       s = 1 / (1 + e^(-2u)), because (1 + tanh(u)) / 2 = s
//! gelu'(x) = s + 2 x s (1 - s) u'      u' = sqrt(2/π) (1 + 3 · 0.044715 x²)
//! ```

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
use crate::math::exp;
use crate::parts::in_parts;
use crate::tensor::{dense, dims, from_vec, values};

pub(crate) const SQRT_2_OVER_PI: f32 = 0.797_884_6;
pub(crate) const CUBIC: f32 = 0.044_715;
/// Numbers that a thread computes at a time.
const CHUNK: usize = 1 << 14;

/// `gelu(x)`, element by element.
///
/// # Shapes
/// - `x`: any; the result has the same.
///
/// # Panics
/// If `x` does not hold 32-bit numbers on the CPU.
pub fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::gelu_tanh(x.into_dispatch()))
}

/// The operation for burn's dispatch.
#[backend_extension(Flex, Autodiff)]
trait GeluOps: Backend {
    fn gelu_tanh(x: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl GeluOps for Flex {
    fn gelu_tanh(x: FlexTensor) -> FlexTensor {
        let mut x = dense(x);
        x.storage_mut::<f32>().par_chunks_mut(CHUNK).for_each(overwrite);
        x
    }
}

impl<C: CheckpointStrategy> GeluOps for Autodiff<Flex, C> {
    fn gelu_tanh(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let (x, node) = x.into_parts();
        let x = dense(x);
        let values = values(&x);
        let y = in_parts(values.len(), CHUNK, |i, y| forward(&values[i * CHUNK..][..y.len()], y));
        let y = from_vec(y, &dims(&x));
        match GeluGradient.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(x, y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }
}

/// The backward pass; it needs `x`.
#[derive(Debug)]
struct GeluGradient;

impl Backward<Flex, 1> for GeluGradient {
    type State = FlexTensor;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let mut dy = incoming(gradients, &ops);
        let [input] = inputs(&ops);
        register(gradients, input, || {
            let x = values(&ops.state);
            dy.storage_mut::<f32>().par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(dy, x)| backward(x, dy));
            dy
        });
    }
}

/// `s = 1 / (1 + e^(-2u))`.
#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    let u = SQRT_2_OVER_PI * x * (CUBIC * x * x + 1.0);
    1.0 / (1.0 + exp(-2.0 * u))
}

/// `gelu(x)` and its slope.
#[inline(always)]
pub(crate) fn value_and_slope(x: f32) -> [f32; 2] {
    let s = sigmoid(x);
    let slope_of_u = SQRT_2_OVER_PI * (3.0 * CUBIC * x * x + 1.0);
    [x * s, s + 2.0 * x * s * (1.0 - s) * slope_of_u]
}

/// `x = gelu(x)`.
#[multiversion(targets = "simd")]
pub(crate) fn overwrite(x: &mut [f32]) {
    for x in x {
        *x *= sigmoid(*x);
    }
}

#[multiversion(targets = "simd")]
fn forward(x: &[f32], y: &mut [f32]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = x * sigmoid(x);
    }
}

/// Turns the gradient of the result into that of `x`.
#[multiversion(targets = "simd")]
fn backward(x: &[f32], dy: &mut [f32]) {
    for (dy, &x) in dy.iter_mut().zip(x) {
        let [_, slope] = value_and_slope(x);
        *dy *= slope;
    }
}

#[cfg(test)]
mod tests {
    use ch04_gpt::gelu as lesson;

    use super::*;
    use crate::testing::assert_same;

    #[test]
    fn values_and_gradients_are_those_of_chapter_4() {
        for [rows, columns] in [[1, 1], [3, 7], [130, 257]] {
            let x = |t: &[Tensor<1>]| t[0].clone().reshape([rows, columns]) * 4.0;
            assert_same(&[rows * columns], |t| gelu(x(t)), |t| lesson(x(t)));
            assert_same(&[rows * columns], |t| gelu(x(t).swap_dims(0, 1)), |t| lesson(x(t).swap_dims(0, 1)));
        }
    }

    #[test]
    fn far_from_zero_it_is_the_identity_or_zero() {
        let x = Tensor::<1>::from_floats([-1e4, -20.0, 20.0, 1e4], &burn::tensor::Device::flex());
        let y: Vec<f32> = gelu(x).into_data().try_into_vec_as().unwrap();
        assert!(y[0].abs() < 1e-30 && y[1].abs() < 1e-30, "{y:?}");
        assert_eq!(y[2..], [20.0, 1e4]);
    }
}
