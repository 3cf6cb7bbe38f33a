//! A table that serves as output layer in 32 bits: products with its rows.

use std::array;
use std::ops::Range;

use multiversion::multiversion;

use super::Matrix;
use crate::math::{sum, sum_pairs};

/// Rows that are read together.
const STREAMS: usize = 4;

/// Numbers of a row that are multiplied at once.
const LANES: usize = 64;

impl Matrix {
    /// Adds the products of each vector and each of some rows to rows of `y`: `y[j] += sum over i of W[rows[j], i] x[i]`. It is fast
    /// in 32 bits.
    ///
    /// # Shapes
    /// - `x`: `[n, cols]`; `y`: `[n, rows]`.
    ///
    /// # Panics
    /// If the shapes do not fit, or there are not as many rows.
    pub fn add_row_products(&self, x: &[f32], rows: Range<usize>, y: &mut [f32]) {
        assert_eq!(x.len() * rows.len(), self.cols * y.len(), "vectors that fit the part of the matrix");
        if !rows.is_empty() {
            add_row_products(&self.values()[rows.start * self.cols..rows.end * self.cols], x, y, rows.len());
        }
    }
}

/// [`STREAMS`] rows that lie far apart are read together, so that memory is read in as many long streams. They stay in the cache
/// until they were multiplied with every vector.
#[multiversion(targets = "simd")]
fn add_row_products(rows: &[f32], x: &[f32], y: &mut [f32], n: usize) {
    let width = rows.len() / n;
    let row = |i: usize| &rows[i * width..][..width];
    let per_stream = n / STREAMS;
    for index in 0..per_stream {
        let rows = array::from_fn(|i| row(i * per_stream + index));
        for (x, y) in x.chunks_exact(width).zip(y.chunks_exact_mut(n)) {
            let products = row_products(rows, x);
            products.into_iter().enumerate().for_each(|(i, product)| y[i * per_stream + index] += product);
        }
    }
    for i in STREAMS * per_stream..n {
        for (x, y) in x.chunks_exact(width).zip(y.chunks_exact_mut(n)) {
            y[i] += sum_pairs(row(i), x, |w, x| w * x);
        }
    }
}

/// The scalar product of `x` and each row.
#[inline(always)]
fn row_products(rows: [&[f32]; STREAMS], x: &[f32]) -> [f32; STREAMS] {
    let (blocks, rest) = x.as_chunks::<LANES>();
    let row_blocks = rows.map(|row| &row.as_chunks::<LANES>().0[..blocks.len()]);
    let mut sums = [[0.0; LANES]; STREAMS];
    for (i, block) in blocks.iter().enumerate() {
        for (sums, row) in sums.iter_mut().zip(row_blocks) {
            for ((sum, x), w) in sums.iter_mut().zip(block).zip(&row[i]) {
                *sum += x * w;
            }
        }
    }
    let last = rows.map(|row| sum_pairs(&row[blocks.len() * LANES..], rest, |w, x| w * x));
    array::from_fn(|i| sum(&sums[i], |sum| sum) + last[i])
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor, TensorData};

    use super::*;
    use crate::testing::numbers;

    fn matrix(values: Vec<f32>, rows: usize, cols: usize) -> Matrix {
        Matrix::shared(Tensor::from_data(TensorData::new(values, [rows, cols]), &Device::flex())).unwrap()
    }

    #[test]
    fn products_with_some_rows() {
        for (rows, cols, n) in [(1, 1, 1), (9, 7, 2), (100, 32, 1), (37, 50, 3)] {
            let table = numbers(rows * cols, 2);
            let x = numbers(n * cols, 3);
            let part = rows / 3..rows;
            let mut found = vec![1.0; n * part.len()];
            matrix(table.clone(), rows, cols).add_row_products(&x, part.clone(), &mut found);
            for (x, found) in x.chunks(cols).zip(found.chunks(part.len())) {
                for (row, found) in part.clone().zip(found) {
                    let products =
                        table[row * cols..][..cols].iter().zip(x).map(|(w, x)| f64::from(*w) * f64::from(*x));
                    let expected = 1.0 + products.sum::<f64>();
                    assert!((f64::from(*found) - expected).abs() < 1e-5, "{found} instead of {expected}");
                }
            }
        }
    }
}
