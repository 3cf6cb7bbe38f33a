//! A weight matrix in one of three precisions.

use std::borrow::Cow;

use burn::tensor::{DType, Tensor};
use burn_flex::{Flex, FlexTensor};

use super::bf16_product;
use super::compressed::{Bf16Matrix, Compressed, Int8Matrix};
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
        let values = match precision {
            Precision::F32 => return self,
            Precision::Bf16 => Values::Bf16(Bf16Matrix::new(&self.values(), self.cols)),
            Precision::Int8 => Values::Int8(Int8Matrix::new(&self.values(), self.cols)),
        };
        Self { values, ..self }
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
            Values::Int8(matrix) => size_of_val(&*matrix.values) + size_of_val(&*matrix.scales),
        }
    }

    /// All values in 32 bits, `[rows, cols]`.
    pub fn values(&self) -> Cow<'_, [f32]> {
        match &self.values {
            Values::F32(tensor) => {
                let start = tensor.layout().start_offset();
                Cow::Borrowed(&tensor.storage::<f32>()[start..][..self.rows * self.cols])
            }
            Values::Bf16(matrix) => Cow::Owned(matrix.expand_all(self.rows, self.cols)),
            Values::Int8(matrix) => Cow::Owned(matrix.expand_all(self.rows, self.cols)),
        }
    }

    /// One row in 32 bits, `[cols]`.
    pub fn row(&self, row: usize) -> Cow<'_, [f32]> {
        let mut values = vec![0.0; self.cols];
        if let Values::F32(tensor) = &self.values {
            let start = tensor.layout().start_offset() + row * self.cols;
            return Cow::Borrowed(&tensor.storage::<f32>()[start..][..self.cols]);
        }
        self.add_product(&[1.0], row..row + 1, 0..self.cols, &mut values);
        Cow::Owned(values)
    }

    /// `x W` for many vectors. With weights in 16 or 8 bits, the vectors are rounded to bfloat16.
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
            Values::Int8(matrix) => bf16_product::product(x, matrix, rows, cols),
        }
    }
}

#[cfg(test)]
mod tests;
