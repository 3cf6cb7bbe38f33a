//! Tensors in the layout of the book: four decimals, and dots in the middle of a long row.

use burn::tensor::Tensor;

/// Prints one line per row of the last dimension, and an empty line between matrices.
pub fn tensor<const D: usize>(x: Tensor<D>) {
    let dims = x.dims();
    let values: Vec<f32> = x.into_data().iter().collect();
    let rows_per_matrix = if D > 1 { dims[D - 2] } else { 1 };
    for (i, row) in values.chunks(dims[D - 1]).enumerate() {
        if i > 0 && i % rows_per_matrix == 0 {
            println!();
        }
        println!("  [{}]", line(row));
    }
}

fn line(row: &[f32]) -> String {
    let join = |part: &[f32]| part.iter().map(|x| format!("{x:7.4}")).collect::<Vec<_>>().join(", ");
    if row.len() > 10 { format!("{}, ..., {}", join(&row[..3]), join(&row[row.len() - 3..])) } else { join(row) }
}
