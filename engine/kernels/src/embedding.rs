//! An embedding: one row of a table for every id.
//!
//! ```text
//! y[i] = table[id[i]]        dtable[id] = sum of dy[i] over all i with that id
//! ```
//!
//! The gradient is as large as the whole table, 154 MB for GPT-2, although a step adds to only a few hundred rows. burn creates
//! it with zeros and copies it before it adds; here all threads write the zeros once, and the sums are added in place.

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{Int, Tensor};
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::checkpoint::strategy::CheckpointStrategy;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_flex::FlexTensor;
use rayon::iter::{ParallelIterator, repeat_n};

use crate::autodiff::{incoming, inputs, register};
use crate::tensor::{dense, dims, from_vec, integers, values, width};

/// The rows of `table` with the numbers `ids`.
///
/// # Shapes
/// - `table`: `[rows, width]`; `ids`: `[batch, tokens]`;
/// - result: `[batch, tokens, width]`.
///
/// # Panics
/// If an id is not the number of a row, or the table does not hold 32-bit numbers on the CPU (see [`fits`](crate::fits)).
pub fn embedding(table: Tensor<2>, ids: Tensor<2, Int>) -> Tensor<3> {
    Tensor::from_dispatch(Dispatch::rows_of_table(table.into_dispatch(), ids.into_dispatch()))
}

/// The operation for burn's dispatch.
#[backend_extension(Flex, Autodiff)]
trait EmbeddingOps: Backend {
    fn rows_of_table(table: FloatTensor<Self>, ids: IntTensor<Self>) -> FloatTensor<Self>;
}

impl EmbeddingOps for Flex {
    fn rows_of_table(table: FlexTensor, ids: FlexTensor) -> FlexTensor {
        let (shape, table) = ([dims(&ids), vec![width(&table)]].concat(), dense(table));
        from_vec(forward(values(&table), width(&table), &row_numbers(ids)), &shape)
    }
}

impl<C: CheckpointStrategy> EmbeddingOps for Autodiff<Flex, C> {
    fn rows_of_table(table: FloatTensor<Self>, ids: IntTensor<Self>) -> FloatTensor<Self> {
        let (table, node) = table.into_parts();
        let (table_dims, shape) = (dims(&table), [dims(&ids), vec![width(&table)]].concat());
        let ids = row_numbers(ids);
        let y = from_vec(forward(values(&dense(table)), table_dims[1], &ids), &shape);
        match EmbeddingGradient.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((ids, table_dims), y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }
}

/// The backward pass; it needs the ids and the shape of the table.
#[derive(Debug)]
struct EmbeddingGradient;

impl Backward<Flex, 1> for EmbeddingGradient {
    type State = (Vec<usize>, Vec<usize>);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let dy = incoming(gradients, &ops);
        let [input] = inputs(&ops);
        let (ids, table_dims) = ops.state;
        register(gradients, input, || from_vec(backward(values(&dy), &ids, &table_dims), &table_dims));
    }
}

fn row_numbers(ids: FlexTensor) -> Vec<usize> {
    let row = |id| usize::try_from(id).unwrap_or_else(|_| panic!("an id is not negative, but {id} is"));
    integers(ids).into_iter().map(row).collect()
}

fn forward(table: &[f32], width: usize, ids: &[usize]) -> Vec<f32> {
    let row = |&id: &usize| {
        let rows = table.len() / width;
        assert!(id < rows, "there is no row {id} in a table of {rows}");
        &table[id * width..][..width]
    };
    ids.iter().flat_map(row).copied().collect()
}

fn backward(dy: &[f32], ids: &[usize], table_dims: &[usize]) -> Vec<f32> {
    let width = table_dims[1];
    let mut gradient: Vec<f32> = repeat_n(0.0, table_dims[0] * width).collect();
    for (dy, id) in dy.chunks_exact(width).zip(ids) {
        gradient[id * width..][..width].iter_mut().zip(dy).for_each(|(sum, dy)| *sum += dy);
    }
    gradient
}

#[cfg(test)]
mod tests {
    use burn::module::{Param, ParamId};
    use burn::nn::Embedding;
    use burn::tensor::{Device, TensorData};

    use super::*;
    use crate::testing::assert_same;

    /// The layer that chapters 2 and 4 use.
    fn lesson(table: Tensor<2>, ids: Tensor<2, Int>) -> Tensor<3> {
        Embedding { weight: Param::initialized(ParamId::new(), table) }.forward(ids)
    }

    #[test]
    fn values_and_gradients_are_those_of_burn_s_layer_also_with_repeated_ids() {
        for (rows, width, batch, tokens) in [(1, 1, 1, 1), (7, 5, 2, 3), (3, 17, 4, 9)] {
            let ids: Vec<i64> = (0..batch * tokens).map(|i| (i * i + 3) as i64 % rows as i64).collect();
            let ids = |device: &Device| Tensor::from_data(TensorData::new(ids.clone(), [batch, tokens]), device);
            let table = |inputs: &[Tensor<1>]| inputs[0].clone().reshape([rows, width]);
            assert_same(
                &[rows * width],
                |inputs| embedding(table(inputs), ids(&inputs[0].device())),
                |inputs| lesson(table(inputs), ids(&inputs[0].device())),
            );
        }
    }

    #[test]
    #[should_panic(expected = "there is no row 3 in a table of 3")]
    fn an_id_beyond_the_table_is_refused() {
        let device = Device::flex();
        embedding(Tensor::zeros([3, 2], &device), Tensor::from_ints([[0, 3]], &device));
    }
}
