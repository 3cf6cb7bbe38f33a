//! A vector times a matrix.

use std::array;
use std::borrow::Cow;
use std::ops::Range;

use burn::tensor::{DType, Tensor};
use burn_flex::{Flex, FlexTensor};
use multiversion::multiversion;

use super::compressed::{Bytes, Compressed, Halves, PANEL, to_f32};
use super::halves_product;
use crate::product::{self, product};

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

/// A matrix: row after row in 32 bits, else in panels, as `compressed` lays them out.
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

/// Columns that are computed together: their sums stay in the cache.
const COLUMNS: usize = 8192;

/// Rows that are read side by side, an even number.
const STREAMS: usize = 8;

/// Panels of compressed weights that are read side by side.
const PANELS: usize = 8;

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
            Precision::Bf16 => Values::Halves(Halves::new(&self.values(), self.cols)),
            Precision::Int8 => Values::Bytes(Bytes::new(&self.values(), self.cols)),
        };
        Self { values, ..self }
    }

    /// Whether the values are kept in 32 bits.
    pub fn is_full(&self) -> bool {
        matches!(self.values, Values::Full(_))
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
            Values::Halves(halves) => Cow::Owned(halves.expand_all(self.rows, self.cols)),
            Values::Bytes(bytes) => Cow::Owned(bytes.expand_all(self.rows, self.cols)),
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

    /// `x W` for many vectors. Beside weights of fewer than 32 bits, the vectors are rounded to 16.
    ///
    /// # Shapes
    /// - `x`: `[n, rows]`; result: `[n, cols]`.
    pub fn product(&self, x: &[f32]) -> Vec<f32> {
        let (rows, cols) = (self.rows, self.cols);
        match &self.values {
            Values::Full(_) => {
                let weight = self.values();
                product(product::Matrix::new(x, x.len() / rows, rows), product::Matrix::new(&weight, rows, cols))
            }
            Values::Halves(halves) => halves_product::product(x, halves, rows, cols),
            Values::Bytes(bytes) => halves_product::product(x, bytes, rows, cols),
        }
    }

    /// Adds the product of `x` and a part of the matrix to `y`: `y[j] += sum over i of x[i] W[rows[i], cols[j]]`.
    ///
    /// # Panics
    /// If `x` is not as long as `rows`, `y` not as long as `cols`, or the part not inside of the matrix.
    pub fn add_product(&self, x: &[f32], rows: Range<usize>, cols: Range<usize>, y: &mut [f32]) {
        assert_eq!((x.len(), y.len()), (rows.len(), cols.len()), "vectors that fit the part of the matrix");
        match &self.values {
            Values::Full(tensor) => {
                let values = &tensor.storage::<f32>()[tensor.layout().start_offset()..];
                for (block, y) in y.chunks_mut(COLUMNS).enumerate() {
                    let first_col = cols.start + block * COLUMNS;
                    add_full(Part { first_row: rows.start, first_col, width: self.cols }, values, x, y);
                }
            }
            Values::Halves(halves) => {
                self.in_panels(&halves.values, rows, cols, y, |panels, _| sum_halves(panels, x));
            }
            Values::Bytes(bytes) => self.in_panels(&bytes.values, rows, cols, y, |panels, first| {
                let mut sums = sum_bytes(panels, x);
                sums.iter_mut().zip(first).for_each(|(sums, first)| bytes.scale(first, sums));
                sums
            }),
        }
    }

    /// Adds to `y` what `sum` makes of the rows of every panel with columns of `cols`, and of the panels' first columns.
    /// [`PANELS`] of them are read side by side, each as one of as many long streams of memory.
    fn in_panels<T>(
        &self,
        values: &[T],
        rows: Range<usize>,
        cols: Range<usize>,
        y: &mut [f32],
        sum: impl Fn([&[T]; PANELS], [usize; PANELS]) -> [[f32; PANEL]; PANELS],
    ) {
        let panels = cols.start / PANEL..cols.end.div_ceil(PANEL);
        let stream = panels.len().div_ceil(PANELS);
        for place in 0..stream {
            let of_streams: [usize; PANELS] = array::from_fn(|i| panels.start + i * stream + place);
            // A stream that has no panel left reads the last one, for nothing.
            let read = of_streams.map(|panel| panel.min(panels.end - 1));
            let rows_of = |panel| &values[(panel * self.rows + rows.start) * PANEL..][..rows.len() * PANEL];
            let sums = sum(read.map(rows_of), read.map(|panel| panel * PANEL));
            for (panel, sums) in of_streams.into_iter().zip(sums).filter(|(panel, _)| panels.contains(panel)) {
                let (start, end) = ((panel * PANEL).max(cols.start), ((panel + 1) * PANEL).min(cols.end));
                let y = &mut y[start - cols.start..end - cols.start];
                y.iter_mut().zip(&sums[start - panel * PANEL..]).for_each(|(y, sum)| *y += sum);
            }
        }
    }
}

// One loop for each kind of weight, each compiled for several instruction sets: a generic function or a closure would be
// compiled for the oldest of them only.

/// `y += x W` for a part of `W` of at most [`COLUMNS`] columns. The rows are read in [`STREAMS`] pieces side by side: where
/// a part has whole rows, each piece is one long stream of memory, which the processor reads ahead.
#[multiversion(targets = "simd")]
fn add_full(part: Part, values: &[f32], x: &[f32], y: &mut [f32]) {
    let len = y.len();
    let row = |i: usize| &values[(part.first_row + i) * part.width + part.first_col..][..len];
    let stream = x.len() / STREAMS;
    for place in 0..stream {
        let rows: [&[f32]; STREAMS] = array::from_fn(|i| row(i * stream + place));
        let factors: [f32; STREAMS] = array::from_fn(|i| x[i * stream + place]);
        for j in 0..len {
            let mut sum = 0.0;
            for i in (0..STREAMS).step_by(2) {
                sum += factors[i] * rows[i][j] + factors[i + 1] * rows[i + 1][j];
            }
            y[j] += sum;
        }
    }
    for (i, factor) in x.iter().enumerate().skip(STREAMS * stream) {
        y.iter_mut().zip(row(i)).for_each(|(y, w)| *y += factor * w);
    }
}

#[multiversion(targets = "simd")]
fn sum_halves(panels: [&[u16]; PANELS], x: &[f32]) -> [[f32; PANEL]; PANELS] {
    panel_sums(panels, x, to_f32)
}

#[multiversion(targets = "simd")]
fn sum_bytes(panels: [&[i8]; PANELS], x: &[f32]) -> [[f32; PANEL]; PANELS] {
    panel_sums(panels, x, f32::from)
}

/// The products of `x` and the rows of some panels, each `[x.len(), PANEL]`.
#[inline(always)]
fn panel_sums<T: Copy>(panels: [&[T]; PANELS], x: &[f32], number: impl Fn(T) -> f32) -> [[f32; PANEL]; PANELS] {
    let panels = panels.map(|panel| &panel.as_chunks::<PANEL>().0[..x.len()]);
    let mut sums = [[0.0; PANEL]; PANELS];
    let (pairs, last) = x.as_chunks::<2>();
    for (row, [factor, next_factor]) in pairs.iter().enumerate() {
        for (sums, panel) in sums.iter_mut().zip(panels) {
            for (sum, (w, next_w)) in sums.iter_mut().zip(panel[2 * row].iter().zip(&panel[2 * row + 1])) {
                *sum += factor * number(*w) + next_factor * number(*next_w);
            }
        }
    }
    if let [factor] = last {
        for (sums, panel) in sums.iter_mut().zip(panels) {
            sums.iter_mut().zip(&panel[x.len() - 1]).for_each(|(sum, w)| *sum += factor * number(*w));
        }
    }
    sums
}

/// Where a part of a row-major matrix lies.
#[derive(Clone, Copy)]
struct Part {
    first_row: usize,
    first_col: usize,
    width: usize,
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
            (Precision::Bf16, 2 * rows * 2 * PANEL, 0.002),
            (Precision::Int8, rows * 2 * PANEL + 4 * cols, 0.004),
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
