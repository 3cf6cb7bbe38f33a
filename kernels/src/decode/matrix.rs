//! A vector times a matrix.

use std::borrow::Cow;
use std::ops::Range;

use burn::tensor::{DType, Tensor};
use burn_flex::{Flex, FlexTensor};
use pulp::Arch;

use super::compressed::{Bytes, Halves};

/// How the weights are kept. Fewer bits are read faster, and say less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits: the model's own weights.
    #[default]
    F32,
    /// 16 bits: the upper half of each number, which keeps its size and about 2.4 decimal digits.
    Bf16,
    /// 8 bits: a whole number from -127 to 127, times a factor that each column has.
    Int8,
}

/// A matrix, row after row.
#[derive(Debug)]
pub struct Matrix {
    rows: usize,
    cols: usize,
    values: Values,
}

#[derive(Debug)]
enum Values {
    /// Shared with the tensor that the matrix was made of.
    Full(FlexTensor),
    Halves(Halves),
    Bytes(Bytes),
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
        (values.dtype() == DType::F32).then_some(Self { rows, cols, values: Values::Full(values) })
    }

    /// The matrix in another precision: a copy, unless it is 32 bits.
    pub fn in_precision(self, precision: Precision) -> Self {
        let values = match precision {
            Precision::F32 => return self,
            Precision::Bf16 => Values::Halves(Halves::new(&self.values())),
            Precision::Int8 => Values::Bytes(Bytes::new(&self.values(), self.cols)),
        };
        Self { values, ..self }
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
        match &self.values {
            Values::Full(_) => self.rows * self.cols * size_of::<f32>(),
            Values::Halves(halves) => size_of_val(&*halves.values),
            Values::Bytes(bytes) => size_of_val(&*bytes.values) + size_of_val(&*bytes.scales),
        }
    }

    /// All values in 32 bits, `[rows, cols]`.
    pub fn values(&self) -> Cow<'_, [f32]> {
        match &self.values {
            Values::Full(tensor) => {
                let start = tensor.layout().start_offset();
                Cow::Borrowed(&tensor.storage::<f32>()[start..][..self.rows * self.cols])
            }
            Values::Halves(halves) => Cow::Owned(halves.expand()),
            Values::Bytes(bytes) => Cow::Owned(bytes.expand()),
        }
    }

    /// One row in 32 bits.
    pub fn row(&self, row: usize) -> Cow<'_, [f32]> {
        let mut values = vec![0.0; self.cols];
        if let Values::Full(tensor) = &self.values {
            let start = tensor.layout().start_offset() + row * self.cols;
            return Cow::Borrowed(&tensor.storage::<f32>()[start..][..self.cols]);
        }
        self.add_product(&[1.0], row..row + 1, 0..self.cols, &mut values);
        Cow::Owned(values)
    }

    /// Adds the product of `x` and a part of the matrix to `y`: `y[j] += sum over i of x[i] W[rows[i], cols[j]]`.
    ///
    /// # Panics
    /// If `x` is not as long as `rows`, `y` not as long as `cols`, or the part not inside of the matrix.
    pub fn add_product(&self, x: &[f32], rows: Range<usize>, cols: Range<usize>, y: &mut [f32]) {
        assert_eq!((x.len(), y.len()), (rows.len(), cols.len()), "vectors that fit the part of the matrix");
        let part = Part { first_row: rows.start, first_col: cols.start, width: self.cols };
        let arch = Arch::new();
        match &self.values {
            Values::Full(tensor) => {
                let values = &tensor.storage::<f32>()[tensor.layout().start_offset()..];
                arch.dispatch(|| part.add_product(values, |w| w, x, y));
            }
            Values::Halves(halves) => arch.dispatch(|| part.add_product(&halves.values, Halves::value, x, y)),
            Values::Bytes(bytes) => arch.dispatch(|| {
                let mut sums = [0.0; COLUMNS];
                for (block, y) in y.chunks_mut(COLUMNS).enumerate() {
                    let first_col = cols.start + block * COLUMNS;
                    let sums = &mut sums[..y.len()];
                    sums.fill(0.0);
                    Part { first_col, ..part }.add_product(&bytes.values, f32::from, x, sums);
                    let scales = &bytes.scales[first_col..][..y.len()];
                    y.iter_mut().zip(sums).zip(scales).for_each(|((y, sum), scale)| *y += *sum * scale);
                }
            }),
        }
    }
}

/// Where a part of a matrix lies.
#[derive(Clone, Copy)]
struct Part {
    first_row: usize,
    first_col: usize,
    width: usize,
}

impl Part {
    /// `y += x W` for the part of `W` whose values, row after row, `number` turns into numbers.
    #[inline(always)]
    fn add_product<T: Copy>(self, values: &[T], number: impl Fn(T) -> f32 + Copy, x: &[f32], y: &mut [f32]) {
        for (block, y) in y.chunks_mut(COLUMNS).enumerate() {
            let (first, len) = (self.first_col + block * COLUMNS, y.len());
            let row = |i: usize| &values[(self.first_row + i) * self.width + first..][..len];
            let (groups, rest) = x.as_chunks::<ROWS>();
            for (group, factors) in groups.iter().enumerate() {
                add_rows(factors, std::array::from_fn(|i| row(group * ROWS + i)), number, y);
            }
            for (i, factor) in rest.iter().enumerate() {
                let row = row(groups.len() * ROWS + i);
                y.iter_mut().zip(row).for_each(|(y, w)| *y += factor * number(*w));
            }
        }
    }
}

/// `y += sum of factor * row`.
#[inline(always)]
fn add_rows<T: Copy>(factors: &[f32; ROWS], rows: [&[T]; ROWS], number: impl Fn(T) -> f32, y: &mut [f32]) {
    let [a, b, c, d, e, f, g, h] = rows.map(|row| &row[..y.len()]);
    let [fa, fb, fc, fd, fe, ff, fg, fh] = *factors;
    for j in 0..y.len() {
        let left = (fa * number(a[j]) + fb * number(b[j])) + (fc * number(c[j]) + fd * number(d[j]));
        let right = (fe * number(e[j]) + ff * number(f[j])) + (fg * number(g[j]) + fh * number(h[j]));
        y[j] += left + right;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, TensorData};

    fn value(i: usize) -> f32 {
        ((i * 7919) % 251) as f32 / 125.0 - 1.0
    }

    fn matrix(rows: usize, cols: usize) -> Matrix {
        let data: Vec<f32> = (0..rows * cols).map(value).collect();
        Matrix::shared(Tensor::from_data(TensorData::new(data, [rows, cols]), &Device::flex())).unwrap()
    }

    #[test]
    fn every_part_of_odd_matrices_in_every_precision() {
        for (rows, cols) in [(1, 1), (3, 5), (8, 16), (37, 50), (20, 4100)] {
            for precision in [Precision::F32, Precision::Bf16, Precision::Int8] {
                let matrix = matrix(rows, cols).in_precision(precision);
                let data = matrix.values();
                for (r, c) in [(0..rows, 0..cols), (rows / 3..rows, cols / 2..cols), (0..rows / 2, 0..cols / 3)] {
                    let x: Vec<f32> = r.clone().map(|i| value(i + 11)).collect();
                    let mut y: Vec<f32> = c.clone().map(value).collect();
                    matrix.add_product(&x, r.clone(), c.clone(), &mut y);
                    for (j, found) in c.clone().zip(y) {
                        let product = r.clone().zip(&x).map(|(i, x)| f64::from(*x) * f64::from(data[i * cols + j]));
                        let expected = f64::from(value(j)) + product.sum::<f64>();
                        let error = (f64::from(found) - expected).abs();
                        assert!(error < 1e-4, "{rows} x {cols}, {precision:?}: {found}, {expected}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_fewer_bits_lose() {
        let (rows, cols) = (40, 33);
        for (precision, bytes, loss) in [
            (Precision::F32, 4 * rows * cols, 0.0),
            (Precision::Bf16, 2 * rows * cols, 0.002),
            (Precision::Int8, rows * cols + 4 * cols, 0.004),
        ] {
            let matrix = matrix(rows, cols).in_precision(precision);
            assert_eq!(matrix.bytes(), bytes);
            for (i, found) in matrix.values().iter().enumerate() {
                assert!((found - value(i)).abs() <= loss, "{precision:?}: {found} instead of {}", value(i));
            }
            assert_eq!(*matrix.row(7), matrix.values()[7 * cols..8 * cols]);
        }
    }

    #[test]
    fn a_matrix_shares_the_values_of_its_tensor() {
        let tensor = Tensor::<2>::zeros([3, 4], &Device::flex());
        let matrix = Matrix::shared(tensor.clone()).unwrap();
        let other = Matrix::shared(tensor).unwrap();
        assert!(std::ptr::eq(&*matrix.values(), &*other.values()));
    }
}
