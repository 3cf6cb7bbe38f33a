//! Tensors with four decimals, as the book prints them.

use burn::tensor::Tensor;

/// Prints `title`, then the tensor: one line per row, an empty line between matrices.
pub fn print<const D: usize>(title: &str, tensor: Tensor<D>) {
    let dims = tensor.dims();
    let (rows, cols) = if D == 1 { (1, dims[0]) } else { (dims[D - 2], dims[D - 1]) };
    println!("{title} {dims:?}");
    for (i, value) in tensor.into_data().iter::<f32>().enumerate() {
        print!("{value:9.4}");
        if (i + 1).is_multiple_of(cols) {
            println!();
        }
        if (i + 1).is_multiple_of(rows * cols) {
            println!();
        }
    }
}
