//! Printing of matrices.

use burn::tensor::TensorData;

/// Prints a matrix with its name, row by row, with as many decimals as said.
pub fn print_rows(name: &str, matrix: TensorData, decimals: usize) {
    let cols = matrix.shape()[matrix.rank() - 1];
    let cells: Vec<String> = matrix.iter::<f64>().map(|x| format!("{x:.decimals$}")).collect();
    let width = cells.iter().map(String::len).max().unwrap_or(0);
    println!("{name}:");
    for row in cells.chunks(cols) {
        let row: Vec<String> = row.iter().map(|cell| format!("{cell:>width$}")).collect();
        println!("  [{}]", row.join(", "));
    }
}
