//! An embedding layer is a linear layer for one-hot vectors.
//!
//! A one-hot vector times a matrix picks one row of the matrix: all other rows are multiplied by zero. An embedding
//! layer takes the row without the multiplications.

use burn::module::Param;
use burn::nn::{Embedding, Linear};
use burn::tensor::{Int, Tensor};

/// One row for each id, with a 1 in the column of the id and 0 elsewhere.
///
/// # Shapes
/// - `ids`: `[tokens]`, each below `num_classes`;
/// - result: `[tokens, num_classes]`.
pub fn one_hot(ids: Tensor<1, Int>, num_classes: usize) -> Tensor<2> {
    let classes = Tensor::<1, Int>::arange(0..num_classes as i64, &ids.device());
    let ids = ids.unsqueeze_dim::<2>(1); // [tokens, 1]
    ids.equal(classes.unsqueeze()).float() // [tokens, num_classes]
}

/// The linear layer without bias that gives for one-hot vectors what `embedding` gives for ids.
///
/// PyTorch's linear layer keeps the transpose of the table; burn keeps `[d_in, d_out]`, which is the table as it is.
pub fn as_linear(embedding: &Embedding) -> Linear {
    Linear { weight: Param::from_tensor(embedding.weight.val()), bias: None }
}
