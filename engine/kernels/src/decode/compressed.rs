//! Weights in 16 bits (bfloat16) and in 8 bits.
//!
//! They are copies of the model's weights, so their layout can follow the order in which they are read: panels of [`PANEL`]
//! columns, one panel after the other, each of them row-major. A thread that computes some columns reads one contiguous
//! piece of memory, which the processor can prefetch. In a row-major matrix it would jump from row to row every few hundred
//! bytes.

use std::ops::Range;

use multiversion::multiversion;
use rayon::prelude::*;

/// Columns of a panel. The last panel of a matrix is padded with zeros.
pub const PANEL: usize = 32;

/// Two bfloat16 numbers that take part in one step of a scalar product.
pub type Pair = [u16; 2];

/// A matrix in panels, for products with many vectors.
pub trait Compressed: Sync {
    /// The values of some columns in 32 bits, `[rows, columns]`. The range begins with the first column of a panel.
    fn expand(&self, rows: usize, columns: Range<usize>, out: &mut [f32]);

    /// The values of all columns in 32 bits, `[rows, cols]`.
    fn expand_all(&self, rows: usize, cols: usize) -> Vec<f32> {
        let mut all = vec![0.0; rows * cols];
        self.expand(rows, 0..cols, &mut all);
        all
    }

    /// The rows of a panel in pairs, in 16 bits and before [`Compressed::scale`]: `[rows / 2 rounded up, PANEL]`. An odd number
    /// of rows is padded with a row of zeros.
    fn pairs(&self, panel: usize, rows: usize, out: &mut [[Pair; PANEL]]);

    /// Multiplies sums over the rows by the scales of their columns, of which `first` is the first.
    fn scale(&self, first: usize, sums: &mut [f32]);
}

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

/// Panels that are filled together, so that longer pieces of each source row are read at once.
const GROUP: usize = 8;

/// Panels of a row-major matrix, `[panels, rows, PANEL]`. `fill` gets a column and writes up to [`GROUP`] panels from there.
fn panels<T: Copy + Default + Send>(values: &[f32], cols: usize, fill: impl Fn(usize, &mut [T]) + Sync) -> Vec<T> {
    let rows = values.len() / cols;
    let mut out = vec![T::default(); cols.div_ceil(PANEL) * rows * PANEL];
    let groups = out.par_chunks_mut(GROUP * rows * PANEL);
    groups.enumerate().for_each(|(group, out)| fill(group * GROUP * PANEL, out));
    out
}

/// Fills a group of panels. `convert` gets a value and its column in the group; column `first` of the matrix is the first
/// column of the group.
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

/// The columns of the group that begins at column `first`.
fn columns(cols: usize, first: usize) -> Range<usize> {
    first..cols.min(first + GROUP * PANEL)
}

/// The inverse of [`fill`], for [`Compressed::expand`]. `convert` gets a row of a panel, its first column, and where to write
/// the result.
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

/// A matrix in bfloat16.
#[derive(Debug)]
pub struct Bf16Matrix {
    /// `[panels, rows, PANEL]`.
    pub values: Vec<u16>,
}

impl Bf16Matrix {
    /// Rounds the values of a row-major matrix with `cols` columns.
    pub fn new(values: &[f32], cols: usize) -> Self {
        Self { values: panels(values, cols, |first, out| fill_bf16(values, cols, first, out)) }
    }
}

impl Compressed for Bf16Matrix {
    fn expand(&self, rows: usize, columns: Range<usize>, out: &mut [f32]) {
        expand_bf16(&self.values, rows, columns, out);
    }

    fn pairs(&self, panel: usize, rows: usize, out: &mut [[Pair; PANEL]]) {
        pairs_of_bf16(&self.values[panel * rows * PANEL..][..rows * PANEL], out);
    }

    fn scale(&self, _: usize, _: &mut [f32]) {}
}

/// A matrix in integers from -127 to 127, with a scale for each column.
#[derive(Debug)]
pub struct Int8Matrix {
    /// `[panels, rows, PANEL]`.
    pub values: Vec<i8>,
    /// `[cols]`: the largest magnitude in the column divided by 127.
    pub scales: Vec<f32>,
}

impl Int8Matrix {
    /// Rounds the values of a row-major matrix with `cols` columns.
    pub fn new(values: &[f32], cols: usize) -> Self {
        let mut scales = vec![0.0; cols];
        let groups = scales.par_chunks_mut(GROUP * PANEL).enumerate();
        groups.for_each(|(group, scales)| find_scales(values, cols, group * GROUP * PANEL, scales));
        let panels = panels(values, cols, |first, out| fill_int8(values, cols, first, &scales, out));
        Self { values: panels, scales }
    }
}

impl Compressed for Int8Matrix {
    fn expand(&self, rows: usize, columns: Range<usize>, out: &mut [f32]) {
        expand_int8(&self.values, &self.scales, rows, columns, out);
    }

    fn pairs(&self, panel: usize, rows: usize, out: &mut [[Pair; PANEL]]) {
        pairs_of_int8(&self.values[panel * rows * PANEL..][..rows * PANEL], out);
    }

    fn scale(&self, first: usize, sums: &mut [f32]) {
        sums.iter_mut().zip(&self.scales[first..]).for_each(|(sum, scale)| *sum *= scale);
    }
}

#[multiversion(targets = "simd")]
fn fill_bf16(values: &[f32], cols: usize, first: usize, out: &mut [u16]) {
    fill(values, cols, first, out, |value, _| round(value));
}

#[multiversion(targets = "simd")]
fn fill_int8(values: &[f32], cols: usize, first: usize, scales: &[f32], out: &mut [i8]) {
    // A column of zeros has the scale 0.
    let mut factors = [0.0; GROUP * PANEL];
    for (factor, &scale) in factors.iter_mut().zip(&scales[columns(cols, first)]) {
        *factor = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    }
    fill(values, cols, first, out, |value, col| (value * factors[col]).round_ties_even() as i8);
}

/// The scales of the columns of a group.
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
fn expand_bf16(panels: &[u16], n_rows: usize, columns: Range<usize>, out: &mut [f32]) {
    rows(panels, n_rows, columns, out, |row, _, out| {
        out.iter_mut().zip(row).for_each(|(out, value)| *out = to_f32(*value));
    });
}

#[multiversion(targets = "simd")]
fn expand_int8(panels: &[i8], scales: &[f32], n_rows: usize, columns: Range<usize>, out: &mut [f32]) {
    rows(panels, n_rows, columns, out, |row, first, out| {
        let scaled = row.iter().zip(&scales[first..]);
        out.iter_mut().zip(scaled).for_each(|(out, (value, scale))| *out = f32::from(*value) * scale);
    });
}

#[multiversion(targets = "simd")]
fn pairs_of_bf16(panel: &[u16], out: &mut [[Pair; PANEL]]) {
    pairs(panel, out, |value| value);
}

#[multiversion(targets = "simd")]
fn pairs_of_int8(panel: &[i8], out: &mut [[Pair; PANEL]]) {
    pairs(panel, out, |value| round(f32::from(value)));
}

#[inline(always)]
fn pairs<T: Copy>(panel: &[T], out: &mut [[Pair; PANEL]], bf16: impl Fn(T) -> u16) {
    let (rows, _) = panel.as_chunks::<PANEL>();
    let (both, last) = rows.as_chunks::<2>();
    for ([row, next], out) in both.iter().zip(&mut *out) {
        for ((low, high), out) in row.iter().zip(next).zip(out) {
            *out = [bf16(*low), bf16(*high)];
        }
    }
    for (row, out) in last.iter().zip(&mut out[both.len()..]) {
        for (low, out) in row.iter().zip(out) {
            *out = [bf16(*low), 0];
        }
    }
}
