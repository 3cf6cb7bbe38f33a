//! Weights in 4 bits: an integer from 0 to 15 times a scale plus a minimum, both of them for [`BLOCK`] rows of a column.
//!
//! The two are 16-bit floats, so a weight takes 5 bits. A block of a GGUF file in Q4_1 or Q4_0 comes back as it was: its
//! numbers lie on such a grid, and [`pack`] finds it; blocks that are known are copied.

use multiversion::multiversion;

use super::half;
use super::kernel::{Block, Kernel};
use super::pack::{Columns, filled, panels};
use super::vectors::{ROUND, VectorBlock};
use super::{BLOCK, GROUP, GROUPS};
use crate::decode::blocks::Blocks;
use crate::decode::compressed::PANEL;

/// The largest integer.
const LARGEST: f32 = 15.0;

/// [`BLOCK`] rows of a panel.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Int4Block {
    /// For each column, in 16 bits.
    pub scales: [u16; PANEL],
    /// For each column, in 16 bits.
    pub minima: [u16; PANEL],
    /// `[pairs of groups, columns, rows of a group]`: in the lower half of a byte a number of the first group, in the upper
    /// half one of the second.
    pub values: [[[u8; GROUP]; PANEL]; GROUPS / 2],
}

const ZEROS: Int4Block =
    Int4Block { scales: [0; PANEL], minima: [0; PANEL], values: [[[0; GROUP]; PANEL]; GROUPS / 2] };

/// A matrix in 4 bits.
#[derive(Debug)]
pub struct Int4Matrix {
    /// `[panels, blocks of rows]`, padded with zeros.
    pub blocks: Vec<Int4Block>,
}

impl Int4Matrix {
    /// Rounds the values of a matrix of `[rows, cols]`.
    pub fn new([rows, cols]: [usize; 2], source: &dyn Columns) -> Self {
        let (blocks, _) = panels(cols, rows.div_ceil(BLOCK), ZEROS, |columns, memory, out| {
            for (index, column) in columns.enumerate() {
                let copy = |blocks: Blocks| blocks.in_four_bits(|row, grid, both| out[row].copy(index, grid, both));
                if !source.blocks(column).is_some_and(copy) {
                    pack(filled(source, column..column + 1, rows, memory), index, out);
                }
            }
        });
        Self { blocks }
    }

    /// Size in memory, in bytes.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.blocks)
    }
}

impl Int4Block {
    /// Sets a column to a block of a GGUF file, in whose bytes the first 16 numbers are the lower halves.
    #[inline(always)]
    fn copy(&mut self, column: usize, [scale, minimum]: [u16; 2], both: &[u8; BLOCK / 2]) {
        const LOW: u32 = 0x0F0F_0F0F;
        (self.scales[column], self.minima[column]) = (scale, minimum);
        let [a, b, c, d] = std::array::from_fn(|i| u32::from_ne_bytes(std::array::from_fn(|j| both[4 * i + j])));
        let pairs =
            [a & LOW | (b & LOW) << 4, c & LOW | (d & LOW) << 4, a >> 4 & LOW | b & !LOW, c >> 4 & LOW | d & !LOW];
        self.values.iter_mut().zip(pairs).for_each(|(values, pair)| values[column] = pair.to_ne_bytes());
    }
}

impl Block for Int4Block {
    #[inline(always)]
    unsafe fn add<K: Kernel, const T: usize>(&self, x: [&VectorBlock; T], sums: &mut [K::Sums; T]) {
        // SAFETY: the caller's promise.
        unsafe { K::add_int4(self, x, sums) }
    }

    #[inline(always)]
    unsafe fn add_pair<K: Kernel, const T: usize>(
        blocks: [&Self; 2],
        x: [&VectorBlock; T],
        sums: &mut [[K::Sums; T]; 2],
    ) {
        // SAFETY: the caller's promise.
        unsafe { K::add_int4_pair(blocks, x, sums) }
    }

    #[inline(always)]
    fn value(&self, row: usize, column: usize) -> f32 {
        let both = self.values[row / GROUP / 2][column][row % GROUP];
        let value = if row / GROUP % 2 == 1 { both >> 4 } else { both & 15 };
        f32::from(value) * half::to_f32(self.scales[column]) + half::to_f32(self.minima[column])
    }
}

/// Rounds a column of a panel.
#[multiversion(targets = "simd")]
fn pack(column: &[f32], index: usize, out: &mut [Int4Block]) {
    for (values, block) in column.chunks(BLOCK).zip(out) {
        // What fills the last block is a value of the column, so that it does not widen the grid.
        let mut padded = [values[0]; BLOCK];
        padded[..values.len()].copy_from_slice(values);
        let Grid { scale, minimum, integers } = best_grid(&padded);
        (block.scales[index], block.minima[index]) = (scale, minimum);
        let (pairs, _) = integers.as_chunks::<{ 2 * GROUP }>();
        for (place, pair) in block.values.iter_mut().zip(pairs) {
            place[index] = std::array::from_fn(|row| pair[row] | pair[GROUP + row] << 4);
        }
    }
}

/// A grid of 16 numbers and the integers of some values on it.
#[derive(Clone, Copy)]
struct Grid {
    scale: u16,
    minimum: u16,
    integers: [u8; BLOCK],
}

/// From the smallest value to the largest; or, where that is closer to the values, eight steps of the largest magnitude in its
/// direction and seven in the other, as in Q4_0.
#[inline(always)]
fn best_grid(values: &[f32; BLOCK]) -> Grid {
    let smallest = values.iter().copied().fold(f32::INFINITY, f32::min);
    let largest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let (grid, error) = on_grid(values, (largest - smallest) / LARGEST, smallest);
    if error == 0.0 {
        return grid;
    }
    let extreme = if largest > -smallest { largest } else { smallest };
    let (other, other_error) = on_grid(values, extreme / -8.0, extreme);
    if other_error < error { other } else { grid }
}

/// The values on a grid that begins at `minimum`, and the sum of squared differences.
#[inline(always)]
fn on_grid(values: &[f32; BLOCK], scale: f32, minimum: f32) -> (Grid, f32) {
    let (scale_bits, minimum_bits) = (half::round(scale), half::round(minimum));
    let (scale, minimum) = (half::to_f32(scale_bits), half::to_f32(minimum_bits));
    let factor = if scale == 0.0 { 0.0 } else { 1.0 / scale };
    let (mut integers, mut errors) = ([0; BLOCK], [0.0; BLOCK]);
    for ((integer, error), value) in integers.iter_mut().zip(&mut errors).zip(values) {
        let shifted = ((value - minimum) * factor).clamp(0.0, LARGEST) + ROUND;
        *integer = shifted.to_bits() as u8;
        let difference = (shifted - ROUND) * scale + minimum - value;
        *error = difference * difference;
    }
    (Grid { scale: scale_bits, minimum: minimum_bits, integers }, errors.iter().sum())
}
