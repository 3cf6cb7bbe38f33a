//! Dropout: `y = x f`, and `y = shortcut + x f` in one pass, where the mask gives each factor `f`: 0 or 1 / (1 - rate).
//!
//! ```text
//! dx = dy f        dshortcut = dy
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

use crate::Mask;
use crate::autodiff::{incoming, inputs, register};
use crate::tensor::{dense, dims, values};

/// Numbers that a thread computes at a time.
const CHUNK: usize = 1 << 14;
/// Factors that are unpacked from the mask at once.
const BLOCK: usize = 1024;

/// Multiplies every element by its factor in the mask.
///
/// # Shapes
/// - `x`: any, with as many elements as the mask; the result has the same.
///
/// # Panics
/// If the mask is of another length, or `x` does not hold 32-bit numbers on the CPU.
pub fn dropout<const D: usize>(x: Tensor<D>, mask: Mask) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::drop_elements(x.into_dispatch(), mask))
}

/// Dropout, and then the addition of the shortcut.
///
/// # Shapes
/// - `x`, `shortcut`: any, with as many elements as the mask; the result has the same.
///
/// # Panics
/// If the shapes or the mask do not fit, or the tensors are not 32-bit numbers on the CPU.
pub fn dropout_add<const D: usize>(x: Tensor<D>, mask: Mask, shortcut: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::drop_and_add(x.into_dispatch(), shortcut.into_dispatch(), mask))
}

/// The operations for burn's dispatch.
#[backend_extension(Flex, Autodiff)]
trait DropoutOps: Backend {
    fn drop_elements(x: FloatTensor<Self>, mask: Mask) -> FloatTensor<Self>;
    fn drop_and_add(x: FloatTensor<Self>, shortcut: FloatTensor<Self>, mask: Mask) -> FloatTensor<Self>;
}

impl DropoutOps for Flex {
    fn drop_elements(x: FlexTensor, mask: Mask) -> FlexTensor {
        let mut x = dense(x);
        let x_values = x.storage_mut::<f32>();
        assert_eq!(x_values.len(), mask.len(), "elements of a tensor and its mask");
        x_values.par_chunks_mut(CHUNK).enumerate().for_each(|(i, x)| {
            let mut factors = [0.0; BLOCK];
            for (j, x) in x.chunks_mut(BLOCK).enumerate() {
                mask.factors(i * CHUNK + j * BLOCK, &mut factors[..x.len()]);
                multiply(x, &factors);
            }
        });
        x
    }

    fn drop_and_add(x: FlexTensor, shortcut: FlexTensor, mask: Mask) -> FlexTensor {
        let (mut x, shortcut) = (dense(x), dense(shortcut));
        assert_eq!(dims(&x), dims(&shortcut), "the shapes of a tensor and its shortcut");
        let x_values = x.storage_mut::<f32>();
        assert_eq!(x_values.len(), mask.len(), "elements of a tensor and its mask");
        x_values.par_chunks_mut(CHUNK).zip(values(&shortcut).par_chunks(CHUNK)).enumerate().for_each(
            |(i, (x, shortcut))| {
                let mut factors = [0.0; BLOCK];
                for (j, (x, shortcut)) in x.chunks_mut(BLOCK).zip(shortcut.chunks(BLOCK)).enumerate() {
                    mask.factors(i * CHUNK + j * BLOCK, &mut factors[..x.len()]);
                    multiply_and_add(x, &factors, shortcut);
                }
            },
        );
        x
    }
}

impl<C: CheckpointStrategy> DropoutOps for Autodiff<Flex, C> {
    fn drop_elements(x: FloatTensor<Self>, mask: Mask) -> FloatTensor<Self> {
        let (x, node) = x.into_parts();
        let y = Flex::drop_elements(x, mask.clone());
        match DropoutGradient.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(mask, y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }

    fn drop_and_add(x: FloatTensor<Self>, shortcut: FloatTensor<Self>, mask: Mask) -> FloatTensor<Self> {
        let ((x, x_node), (shortcut, shortcut_node)) = (x.into_parts(), shortcut.into_parts());
        let y = Flex::drop_and_add(x, shortcut, mask.clone());
        match DropoutGradient.prepare::<C>([x_node, shortcut_node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(mask, y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }
}

/// The backward pass; it needs the mask. The second input, if there is one, is the shortcut.
#[derive(Debug)]
struct DropoutGradient;

impl<const N: usize> Backward<Flex, N> for DropoutGradient {
    type State = Mask;

    fn backward(self, ops: Ops<Self::State, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let dy = incoming(gradients, &ops);
        let inputs = inputs(&ops);
        let mask = ops.state;
        for (i, input) in inputs.into_iter().enumerate() {
            let dy = dy.clone();
            register(gradients, input, || if i == 0 { Flex::drop_elements(dy, mask.clone()) } else { dy });
        }
    }
}

#[multiversion(targets = "simd")]
fn multiply(x: &mut [f32], factors: &[f32]) {
    for (x, factor) in x.iter_mut().zip(factors) {
        *x *= factor;
    }
}

#[multiversion(targets = "simd")]
fn multiply_and_add(x: &mut [f32], factors: &[f32], shortcut: &[f32]) {
    for ((x, factor), shortcut) in x.iter_mut().zip(factors).zip(shortcut) {
        *x = *x * factor + shortcut;
    }
}

#[cfg(test)]
mod tests {
    use shared::rng::TorchRng;
    use shared::{Dropout, Mode};

    use super::*;
    use crate::testing::assert_same;

    #[test]
    fn values_and_gradients_are_those_of_the_lesson_s_layer() {
        for [batch, tokens, width] in [[1, 1, 1], [2, 9, 7], [3, 70, 96]] {
            let (n, rate) = (batch * tokens * width, 0.3);
            let x = |t: &[Tensor<1>]| t[0].clone().reshape([batch, tokens, width]);
            let shortcut = |t: &[Tensor<1>]| t[1].clone().reshape([tokens, batch, width]).swap_dims(0, 1);
            let mask = || Mask::new(TorchRng::new(7).kept_bits(n, rate), n, rate);
            let lesson = |x: Tensor<3>| Dropout::new(rate).forward(x, &mut Mode::Train(&mut TorchRng::new(7)));
            assert_same(&[n], |t| dropout(x(t), mask()), |t| lesson(x(t)));
            assert_same(&[n, n], |t| dropout_add(x(t), mask(), shortcut(t)), |t| lesson(x(t)) + shortcut(t));
        }
    }
}
