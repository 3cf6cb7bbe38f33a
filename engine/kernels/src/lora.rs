//! A linear layer with a LoRA layer, `y = x W + b + s (x A) B`.
//!
//! ```text
//! t  = x A                      dt = s dy Bᵀ
//! dA = xᵀ dt                    dB = s tᵀ dy
//! dx = dy Wᵀ + dt Aᵀ            dW = xᵀ dy, db = sum of the rows of dy, if they are trained at all
//! ```
//!
//! The thin products are added to the results of the thick ones in place; as operations of their own, each would read and
//! write the whole result several times.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::checkpoint::strategy::CheckpointStrategy;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_flex::FlexTensor;

use crate::autodiff::{incoming, inputs, register};
use crate::linear::{forward as forward_linear, gradient_of_input, gradient_of_weight, sum_of_rows};
use crate::product::{MatrixView, add_product, product};
use crate::tensor::{dense, dims, from_vec, values, width};

/// `x W + b + scale (x A) B`.
///
/// # Shapes
/// - `x`: `[..., d_in]`; `weight`: `[d_in, d_out]`; `bias`: `[d_out]`;
/// - `a`: `[d_in, rank]`; `b`: `[rank, d_out]`;
/// - result: `[..., d_out]`.
///
/// # Panics
/// If the shapes do not fit, or the tensors are not 32-bit numbers on the CPU (see [`fits`](crate::fits)).
pub fn linear_with_lora<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    [a, b]: [Tensor<2>; 2],
    scale: f64,
) -> Tensor<D> {
    let [weight, a, b] = [weight, a, b].map(Tensor::into_dispatch);
    let (x, scale) = (x.into_dispatch(), scale as f32);
    Tensor::from_dispatch(match bias {
        Some(bias) => Dispatch::lora_with_bias(x, weight, a, b, bias.into_dispatch(), scale),
        None => Dispatch::lora_without_bias(x, weight, a, b, scale),
    })
}

/// The operations for burn's dispatch: two, because the macro does not find tensors inside an `Option`.
#[backend_extension(Flex, Autodiff)]
trait LoraOps: Backend {
    fn lora_without_bias(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        scale: f32,
    ) -> FloatTensor<Self>;
    fn lora_with_bias(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        scale: f32,
    ) -> FloatTensor<Self>;
}

impl LoraOps for Flex {
    fn lora_without_bias(x: FlexTensor, weight: FlexTensor, a: FlexTensor, b: FlexTensor, scale: f32) -> FlexTensor {
        forward(&Inputs::new([x, weight, a, b], scale), None).0
    }

    fn lora_with_bias(
        x: FlexTensor,
        weight: FlexTensor,
        a: FlexTensor,
        b: FlexTensor,
        bias: FlexTensor,
        scale: f32,
    ) -> FlexTensor {
        forward(&Inputs::new([x, weight, a, b], scale), Some(&dense(bias))).0
    }
}

impl<C: CheckpointStrategy> LoraOps for Autodiff<Flex, C> {
    fn lora_without_bias(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        scale: f32,
    ) -> FloatTensor<Self> {
        let ((x, x_node), (weight, weight_node)) = (x.into_parts(), weight.into_parts());
        let ((a, a_node), (b, b_node)) = (a.into_parts(), b.into_parts());
        let inputs = Inputs::new([x, weight, a, b], scale);
        let (y, thin) = forward(&inputs, None);
        match LoraGradient.prepare::<C>([x_node, weight_node, a_node, b_node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((inputs, thin), y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }

    fn lora_with_bias(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        scale: f32,
    ) -> FloatTensor<Self> {
        let ((x, x_node), (weight, weight_node)) = (x.into_parts(), weight.into_parts());
        let ((a, a_node), (b, b_node)) = (a.into_parts(), b.into_parts());
        let (bias, bias_node) = bias.into_parts();
        let inputs = Inputs::new([x, weight, a, b], scale);
        let (y, thin) = forward(&inputs, Some(&dense(bias)));
        let nodes = [x_node, weight_node, a_node, b_node, bias_node];
        match LoraGradient.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((inputs, thin), y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }
}

/// All inputs but the bias.
#[derive(Clone, Debug)]
struct Inputs {
    x: FlexTensor,
    weight: FlexTensor,
    a: FlexTensor,
    b: FlexTensor,
    scale: f32,
}

impl Inputs {
    fn new(tensors: [FlexTensor; 4], scale: f32) -> Self {
        let [x, weight, a, b] = tensors.map(dense);
        let rank = width(&a);
        assert_eq!(dims(&a), [dims(&weight)[0], rank], "the shape of A");
        assert_eq!(dims(&b), [rank, width(&weight)], "the shape of B");
        Self { x, weight, a, b, scale }
    }

    fn x(&self) -> MatrixView<'_> {
        rows(values(&self.x), width(&self.x))
    }

    fn a(&self) -> MatrixView<'_> {
        rows(values(&self.a), width(&self.a))
    }

    fn b(&self) -> MatrixView<'_> {
        rows(values(&self.b), width(&self.b))
    }
}

fn rows(matrix: &[f32], width: usize) -> MatrixView<'_> {
    MatrixView::new(matrix, matrix.len() / width, width)
}

/// The result, and `x A`.
fn forward(inputs: &Inputs, bias: Option<&FlexTensor>) -> (FlexTensor, Vec<f32>) {
    let mut y = forward_linear(&inputs.x, &inputs.weight, bias);
    let thin = product(inputs.x(), inputs.a());
    add_product(y.storage_mut(), rows(&thin, width(&inputs.a)), inputs.b(), inputs.scale);
    (y, thin)
}

/// The backward pass; it needs all inputs, and `x A`.
#[derive(Debug)]
struct LoraGradient;

impl<const N: usize> Backward<Flex, N> for LoraGradient {
    type State = (Inputs, Vec<f32>);

    fn backward(self, ops: Ops<Self::State, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let dy = incoming(gradients, &ops);
        let nodes = inputs(&ops);
        let (inputs, thin) = ops.state;
        let (d_out, rank) = (width(&inputs.weight), width(&inputs.a));
        let scaled = |mut product: Vec<f32>| {
            product.iter_mut().for_each(|x| *x *= inputs.scale);
            product
        };
        let dy_rows = rows(values(&dy), d_out);
        let dthin = scaled(product(dy_rows, inputs.b().transposed())); // [rows, rank]
        let dthin = rows(&dthin, rank);
        for (i, node) in nodes.into_iter().enumerate() {
            register(gradients, node, || match i {
                0 => {
                    let mut dx = gradient_of_input(values(&dy), values(&inputs.weight), d_out);
                    add_product(&mut dx, dthin, inputs.a().transposed(), 1.0);
                    from_vec(dx, &dims(&inputs.x))
                }
                1 => from_vec(gradient_of_weight(values(&inputs.x), values(&dy), d_out), &dims(&inputs.weight)),
                2 => from_vec(product(inputs.x().transposed(), dthin), &dims(&inputs.a)),
                3 => from_vec(scaled(product(rows(&thin, rank).transposed(), dy_rows)), &dims(&inputs.b)),
                _ => from_vec(sum_of_rows(values(&dy), d_out), &[d_out]),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use shared::linear::product as lesson;

    use super::*;
    use crate::testing::assert_same;

    #[test]
    fn values_and_gradients_are_those_of_a_weight_that_contains_the_layer() {
        for (batch, tokens, d_in, d_out, rank) in [(1, 1, 3, 5, 1), (2, 7, 33, 17, 4), (1, 70, 64, 300, 16)] {
            let sizes = [batch * tokens * d_in, d_in * d_out, d_in * rank, rank * d_out, d_out];
            let x = |t: &[Tensor<1>]| t[0].clone().reshape([batch, tokens, d_in]);
            let weight = |t: &[Tensor<1>]| t[1].clone().reshape([d_in, d_out]);
            let ab = |t: &[Tensor<1>]| [t[2].clone().reshape([d_in, rank]), t[3].clone().reshape([rank, d_out])];
            let whole = |t: &[Tensor<1>]| {
                let [a, b] = ab(t);
                weight(t) + a.matmul(b) * 0.7
            };
            let bias = |t: &[Tensor<1>]| Some(t[4].clone());
            assert_same(
                &sizes,
                |t| linear_with_lora(x(t), weight(t), bias(t), ab(t), 0.7),
                |t| lesson(x(t), whole(t), bias(t)),
            );
            assert_same(
                &sizes[..4],
                |t| linear_with_lora(x(t), weight(t), None, ab(t), 0.7),
                |t| lesson(x(t), whole(t), None),
            );
        }
    }

    #[test]
    #[should_panic(expected = "the shape of B")]
    fn another_rank_is_refused() {
        let ones = |shape: [usize; 2]| Tensor::<2>::ones(shape, &Device::flex());
        linear_with_lora(ones([2, 3]), ones([3, 4]), None, [ones([3, 2]), ones([1, 4])], 1.0);
    }
}
