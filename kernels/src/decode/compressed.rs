//! Weights of 16 and of 8 bits.
//!
//! They are copies anyway, so they are laid out for the way they are read: in panels of [`PANEL`] columns, one panel after
//! the other, each row after row. A thread that owns some columns reads one long piece of memory, which the processor
//! fetches ahead, where in a row-major matrix it would jump from row to row every few hundred bytes.

use std::ops::Range;

use multiversion::multiversion;
use rayon::prelude::*;

/// Columns of a panel. The last panel of a matrix is filled up with zeros.
pub const PANEL: usize = 32;

/// Two 16-bit numbers (bfloat16) that are multiplied and added up together.
pub type Pair = [u16; 2];

/// A matrix in panels, for products with many vectors.
pub trait Compressed: Sync {
    /// The values of some columns, but for the rounding as they were: `[rows, columns]`. The first is the first of a panel.
    fn expand(&self, rows: usize, columns: Range<usize>, out: &mut [f32]);

    /// All of them: `[rows, cols]`.
    fn expand_all(&self, rows: usize, cols: usize) -> Vec<f32> {
        let mut all = vec![0.0; rows * cols];
        self.expand(rows, 0..cols, &mut all);
        all
    }

    /// Each two rows of a panel that follow each other, before [`Compressed::scale`], in 16 bits: `[rows / 2, PANEL]`. The
    /// row after the last of an odd number is zero.
    fn pairs(&self, panel: usize, rows: usize, out: &mut [[Pair; PANEL]]);

    /// Multiplies sums over the rows with the factors of their columns, of which `first` is the first.
    fn scale(&self, first: usize, sums: &mut [f32]);
}

/// The upper half of a number, rounded to the nearest, and to the even one of two. What is not a number stays so.
#[inline(always)]
pub fn round(value: f32) -> u16 {
    let bits = if value.is_nan() { f32::NAN.to_bits() } else { value.to_bits() };
    (bits.wrapping_add(0x7FFF + (bits >> 16 & 1)) >> 16) as u16
}

/// The number whose upper half this is.
#[inline(always)]
pub fn to_f32(half: u16) -> f32 {
    f32::from_bits(u32::from(half) << 16)
}

/// Panels that are made together, for the sake of longer pieces of the rows that they are made of.
const GROUP: usize = 8;

/// `[panels, rows, PANEL]`. `fill` makes up to [`GROUP`] panels, from the column that it gets on.
fn panels<T: Copy + Default + Send>(values: &[f32], cols: usize, fill: impl Fn(usize, &mut [T]) + Sync) -> Vec<T> {
    let rows = values.len() / cols;
    let mut out = vec![T::default(); cols.div_ceil(PANEL) * rows * PANEL];
    let groups = out.par_chunks_mut(GROUP * rows * PANEL);
    groups.enumerate().for_each(|(group, out)| fill(group * GROUP * PANEL, out));
    out
}

/// Some panels, each number made by `convert` from the number and its column in the group, of which `first` is the first
/// in the matrix.
#[inline(always)]
fn fill<T>(values: &[f32], cols: usize, first: usize, out: &mut [T], convert: impl Fn(f32, usize) -> T) {
    let rows = values.len() / cols;
    let columns = columns(cols, first);
    for (row_index, row) in values.chunks_exact(cols).enumerate() {
        for (panel, row) in row[columns.clone()].chunks(PANEL).enumerate() {
            let out = &mut out[(panel * rows + row_index) * PANEL..][..row.len()];
            for (i, (out, value)) in out.iter_mut().zip(row).enumerate() {
                *out = convert(*value, panel * PANEL + i);
            }
        }
    }
}

/// The columns of the group that begins with `first`.
fn columns(cols: usize, first: usize) -> Range<usize> {
    first..cols.min(first + GROUP * PANEL)
}

/// The way back, for [`Compressed::expand`]. `convert` gets a row of a panel, its first column, and the place for the
/// result.
#[inline(always)]
fn rows<T>(
    panels: &[T],
    rows: usize,
    columns: Range<usize>,
    out: &mut [f32],
    convert: impl Fn(&[T], usize, &mut [f32]),
) {
    let panels = &panels[columns.start * rows..];
    for (row, out) in out.chunks_exact_mut(columns.len()).enumerate() {
        for (panel, out) in out.chunks_mut(PANEL).enumerate() {
            convert(&panels[(panel * rows + row) * PANEL..][..out.len()], columns.start + panel * PANEL, out);
        }
    }
}

/// Numbers whose lower half is left away (bfloat16).
#[derive(Debug)]
pub struct Halves {
    /// The upper halves, `[panels, rows, PANEL]`.
    pub values: Vec<u16>,
}

impl Halves {
    /// Rounds the values of a matrix that is `cols` wide.
    pub fn new(values: &[f32], cols: usize) -> Self {
        Self { values: panels(values, cols, |first, out| fill_halves(values, cols, first, out)) }
    }
}

impl Compressed for Halves {
    fn expand(&self, rows: usize, columns: Range<usize>, out: &mut [f32]) {
        expand_halves(&self.values, rows, columns, out);
    }

    fn pairs(&self, panel: usize, rows: usize, out: &mut [[Pair; PANEL]]) {
        pairs_of_halves(&self.values[panel * rows * PANEL..][..rows * PANEL], out);
    }

    fn scale(&self, _: usize, _: &mut [f32]) {}
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
        let mut scales = vec![0.0; cols];
        let groups = scales.par_chunks_mut(GROUP * PANEL).enumerate();
        groups.for_each(|(group, scales)| find_scales(values, cols, group * GROUP * PANEL, scales));
        let panels = panels(values, cols, |first, out| fill_bytes(values, cols, first, &scales, out));
        Self { values: panels, scales }
    }
}

impl Compressed for Bytes {
    fn expand(&self, rows: usize, columns: Range<usize>, out: &mut [f32]) {
        expand_bytes(&self.values, &self.scales, rows, columns, out);
    }

    fn pairs(&self, panel: usize, rows: usize, out: &mut [[Pair; PANEL]]) {
        pairs_of_bytes(&self.values[panel * rows * PANEL..][..rows * PANEL], out);
    }

    fn scale(&self, first: usize, sums: &mut [f32]) {
        sums.iter_mut().zip(&self.scales[first..]).for_each(|(sum, scale)| *sum *= scale);
    }
}

#[multiversion(targets = "simd")]
fn fill_halves(values: &[f32], cols: usize, first: usize, out: &mut [u16]) {
    fill(values, cols, first, out, |value, _| round(value));
}

#[multiversion(targets = "simd")]
fn fill_bytes(values: &[f32], cols: usize, first: usize, scales: &[f32], out: &mut [i8]) {
    // A column of zeros has the factor 0.
    let mut factors = [0.0; GROUP * PANEL];
    for (factor, &scale) in factors.iter_mut().zip(&scales[columns(cols, first)]) {
        *factor = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    }
    fill(values, cols, first, out, |value, col| (value * factors[col]).round_ties_even() as i8);
}

/// The largest value of each column of a group over 127.
#[multiversion(targets = "simd")]
fn find_scales(values: &[f32], cols: usize, first: usize, scales: &mut [f32]) {
    for row in values.chunks_exact(cols) {
        for (scale, value) in scales.iter_mut().zip(&row[first..]) {
            *scale = scale.max(value.abs());
        }
    }
    scales.iter_mut().for_each(|scale| *scale /= 127.0);
}

#[multiversion(targets = "simd")]
fn expand_halves(panels: &[u16], n_rows: usize, columns: Range<usize>, out: &mut [f32]) {
    rows(panels, n_rows, columns, out, |halves, _, out| {
        out.iter_mut().zip(halves).for_each(|(out, half)| *out = to_f32(*half));
    });
}

#[multiversion(targets = "simd")]
fn expand_bytes(panels: &[i8], scales: &[f32], n_rows: usize, columns: Range<usize>, out: &mut [f32]) {
    rows(panels, n_rows, columns, out, |bytes, first, out| {
        let scaled = bytes.iter().zip(&scales[first..]);
        out.iter_mut().zip(scaled).for_each(|(out, (byte, scale))| *out = f32::from(*byte) * scale);
    });
}

#[multiversion(targets = "simd")]
fn pairs_of_halves(panel: &[u16], out: &mut [[Pair; PANEL]]) {
    pairs(panel, out, |half| half);
}

#[multiversion(targets = "simd")]
fn pairs_of_bytes(panel: &[i8], out: &mut [[Pair; PANEL]]) {
    pairs(panel, out, |byte| round(f32::from(byte)));
}

#[inline(always)]
fn pairs<T: Copy>(panel: &[T], out: &mut [[Pair; PANEL]], half: impl Fn(T) -> u16) {
    let (rows, _) = panel.as_chunks::<PANEL>();
    let (both, last) = rows.as_chunks::<2>();
    for ([row, next], out) in both.iter().zip(&mut *out) {
        for ((low, high), out) in row.iter().zip(next).zip(out) {
            *out = [half(*low), half(*high)];
        }
    }
    for (row, out) in last.iter().zip(&mut out[both.len()..]) {
        for (low, out) in row.iter().zip(out) {
            *out = [half(*low), 0];
        }
    }
}
