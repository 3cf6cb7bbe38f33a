//! Rotary positions: every head of every token is rotated, pair by pair.
//!
//! ```text
//! a' = a cos - b sin        b' = b cos + a sin        (a, b) = (x[i], x[i + head_dim / 2])
//! ```
//!
//! The gradient is rotated back. The heads stay columns of the projections' results, and both passes work in place.

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
use crate::tensor::{dense, dims, values, width};

/// Tokens that a thread rotates at least.
const TOKENS: usize = 16;

/// Rotates every head of every token by the angles of its position.
///
/// # Shapes
/// - `x`: queries or keys, `[batch, tokens, heads * head_dim]`; the result has the same;
/// - `cos`, `sin`: of the angles, `[tokens, head_dim / 2]`.
///
/// # Panics
/// If the shapes do not fit, or the tensors are not 32-bit numbers on the CPU.
pub fn rotate(x: Tensor<3>, cos: Tensor<2>, sin: Tensor<2>) -> Tensor<3> {
    Tensor::from_dispatch(Dispatch::rotate_pairs(x.into_dispatch(), cos.into_dispatch(), sin.into_dispatch()))
}

/// The operation for burn's dispatch. The angles get no gradient.
#[backend_extension(Flex, Autodiff)]
trait RotationOps: Backend {
    fn rotate_pairs(x: FloatTensor<Self>, cos: FloatTensor<Self>, sin: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl RotationOps for Flex {
    fn rotate_pairs(x: FlexTensor, cos: FlexTensor, sin: FlexTensor) -> FlexTensor {
        Angles::new(cos, sin).rotate(dense(x), 1.0)
    }
}

impl<C: CheckpointStrategy> RotationOps for Autodiff<Flex, C> {
    fn rotate_pairs(x: FloatTensor<Self>, cos: FloatTensor<Self>, sin: FloatTensor<Self>) -> FloatTensor<Self> {
        let angles = Angles::new(cos.into_primitive(), sin.into_primitive());
        let (x, node) = x.into_parts();
        let y = angles.rotate(dense(x), 1.0);
        match RotationGradient.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(angles, y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }
}

/// The backward pass.
#[derive(Debug)]
struct RotationGradient;

impl Backward<Flex, 1> for RotationGradient {
    type State = Angles;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let dy = incoming(gradients, &ops);
        let [input] = inputs(&ops);
        register(gradients, input, || ops.state.rotate(dy, -1.0));
    }
}

/// Cosines and sines, `[tokens, head_dim / 2]`.
#[derive(Clone, Debug)]
struct Angles {
    cos: FlexTensor,
    sin: FlexTensor,
}

impl Angles {
    fn new(cos: FlexTensor, sin: FlexTensor) -> Self {
        assert_eq!(dims(&cos), dims(&sin), "the shapes of cosines and sines");
        Self { cos: dense(cos), sin: dense(sin) }
    }

    /// Rotates by the angles times `direction`, which is 1 or -1. `x` is overwritten unless it has another owner.
    fn rotate(&self, mut x: FlexTensor, direction: f32) -> FlexTensor {
        let (tokens, pairs) = (dims(&self.cos)[0], width(&self.cos));
        let (shape, (cos, sin)) = (dims(&x), (values(&self.cos), values(&self.sin)));
        let width = shape[2];
        let fits = shape[1] == tokens && width.is_multiple_of(2 * pairs);
        assert!(fits, "angles of {tokens} tokens and {pairs} pairs for {} tokens of width {width}", shape[1]);
        let tokens_of_x = x.storage_mut::<f32>().par_chunks_mut(width).with_min_len(TOKENS);
        tokens_of_x.enumerate().for_each(|(i, heads)| {
            let angles = i % tokens * pairs..(i % tokens + 1) * pairs;
            rotate_heads(heads, &cos[angles.clone()], &sin[angles], direction);
        });
        x
    }
}

/// Rotates all heads of one token.
#[multiversion(targets = "simd")]
fn rotate_heads(heads: &mut [f32], cos: &[f32], sin: &[f32], direction: f32) {
    for head in heads.chunks_exact_mut(2 * cos.len()) {
        let (first, second) = head.split_at_mut(cos.len());
        for (((a, b), &cos), &sin) in first.iter_mut().zip(second).zip(cos).zip(sin) {
            let sin = sin * direction;
            (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
        }
    }
}

#[cfg(test)]
mod tests {
    use bonus_llama::Rope;
    use burn::tensor::Device;
    use ch03_attention::bonus::heads::{merge_heads, split_heads};

    use super::*;
    use crate::testing::assert_same;

    #[test]
    fn values_and_gradients_are_those_of_the_lesson() {
        for (batch, tokens, heads, pairs) in [(1, 1, 1, 1), (2, 7, 3, 2), (1, 40, 9, 33)] {
            let width = heads * 2 * pairs;
            let x = |t: &[Tensor<1>]| t[0].clone().reshape([batch, tokens, width]);
            // Not from position 0 on, where nothing turns.
            let rotation = |x: &Tensor<3>| Rope::new(2 * pairs, 10_000.0, None).rotation(5..5 + tokens, &x.device());
            let fast = |x: Tensor<3>| {
                let rotation = rotation(&x);
                rotate(x, rotation.cos, rotation.sin)
            };
            let lesson = |x: Tensor<3>| merge_heads(rotation(&x).apply(split_heads(x, heads)));
            assert_same(&[batch * tokens * width], |t| fast(x(t)), |t| lesson(x(t)));
        }
    }

    /// The number of the specification: a head of 8 at position 3 with base 10,000.
    #[test]
    fn a_head_by_hand() {
        let device = Device::flex();
        let angles = Tensor::<2>::from_floats([[3.0, 0.3, 0.03, 0.003]], &device);
        let x = Tensor::<3>::from_floats([[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]]], &device);
        let found: Vec<f32> = rotate(x, angles.clone().cos(), angles.sin()).into_data().try_into_vec_as().unwrap();
        let expected = [-1.695_593, 0.137_552, 2.788_682, 3.975_982, -4.808_842, 6.323_059, 7.086_837, 8.011_964];
        assert!(found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-5), "{found:?}");
    }

    #[test]
    #[should_panic(expected = "angles of 2 tokens and 2 pairs for 3 tokens of width 4")]
    fn other_positions_are_refused() {
        let device = Device::flex();
        let [cos, sin] = [0, 1].map(|_| Tensor::ones([2, 2], &device));
        rotate(Tensor::ones([1, 3, 4], &device), cos, sin);
    }
}
