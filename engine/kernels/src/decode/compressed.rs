//! Weights in 16 bits (bfloat16).
//!
//! They are copies of the model's weights, so their layout can follow the order in which they are read: panels of [`PANEL`]
//! columns, one panel after the other, each of them row-major. A thread that computes some columns reads one contiguous
//! piece of memory, which the processor can prefetch. In a row-major matrix it would jump from row to row every few hundred
//! bytes.

use std::ops::Range;

use multiversion::multiversion;

use super::integers::{Columns, filled, panels};

/// Columns of a panel. The last panel of a matrix is padded with zeros.
pub const PANEL: usize = 32;

/// Two bfloat16 numbers that take part in one step of a scalar product.
pub type Pair = [u16; 2];

/// A number in bfloat16, rounded to nearest, ties to even. NaN stays NaN.
#[inline(always)]
pub fn round(value: f32) -> u16 {
    let bits = if value.is_nan() { f32::NAN.to_bits() } else { value.to_bits() };
    (bits.wrapping_add(0x7FFF + (bits >> 16 & 1)) >> 16) as u16
}

/// A bfloat16 number in 32 bits.
#[inline(always)]
pub fn to_f32(bf16: u16) -> f32 {
    f32::from_bits(u32::from(bf16) << 16)
}

/// A matrix in bfloat16.
#[derive(Debug)]
pub struct Bf16Matrix {
    /// `[panels, rows, PANEL]`.
    pub values: Vec<[u16; PANEL]>,
}

impl Bf16Matrix {
    /// Rounds the values of a matrix of `[rows, cols]`.
    pub fn new([rows, cols]: [usize; 2], source: &dyn Columns) -> Self {
        let (values, _) = panels(cols, rows, [0; PANEL], |columns, memory, out| {
            pack(filled(source, columns, rows, memory), rows, out);
        });
        Self { values }
    }

    /// The values of some columns in 32 bits, `[rows, columns]`. The range begins with the first column of a panel.
    pub fn expand(&self, rows: usize, columns: Range<usize>, out: &mut [f32]) {
        expand(&self.values[columns.start / PANEL * rows..], columns.len(), out);
    }

    /// The rows of a panel in pairs: `[rows / 2 rounded up, PANEL]`. An odd number of rows is padded with a row of zeros.
    pub fn pairs(&self, panel: usize, rows: usize, out: &mut [[Pair; PANEL]]) {
        pairs(&self.values[panel * rows..][..rows], out);
    }
}

/// Rounds the columns of a panel, `[columns, rows]`.
#[multiversion(targets = "simd")]
fn pack(columns: &[f32], rows: usize, out: &mut [[u16; PANEL]]) {
    for (index, column) in columns.chunks_exact(rows).enumerate() {
        out.iter_mut().zip(column).for_each(|(out, value)| out[index] = round(*value));
    }
}

#[multiversion(targets = "simd")]
fn expand(panels: &[[u16; PANEL]], width: usize, out: &mut [f32]) {
    let rows = out.len() / width;
    for (row, out) in out.chunks_exact_mut(width).enumerate() {
        for (panel, out) in out.chunks_mut(PANEL).enumerate() {
            out.iter_mut().zip(&panels[panel * rows + row]).for_each(|(out, value)| *out = to_f32(*value));
        }
    }
}

#[multiversion(targets = "simd")]
fn pairs(rows: &[[u16; PANEL]], out: &mut [[Pair; PANEL]]) {
    let (both, last) = rows.as_chunks::<2>();
    for ([row, next], out) in both.iter().zip(&mut *out) {
        for ((low, high), out) in row.iter().zip(next).zip(out) {
            *out = [*low, *high];
        }
    }
    for (row, out) in last.iter().zip(&mut out[both.len()..]) {
        for (low, out) in row.iter().zip(out) {
            *out = [*low, 0];
        }
    }
}
