//! Weights of 16 and of 8 bits.
//!
//! They are copies anyway, so they are laid out for the way they are read: in panels of [`PANEL`] columns, one panel after
//! the other, each row after row. A thread that owns some columns reads one long piece of memory, which the processor
//! fetches ahead, where in a row-major matrix it would jump from row to row every few hundred bytes.

use rayon::prelude::*;

/// Columns of a panel. The last panel of a matrix is filled up with zeros.
pub const PANEL: usize = 32;

/// `[panels, rows, PANEL]`, each number made by `convert` from the number and its column.
fn panels<T: Copy + Default + Send>(values: &[f32], cols: usize, convert: impl Fn(f32, usize) -> T + Sync) -> Vec<T> {
    let rows = values.len() / cols;
    let mut out = vec![T::default(); cols.div_ceil(PANEL) * rows * PANEL];
    out.par_chunks_mut(rows * PANEL).enumerate().for_each(|(panel, out)| {
        let first = panel * PANEL;
        let width = PANEL.min(cols - first);
        for (row, out) in values.chunks_exact(cols).zip(out.chunks_exact_mut(PANEL)) {
            for (i, (out, value)) in out.iter_mut().zip(&row[first..first + width]).enumerate() {
                *out = convert(*value, first + i);
            }
        }
    });
    out
}

/// The way back: `[rows, cols]`. `convert` gets a row of a panel, its first column, and the place for the result.
fn rows<T: Sync>(panels: &[T], rows: usize, cols: usize, convert: impl Fn(&[T], usize, &mut [f32]) + Sync) -> Vec<f32> {
    let mut out = vec![0.0; rows * cols];
    out.par_chunks_mut(cols).enumerate().for_each(|(row, out)| {
        for (panel, out) in out.chunks_mut(PANEL).enumerate() {
            convert(&panels[(panel * rows + row) * PANEL..][..out.len()], panel * PANEL, out);
        }
    });
    out
}

/// Numbers whose lower half is left away (bfloat16).
#[derive(Debug)]
pub struct Halves {
    /// The upper halves, `[panels, rows, PANEL]`.
    pub values: Vec<u16>,
}

impl Halves {
    /// Rounds to the nearest, and to the even one of two. The matrix is `cols` wide.
    pub fn new(values: &[f32], cols: usize) -> Self {
        let half = |value: f32, _| {
            let bits = value.to_bits();
            (bits.wrapping_add(0x7FFF + (bits >> 16 & 1)) >> 16) as u16
        };
        Self { values: panels(values, cols, half) }
    }

    /// One value as it was, but for the rounding.
    #[inline(always)]
    pub fn value(half: u16) -> f32 {
        f32::from_bits(u32::from(half) << 16)
    }

    /// All of them, `[rows, cols]`.
    pub fn expand(&self, n_rows: usize, cols: usize) -> Vec<f32> {
        rows(&self.values, n_rows, cols, |halves, _, out| {
            out.iter_mut().zip(halves).for_each(|(out, half)| *out = Self::value(*half));
        })
    }
}

/// Whole numbers from -127 to 127, which are to be multiplied with the factor of their column.
#[derive(Debug)]
pub struct Bytes {
    /// `[panels, rows, PANEL]`.
    pub values: Vec<i8>,
    /// `[cols]`: the largest value of the column over 127.
    pub scales: Vec<f32>,
}

impl Bytes {
    /// Rounds the values of a matrix that is `cols` wide.
    pub fn new(values: &[f32], cols: usize) -> Self {
        let mut largest = vec![0.0f32; cols];
        for row in values.chunks_exact(cols) {
            largest.iter_mut().zip(row).for_each(|(largest, value)| *largest = largest.max(value.abs()));
        }
        let scales: Vec<f32> = largest.iter().map(|largest| largest / 127.0).collect();
        // A column of zeros has the factor 0.
        let factors: Vec<f32> = scales.iter().map(|&scale| if scale > 0.0 { 1.0 / scale } else { 0.0 }).collect();
        let byte = |value: f32, col: usize| (value * factors[col]).round_ties_even() as i8;
        Self { values: panels(values, cols, byte), scales }
    }

    /// All values as they were, but for the rounding, `[rows, cols]`.
    pub fn expand(&self, n_rows: usize, cols: usize) -> Vec<f32> {
        rows(&self.values, n_rows, cols, |bytes, first, out| {
            let scaled = bytes.iter().zip(&self.scales[first..]);
            out.iter_mut().zip(scaled).for_each(|(out, (byte, scale))| *out = f32::from(*byte) * scale);
        })
    }
}
