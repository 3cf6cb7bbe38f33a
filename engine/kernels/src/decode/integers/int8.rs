//! Weights in 8 bits: an integer from -127 to 127, times a scale for each column.

use multiversion::multiversion;

use super::kernel::{Block, Kernel};
use super::pack::{Columns, filled, panels};
use super::vectors::{ROUND, VectorBlock};
use super::{BLOCK, GROUP, GROUPS};
use crate::decode::compressed::PANEL;

/// [`BLOCK`] rows of a panel.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Int8Block {
    /// `[groups, columns, rows of a group]`.
    pub values: [[[i8; GROUP]; PANEL]; GROUPS],
}

const ZEROS: Int8Block = Int8Block { values: [[[0; GROUP]; PANEL]; GROUPS] };

/// A matrix in 8 bits.
#[derive(Debug)]
pub struct Int8Matrix {
    /// `[panels, blocks of rows]`, padded with zeros.
    pub blocks: Vec<Int8Block>,
    /// `[panels, columns]`: the largest magnitude in a column divided by 127.
    pub scales: Vec<[f32; PANEL]>,
}

impl Int8Matrix {
    /// Rounds the values of a matrix of `[rows, cols]`.
    pub fn new([rows, cols]: [usize; 2], source: &dyn Columns) -> Self {
        let (blocks, scales) = panels(cols, rows.div_ceil(BLOCK), ZEROS, |columns, memory, out| {
            pack(filled(source, columns, rows, memory), rows, out)
        });
        Self { blocks, scales }
    }

    /// Size in memory, in bytes.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.blocks) + size_of_val(&*self.scales)
    }
}

impl Block for Int8Block {
    #[inline(always)]
    unsafe fn add<K: Kernel, const T: usize>(&self, x: [&VectorBlock; T], sums: &mut [K::Sums; T]) {
        // SAFETY: the caller's promise.
        unsafe { K::add_int8(self, x, sums) }
    }

    #[inline(always)]
    unsafe fn add_pair<K: Kernel, const T: usize>(
        blocks: [&Self; 2],
        x: [&VectorBlock; T],
        sums: &mut [[K::Sums; T]; 2],
    ) {
        // SAFETY: the caller's promise.
        unsafe { K::add_int8_pair(blocks, x, sums) }
    }

    #[inline(always)]
    fn value(&self, row: usize, column: usize) -> f32 {
        f32::from(self.values[row / GROUP][column][row % GROUP])
    }
}

/// Rounds the columns of a panel, `[columns, rows]`, and returns their scales.
#[multiversion(targets = "simd")]
fn pack(columns: &[f32], rows: usize, out: &mut [Int8Block]) -> [f32; PANEL] {
    let mut scales = [0.0; PANEL];
    for (index, (column, scale)) in columns.chunks_exact(rows).zip(&mut scales).enumerate() {
        let largest = largest(column);
        *scale = largest / 127.0;
        // A column of zeros has the scale 0.
        let factor = if largest > 0.0 { 127.0 / largest } else { 0.0 };
        for (column, block) in column.chunks(BLOCK).zip(&mut *out) {
            let mut rounded = [0; BLOCK];
            for (rounded, value) in rounded.iter_mut().zip(column) {
                *rounded = (value * factor + ROUND).to_bits() as i8;
            }
            for (group, rounded) in block.values.iter_mut().zip(rounded.as_chunks::<GROUP>().0) {
                group[index] = *rounded;
            }
        }
    }
    scales
}

#[inline(always)]
fn largest(column: &[f32]) -> f32 {
    let (blocks, rest) = column.as_chunks::<BLOCK>();
    let mut largest = [0.0f32; BLOCK];
    for block in blocks {
        largest.iter_mut().zip(block).for_each(|(largest, value)| *largest = largest.max(value.abs()));
    }
    largest.iter().chain(rest).fold(0.0, |largest, value| largest.max(value.abs()))
}
