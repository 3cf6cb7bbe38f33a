//! Vectors as the products with a part of a matrix read them.

use std::ops::Range;

use super::Matrix;
use super::integers::VectorBlock;
use super::matrix::Values;

/// Numbers of some vectors, for the rows of a matrix that they are multiplied with. Other matrices in the same precision can
/// be multiplied with them too.
#[derive(Debug)]
pub struct Input<'a> {
    /// How many vectors there are.
    pub n: usize,
    /// The rows.
    pub rows: Range<usize>,
    vectors: &'a [f32],
    /// What lies between the beginnings of two vectors.
    stride: usize,
    /// The same numbers in 8 bits, for weights in 8 and 4 bits: the blocks of one vector after those of another.
    rounded: Vec<VectorBlock>,
}

impl<'a> Input<'a> {
    /// The numbers of `n` vectors. `vectors` begins with those for the rows, and those of the next vector follow after `stride`
    /// numbers.
    pub fn new(matrix: &Matrix, n: usize, vectors: &'a [f32], stride: usize, rows: Range<usize>) -> Self {
        let mut input = Self { n, rows, vectors, stride, rounded: Vec::new() };
        if matches!(matrix.values, Values::Int8(_) | Values::Int4(_)) {
            let blocks = |index| VectorBlock::blocks(input.vector(index), input.rows.start);
            input.rounded = (0..n).flat_map(blocks).collect();
        }
        input
    }

    /// The numbers of a vector.
    pub fn vector(&self, index: usize) -> &[f32] {
        &self.vectors[index * self.stride..][..self.rows.len()]
    }

    /// The blocks of a vector in 8 bits.
    pub fn blocks(&self, index: usize) -> &[VectorBlock] {
        let per_vector = self.rounded.len() / self.n;
        &self.rounded[index * per_vector..][..per_vector]
    }
}
