//! A linear layer whose weight has a row for each output, `y = x Wᵀ`: a table of embeddings that is the output layer, too.
//!
//! ```text
//! dx = dy W        dW = dyᵀ x
//! ```

use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::checkpoint::strategy::CheckpointStrategy;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_flex::FlexTensor;

use crate::autodiff::{incoming, inputs, register};
use crate::linear::{kept, with_width};
use crate::product::{MatrixView, product};
use crate::tensor::{dense, dims, from_vec, values, width};

/// `x Wᵀ`. The table is not copied.
///
/// # Shapes
/// - `x`: `[..., d_in]`; `table`: `[d_out, d_in]`;
/// - result: `[..., d_out]`.
///
/// # Panics
/// If the shapes do not fit, or the tensors are not 32-bit numbers on the CPU (see [`fits`](crate::fits)).
pub fn linear_transposed<const D: usize>(x: Tensor<D>, table: Tensor<2>) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::linear_by_rows(x.into_dispatch(), table.into_dispatch()))
}

/// The operation for burn's dispatch.
#[backend_extension(Flex, Autodiff)]
trait LinearTransposedOps: Backend {
    fn linear_by_rows(x: FloatTensor<Self>, table: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl LinearTransposedOps for Flex {
    fn linear_by_rows(x: FlexTensor, table: FlexTensor) -> FlexTensor {
        forward(&dense(x), &dense(table))
    }
}

impl<C: CheckpointStrategy> LinearTransposedOps for Autodiff<Flex, C> {
    fn linear_by_rows(x: FloatTensor<Self>, table: FloatTensor<Self>) -> FloatTensor<Self> {
        let is_trained = table.is_tracked();
        let ((x, x_node), (table, table_node)) = (x.into_parts(), table.into_parts());
        let (x, table) = (dense(x), dense(table));
        let y = forward(&x, &table);
        match TransposedGradient.prepare::<C>([x_node, table_node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((is_trained.then_some(x), table), y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }
}

/// The backward pass; it needs `W`, and `x` if the table is trained.
#[derive(Debug)]
struct TransposedGradient;

impl Backward<Flex, 2> for TransposedGradient {
    type State = (Option<FlexTensor>, FlexTensor);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let dy = incoming(gradients, &ops);
        let [x_node, table_node] = inputs(&ops);
        let (x, table) = ops.state;
        let [d_out, d_in] = [dims(&table)[0], dims(&table)[1]];
        let shape = with_width(&dy, d_in);
        let dy = MatrixView::new(values(&dy), values(&dy).len() / d_out, d_out);
        register(gradients, x_node, || {
            let dx = product(dy, MatrixView::new(values(&table), d_out, d_in));
            from_vec(dx, &shape)
        });
        register(gradients, table_node, || {
            let x = MatrixView::new(kept(&x), kept(&x).len() / d_in, d_in);
            from_vec(product(dy.transposed(), x), &[d_out, d_in])
        });
    }
}

fn forward(x: &FlexTensor, table: &FlexTensor) -> FlexTensor {
    let (d_out, d_in) = (dims(table)[0], dims(table)[1]);
    assert_eq!(width(x), d_in, "a linear layer for vectors of width {d_in}");
    let shape = with_width(x, d_out);
    let x = MatrixView::new(values(x), values(x).len() / d_in, d_in);
    from_vec(product(x, MatrixView::new(values(table), d_out, d_in).transposed()), &shape)
}

#[cfg(test)]
mod tests {
    use shared::linear::product as lesson;

    use super::*;
    use crate::testing::assert_same;

    #[test]
    fn a_table_as_the_output_layer() {
        for (batch, tokens, d_in, d_out) in [(1, 1, 3, 5), (2, 7, 33, 17), (1, 40, 64, 1024)] {
            let sizes = [batch * tokens * d_in, d_in * d_out];
            let x = |t: &[Tensor<1>]| t[0].clone().reshape([batch, tokens, d_in]);
            let table = |t: &[Tensor<1>]| t[1].clone().reshape([d_out, d_in]);
            assert_same(&sizes, |t| linear_transposed(x(t), table(t)), |t| lesson(x(t), table(t).transpose(), None));
        }
    }

    #[test]
    #[should_panic(expected = "vectors of width 3")]
    fn another_width_is_refused() {
        let device = burn::tensor::Device::flex();
        linear_transposed(Tensor::<2>::ones([2, 4], &device), Tensor::ones([5, 3], &device));
    }
}
