//! A vector times a matrix.

use std::ops::Range;

use burn::tensor::Tensor;
use burn_flex::{Flex, FlexTensor};
use pulp::Arch;

/// A matrix, row after row, which shares its values with the tensor that it was made of.
#[derive(Debug)]
pub struct Matrix {
    rows: usize,
    cols: usize,
    values: FlexTensor,
}

/// Columns that are computed together: their sums stay in the first-level cache.
const COLUMNS: usize = 2048;

/// Rows that are read together. Each is a stream of its own for the processor to read ahead.
const ROWS: usize = 8;

impl Matrix {
    /// The matrix of a tensor on the CPU, `[rows, cols]` in 32 bits; `None` for a tensor elsewhere. Nothing is copied
    /// unless the tensor is a transposed or otherwise rearranged view.
    pub fn shared(tensor: Tensor<2>) -> Option<Self> {
        let [rows, cols] = tensor.dims();
        let values = tensor.try_into_primitive::<Flex>().ok()?.to_contiguous();
        let fits = values.dtype() == burn::tensor::DType::F32;
        fits.then_some(Self { rows, cols, values })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Size in memory.
    pub fn bytes(&self) -> usize {
        self.rows * self.cols * size_of::<f32>()
    }

    /// All values, `[rows, cols]`.
    pub fn values(&self) -> &[f32] {
        let start = self.values.layout().start_offset();
        &self.values.storage::<f32>()[start..][..self.rows * self.cols]
    }

    /// One row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values()[row * self.cols..][..self.cols]
    }

    /// Adds the product of `x` and a part of the matrix to `y`: `y[j] += sum over i of x[i] W[rows[i], cols[j]]`.
    ///
    /// # Panics
    /// If `x` is not as long as `rows`, `y` not as long as `cols`, or the part not inside of the matrix.
    pub fn add_product(&self, x: &[f32], rows: Range<usize>, cols: Range<usize>, y: &mut [f32]) {
        assert_eq!((x.len(), y.len()), (rows.len(), cols.len()), "vectors that fit the part of the matrix");
        let (values, width) = (self.values(), self.cols);
        Arch::new().dispatch(|| {
            for (block, y) in y.chunks_mut(COLUMNS).enumerate() {
                let (first, len) = (cols.start + block * COLUMNS, y.len());
                let row = |i: usize| &values[(rows.start + i) * width + first..][..len];
                let (groups, rest) = x.as_chunks::<ROWS>();
                for (group, factors) in groups.iter().enumerate() {
                    add_rows(factors, std::array::from_fn(|i| row(group * ROWS + i)), y);
                }
                for (i, factor) in rest.iter().enumerate() {
                    let row = row(groups.len() * ROWS + i);
                    y.iter_mut().zip(row).for_each(|(y, w)| *y += factor * w);
                }
            }
        });
    }
}

/// `y += sum of factor * row`.
#[inline(always)]
fn add_rows(factors: &[f32; ROWS], rows: [&[f32]; ROWS], y: &mut [f32]) {
    let [a, b, c, d, e, f, g, h] = rows.map(|row| &row[..y.len()]);
    let [fa, fb, fc, fd, fe, ff, fg, fh] = *factors;
    for j in 0..y.len() {
        let left = (fa * a[j] + fb * b[j]) + (fc * c[j] + fd * d[j]);
        let right = (fe * e[j] + ff * f[j]) + (fg * g[j] + fh * h[j]);
        y[j] += left + right;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, TensorData};

    #[test]
    fn every_part_of_odd_matrices() {
        let value = |i: usize| ((i * 7919) % 251) as f32 / 125.0 - 1.0;
        for (rows, cols) in [(1, 1), (3, 5), (8, 16), (37, 50), (20, 4100)] {
            let data: Vec<f32> = (0..rows * cols).map(value).collect();
            let tensor = Tensor::<2>::from_data(TensorData::new(data.clone(), [rows, cols]), &Device::flex());
            let matrix = Matrix::shared(tensor).unwrap();
            for (r, c) in [(0..rows, 0..cols), (rows / 3..rows, cols / 2..cols), (0..rows / 2, 0..cols / 3)] {
                let x: Vec<f32> = r.clone().map(|i| value(i + 11)).collect();
                let mut y: Vec<f32> = c.clone().map(value).collect();
                matrix.add_product(&x, r.clone(), c.clone(), &mut y);
                for (j, found) in c.clone().zip(y) {
                    let product = r.clone().zip(&x).map(|(i, x)| f64::from(*x) * f64::from(data[i * cols + j]));
                    let expected = f64::from(value(j)) + product.sum::<f64>();
                    assert!((f64::from(found) - expected).abs() < 1e-4, "{rows} x {cols}: {found}, {expected}");
                }
            }
        }
    }

    #[test]
    fn a_matrix_shares_the_values_of_its_tensor() {
        let tensor = Tensor::<2>::zeros([3, 4], &Device::flex());
        let matrix = Matrix::shared(tensor.clone()).unwrap();
        let other = Matrix::shared(tensor).unwrap();
        assert!(std::ptr::eq(matrix.values(), other.values()));
    }
}
