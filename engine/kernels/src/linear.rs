//! A linear layer, `y = x W + b`.
//!
//! ```text
//! dx = dy Wᵀ        dW = xᵀ dy        db = sum of the rows of dy
//! ```
//!
//! burn multiplies a batch text by text and computes a gradient of the whole weight for each text in the backward pass. Here
//! all rows of the batch go into one product, in both passes. What needs no gradient gets none: a frozen weight costs two
//! products instead of three, and its layer keeps no input.

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
use crate::math::LANES;
use crate::product::{MatrixView, product};
use crate::tensor::{dense, dims, from_vec, values, width};

/// `x W + b`.
///
/// # Shapes
/// - `x`: `[..., d_in]`; `weight`: `[d_in, d_out]`; `bias`: `[d_out]`;
/// - result: `[..., d_out]`.
///
/// # Panics
/// If the shapes do not fit, or the tensors are not 32-bit numbers on the CPU (see [`fits`](crate::fits)).
pub fn linear<const D: usize>(x: Tensor<D>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<D> {
    let (x, weight) = (x.into_dispatch(), weight.into_dispatch());
    Tensor::from_dispatch(match bias {
        Some(bias) => Dispatch::linear_with_bias(x, weight, bias.into_dispatch()),
        None => Dispatch::linear_without_bias(x, weight),
    })
}

/// The operations for burn's dispatch: two, because the macro does not find tensors inside an `Option`.
#[backend_extension(Flex, Autodiff)]
trait LinearOps: Backend {
    fn linear_without_bias(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self>;
    fn linear_with_bias(x: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl LinearOps for Flex {
    fn linear_without_bias(x: FlexTensor, weight: FlexTensor) -> FlexTensor {
        forward(&dense(x), &dense(weight), None)
    }

    fn linear_with_bias(x: FlexTensor, weight: FlexTensor, bias: FlexTensor) -> FlexTensor {
        forward(&dense(x), &dense(weight), Some(&dense(bias)))
    }
}

impl<C: CheckpointStrategy> LinearOps for Autodiff<Flex, C> {
    fn linear_without_bias(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self> {
        let is_trained = weight.is_tracked();
        let ((x, x_node), (weight, weight_node)) = (x.into_parts(), weight.into_parts());
        let (x, weight) = (dense(x), dense(weight));
        let y = forward(&x, &weight, None);
        match LinearGradient.prepare::<C>([x_node, weight_node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((is_trained.then_some(x), weight), y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }

    fn linear_with_bias(x: FloatTensor<Self>, weight: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        let is_trained = weight.is_tracked();
        let ((x, x_node), (weight, weight_node)) = (x.into_parts(), weight.into_parts());
        let (bias, bias_node) = bias.into_parts();
        let (x, weight) = (dense(x), dense(weight));
        let y = forward(&x, &weight, Some(&dense(bias)));
        match LinearGradient.prepare::<C>([x_node, weight_node, bias_node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((is_trained.then_some(x), weight), y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }
}

/// The backward pass; it needs `W`, and `x` if the weight is trained.
#[derive(Debug)]
struct LinearGradient;

impl<const N: usize> Backward<Flex, N> for LinearGradient {
    type State = (Option<FlexTensor>, FlexTensor);

    fn backward(self, ops: Ops<Self::State, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let dy = incoming(gradients, &ops);
        let inputs = inputs(&ops);
        let (x, weight) = ops.state;
        let d_out = width(&dy);
        for (i, input) in inputs.into_iter().enumerate() {
            register(gradients, input, || match i {
                0 => {
                    from_vec(gradient_of_input(values(&dy), values(&weight), d_out), &with_width(&dy, dims(&weight)[0]))
                }
                1 => from_vec(gradient_of_weight(kept(&x), values(&dy), d_out), &dims(&weight)),
                _ => from_vec(sum_of_rows(values(&dy), d_out), &[d_out]),
            });
        }
    }
}

/// The input that was kept for the gradient of a weight.
pub(crate) fn kept(x: &Option<FlexTensor>) -> &[f32] {
    values(x.as_ref().expect("the input of a trained weight was kept"))
}

pub(crate) fn forward(x: &FlexTensor, weight: &FlexTensor, bias: Option<&FlexTensor>) -> FlexTensor {
    let (d_in, d_out) = (dims(weight)[0], dims(weight)[1]);
    assert_eq!(width(x), d_in, "a linear layer for vectors of width {d_in}");
    let shape = with_width(x, d_out);
    let rows = values(x).len() / d_in;
    let mut y = product(MatrixView::new(values(x), rows, d_in), MatrixView::new(values(weight), d_in, d_out));
    if let Some(bias) = bias {
        let bias = values(bias);
        y.par_chunks_mut(16 * d_out).for_each(|rows| {
            for row in rows.chunks_exact_mut(d_out) {
                row.iter_mut().zip(bias).for_each(|(y, b)| *y += b);
            }
        });
    }
    from_vec(y, &shape)
}

/// The shape of a tensor, with another last dimension.
pub(crate) fn with_width(tensor: &FlexTensor, width: usize) -> Vec<usize> {
    let mut shape = dims(tensor);
    *shape.last_mut().expect("a tensor has at least one dimension") = width;
    shape
}

/// `dx = dy Wᵀ`, row-major.
pub(crate) fn gradient_of_input(dy: &[f32], weight: &[f32], d_out: usize) -> Vec<f32> {
    let (rows, d_in) = (dy.len() / d_out, weight.len() / d_out);
    product(MatrixView::new(dy, rows, d_out), MatrixView::new(weight, d_in, d_out).transposed())
}

/// `dW = xᵀ dy`, row-major.
pub(crate) fn gradient_of_weight(x: &[f32], dy: &[f32], d_out: usize) -> Vec<f32> {
    let rows = dy.len() / d_out;
    let d_in = x.len() / rows;
    product(MatrixView::new(x, rows, d_in).transposed(), MatrixView::new(dy, rows, d_out))
}

/// The sum of the rows of a matrix, added in their order. Each thread adds one strip of columns, as wide as possible: the
/// processor prefetches what lies side by side.
pub(crate) fn sum_of_rows(matrix: &[f32], width: usize) -> Vec<f32> {
    let strip = width.div_ceil(rayon::current_num_threads()).next_multiple_of(LANES).max(256);
    let mut sums = vec![0.0; width];
    sums.par_chunks_mut(strip).enumerate().for_each(|(i, sums)| {
        for row in matrix.chunks_exact(width) {
            add(sums, &row[i * strip..]);
        }
    });
    sums
}

#[multiversion(targets = "simd")]
fn add(sums: &mut [f32], row: &[f32]) {
    sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
}

#[cfg(test)]
mod tests {
    use burn::module::{Param, ParamId};
    use shared::Linear;

    use super::*;
    use crate::linear_transposed;
    use crate::testing::assert_same;

    /// The layer of the lessons.
    fn lesson<const D: usize>(x: Tensor<D>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<D> {
        let bias = bias.map(|bias| Param::initialized(ParamId::new(), bias));
        Linear::from_params(Param::initialized(ParamId::new(), weight), bias).forward(x)
    }

    #[test]
    fn values_and_gradients_are_those_of_the_lesson_s_layer() {
        for (batch, tokens, d_in, d_out) in [(1, 1, 3, 5), (2, 7, 33, 17), (1, 40, 64, 1024), (3, 1, 128, 96)] {
            let sizes = [batch * tokens * d_in, d_in * d_out, d_out];
            let x = |t: &[Tensor<1>]| t[0].clone().reshape([batch, tokens, d_in]);
            let w = |t: &[Tensor<1>]| t[1].clone().reshape([d_in, d_out]);
            let b = |t: &[Tensor<1>]| Some(t[2].clone());
            assert_same(&sizes, |t| linear(x(t), w(t), b(t)), |t| lesson(x(t), w(t), b(t)));
            assert_same(&sizes[..2], |t| linear(x(t), w(t), None), |t| lesson(x(t), w(t), None));
        }
    }

    /// Neither of the two is computed for the other.
    #[test]
    fn what_is_frozen_gets_no_gradient() {
        let device = burn::tensor::Device::flex().autodiff();
        let tensor = |trained: bool| Tensor::<2>::ones([3, 3], &device).set_require_grad(trained);
        let layers: [fn(Tensor<2>, Tensor<2>) -> Tensor<2>; 2] = [|x, w| linear(x, w, None), linear_transposed];
        for layer in layers {
            for trained in [[true, false], [false, true]] {
                let [x, weight] = trained.map(tensor);
                let gradients = layer(x.clone(), weight.clone()).sum().backward();
                assert_eq!([x, weight].map(|tensor| tensor.grad(&gradients).is_some()), trained);
            }
        }
    }

    #[test]
    fn views_that_are_not_contiguous() {
        let (tokens, d_in, d_out) = (6, 9, 4);
        let x = |t: &[Tensor<1>]| t[0].clone().reshape([d_in, tokens]).swap_dims(0, 1);
        let w =
            |t: &[Tensor<1>]| t[1].clone().reshape([d_out + 2, d_in]).slice([1..d_out + 1, 0..d_in]).swap_dims(0, 1);
        let sizes = [tokens * d_in, (d_out + 2) * d_in];
        assert_same(&sizes, |t| linear(x(t), w(t), None), |t| lesson(x(t), w(t), None));
    }

    #[test]
    #[should_panic(expected = "vectors of width 3")]
    fn another_width_is_refused() {
        let device = burn::tensor::Device::flex();
        linear(Tensor::<2>::ones([2, 4], &device), Tensor::ones([3, 2], &device), None);
    }
}
