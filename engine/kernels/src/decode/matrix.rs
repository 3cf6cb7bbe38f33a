//! A weight matrix in one of four precisions.

use std::borrow::Cow;

use burn::tensor::{DType, Tensor};
use burn_flex::{Flex, FlexTensor};
use rayon::prelude::*;

use super::bf16_product;
use super::compressed::{Bf16Matrix, PANEL, to_f32};
use super::integers::{BLOCK, Block, Columns, InstructionSet, Int4Matrix, Int8Matrix, RowMajor, Rows};
use crate::product::{MatrixView, product};

/// How weights are stored. Fewer bits are read faster and are less precise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits: the model's own weights.
    #[default]
    F32,
    /// 16 bits, bfloat16: the range of 32-bit numbers, with about 2.4 decimal digits.
    Bf16,
    /// 8 bits: an integer from -127 to 127, times a scale for each column.
    Int8,
    /// 4 bits: an integer from 0 to 15, times a scale plus a minimum, both of 16 bits for 32 rows of a column.
    Int4,
}

impl Precision {
    /// The precision of the output layer of a model with such weights: 4 bits cost most there.
    pub fn of_head(self) -> Self {
        if self == Self::Int4 { Self::Int8 } else { self }
    }
}

/// A matrix: row-major in 32 bits, in panels otherwise (see `compressed`).
#[derive(Debug)]
pub struct Matrix {
    pub(super) rows: usize,
    pub(super) cols: usize,
    pub(super) values: Values,
}

/// The values of a [`Matrix`].
#[derive(Debug)]
pub(super) enum Values {
    /// Shared with the tensor that the matrix was created from.
    F32(FlexTensor),
    Bf16(Bf16Matrix),
    Int8(Int8Matrix),
    Int4(Int4Matrix),
}

impl Values {
    /// The values of a source; `None` in 32 bits.
    fn of(shape: [usize; 2], precision: Precision, source: &dyn Columns) -> Option<Self> {
        match precision {
            Precision::F32 => None,
            Precision::Bf16 => Some(Self::Bf16(Bf16Matrix::new(shape, source))),
            Precision::Int8 => Some(Self::Int8(Int8Matrix::new(shape, source))),
            Precision::Int4 => Some(Self::Int4(Int4Matrix::new(shape, source))),
        }
    }
}

impl Matrix {
    /// The matrix of a tensor on the CPU, `[rows, cols]` in 32 bits; `None` for any other tensor. Nothing is copied unless the
    /// tensor is a view that is not contiguous.
    pub fn shared(tensor: Tensor<2>) -> Option<Self> {
        let [rows, cols] = tensor.dims();
        let values = tensor.try_into_primitive::<Flex>().ok()?.to_contiguous();
        (values.dtype() == DType::F32).then_some(Self { rows, cols, values: Values::F32(values) })
    }

    /// The matrix in another precision: a copy, unless it is 32 bits.
    pub fn in_precision(self, precision: Precision) -> Self {
        let shape = [self.rows, self.cols];
        let values = Values::of(shape, precision, &RowMajor { values: &self.values(), cols: self.cols });
        values.map_or(self, |values| Self { rows: shape[0], cols: shape[1], values })
    }

    /// The transpose in 16, 8 or 4 bits, in the layout for products. `None` for 32 bits, where [`Matrix::add_row_products`]
    /// needs no copy.
    pub fn transposed_in(&self, precision: Precision) -> Option<Self> {
        Self::from_columns([self.cols, self.rows], precision, &Rows { values: &self.values(), width: self.cols })
    }

    /// A matrix of `[rows, cols]` in 16, 8 or 4 bits whose values need not be in memory together. `None` for 32 bits.
    pub fn from_columns([rows, cols]: [usize; 2], precision: Precision, columns: &dyn Columns) -> Option<Self> {
        Some(Self { rows, cols, values: Values::of([rows, cols], precision, columns)? })
    }

    /// Whether the values are stored in 32 bits.
    pub fn is_full(&self) -> bool {
        matches!(self.values, Values::F32(_))
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Size in memory, in bytes.
    pub fn bytes(&self) -> usize {
        match &self.values {
            Values::F32(_) => self.rows * self.cols * size_of::<f32>(),
            Values::Bf16(matrix) => size_of_val(&*matrix.values),
            Values::Int8(matrix) => matrix.bytes(),
            Values::Int4(matrix) => matrix.bytes(),
        }
    }

    /// All values in 32 bits, `[rows, cols]`.
    pub fn values(&self) -> Cow<'_, [f32]> {
        if let Values::F32(tensor) = &self.values {
            let start = tensor.layout().start_offset();
            return Cow::Borrowed(&tensor.storage::<f32>()[start..][..self.rows * self.cols]);
        }
        let mut values = vec![0.0; self.rows * self.cols];
        values.par_chunks_exact_mut(self.cols).enumerate().for_each(|(row, values)| self.expand_row(row, values));
        Cow::Owned(values)
    }

    /// One row in 32 bits, `[cols]`.
    pub fn row(&self, row: usize) -> Cow<'_, [f32]> {
        if let Values::F32(tensor) = &self.values {
            let start = tensor.layout().start_offset() + row * self.cols;
            return Cow::Borrowed(&tensor.storage::<f32>()[start..][..self.cols]);
        }
        let mut values = vec![0.0; self.cols];
        self.expand_row(row, &mut values);
        Cow::Owned(values)
    }

    fn expand_row(&self, row: usize, out: &mut [f32]) {
        out.iter_mut().enumerate().for_each(|(column, out)| *out = self.value(row, column));
    }

    /// One column in 32 bits, `[rows]`.
    pub fn column(&self, column: usize, out: &mut [f32]) {
        out.iter_mut().enumerate().for_each(|(row, out)| *out = self.value(row, column));
    }

    #[inline(always)]
    fn value(&self, row: usize, col: usize) -> f32 {
        let (panel, column) = (col / PANEL, col % PANEL);
        let block = || panel * self.rows.div_ceil(BLOCK) + row / BLOCK;
        match &self.values {
            Values::F32(tensor) => tensor.storage::<f32>()[tensor.layout().start_offset() + row * self.cols + col],
            Values::Bf16(matrix) => to_f32(matrix.values[panel * self.rows + row][column]),
            Values::Int8(matrix) => matrix.blocks[block()].value(row % BLOCK, column) * matrix.scales[panel][column],
            Values::Int4(matrix) => matrix.blocks[block()].value(row % BLOCK, column),
        }
    }

    /// `x W` for many vectors, which are rounded to bfloat16 for weights in 16 bits, and to 8 bits for fewer.
    ///
    /// # Shapes
    /// - `x`: `[n, rows]`; result: `[n, cols]`.
    pub fn product(&self, x: &[f32]) -> Vec<f32> {
        let (rows, cols) = (self.rows, self.cols);
        match &self.values {
            Values::F32(_) => {
                let weight = self.values();
                product(MatrixView::new(x, x.len() / rows, rows), MatrixView::new(&weight, rows, cols))
            }
            Values::Bf16(matrix) => bf16_product::product(x, matrix, rows, cols),
            Values::Int8(matrix) => {
                let finish = |panel: usize, sums: &mut [f32; PANEL]| scale(sums, &matrix.scales[panel]);
                InstructionSet::best().product(x, &matrix.blocks, [rows, cols], finish)
            }
            Values::Int4(matrix) => InstructionSet::best().product(x, &matrix.blocks, [rows, cols], |_, _| ()),
        }
    }
}

/// Multiplies the numbers of a panel with the scales of its columns.
pub(super) fn scale(numbers: &mut [f32; PANEL], scales: &[f32; PANEL]) {
    numbers.iter_mut().zip(scales).for_each(|(number, scale)| *number *= scale);
}

#[cfg(test)]
mod tests;
