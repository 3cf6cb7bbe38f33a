//! A vector times a part of a matrix, as fast as memory is read.

use std::array;
use std::ops::Range;

use multiversion::multiversion;

use super::compressed::{Compressed, PANEL, to_f32};
use super::matrix::{Matrix, Values};

/// Columns that are computed together, so that their sums stay in the cache.
const COLUMNS: usize = 8192;

/// Rows that are read together, an even number.
const STREAMS: usize = 8;

/// Panels of compressed weights that are read together.
const PANELS: usize = 8;

impl Matrix {
    /// Adds the product of `x` and a part of the matrix to `y`: `y[j] += sum over i of x[i] W[rows[i], cols[j]]`.
    ///
    /// # Panics
    /// If `x` is not as long as `rows`, `y` is not as long as `cols`, or the part is not inside the matrix.
    pub fn add_product(&self, x: &[f32], rows: Range<usize>, cols: Range<usize>, y: &mut [f32]) {
        assert_eq!((x.len(), y.len()), (rows.len(), cols.len()), "vectors that fit the part of the matrix");
        match &self.values {
            Values::F32(tensor) => {
                let values = &tensor.storage::<f32>()[tensor.layout().start_offset()..];
                for (block, y) in y.chunks_mut(COLUMNS).enumerate() {
                    let first_col = cols.start + block * COLUMNS;
                    add_f32(ProductPart { first_row: rows.start, first_col, width: self.cols }, values, x, y);
                }
            }
            Values::Bf16(matrix) => {
                self.add_panels(&matrix.values, rows, cols, y, |panels, sums| sum_bf16(panels, x, sums), |_, _| ());
            }
            Values::Int8(matrix) => {
                let scale = |first, sums: &mut [f32; PANEL]| matrix.scale(first, sums);
                self.add_panels(&matrix.values, rows, cols, y, |panels, sums| sum_int8(panels, x, sums), scale);
            }
        }
    }

    /// Adds to `y` the sums of all panels that contain some of the columns. `sum` gets the rows of up to [`PANELS`] panels
    /// and writes their sums; these panels lie far apart, so that memory is read in as many long streams. `scale` gets the
    /// first column of a panel and its sums.
    fn add_panels<T>(
        &self,
        values: &[T],
        rows: Range<usize>,
        cols: Range<usize>,
        y: &mut [f32],
        sum: impl Fn(&[&[T]], &mut [[f32; PANEL]]),
        scale: impl Fn(usize, &mut [f32; PANEL]),
    ) {
        let panels = cols.start / PANEL..cols.end.div_ceil(PANEL);
        let stream = panels.len().div_ceil(PANELS);
        for index in 0..stream {
            let of_streams = (panels.start + index..panels.end).step_by(stream);
            let (mut read, mut n): ([&[T]; PANELS], usize) = ([&[]; PANELS], 0);
            for panel in of_streams.clone() {
                read[n] = &values[(panel * self.rows + rows.start) * PANEL..][..rows.len() * PANEL];
                n += 1;
            }
            let mut sums = [[0.0; PANEL]; PANELS];
            sum(&read[..n], &mut sums[..n]);
            for (panel, sums) in of_streams.zip(&mut sums) {
                scale(panel * PANEL, sums);
                let (start, end) = ((panel * PANEL).max(cols.start), ((panel + 1) * PANEL).min(cols.end));
                let y = &mut y[start - cols.start..end - cols.start];
                y.iter_mut().zip(&sums[start - panel * PANEL..]).for_each(|(y, sum)| *y += sum);
            }
        }
    }
}

/// The position of a part in a row-major matrix.
#[derive(Clone, Copy)]
struct ProductPart {
    first_row: usize,
    first_col: usize,
    width: usize,
}

// One function for each type of weight, each compiled for several instruction sets: a generic function or a closure would be
// compiled for the baseline only.

/// `y += x W` for a part of `W` with at most [`COLUMNS`] columns. [`STREAMS`] rows that lie far apart are read together: where
/// the part has whole rows, memory is read in as many long streams, which the processor prefetches.
#[multiversion(targets = "simd")]
fn add_f32(part: ProductPart, values: &[f32], x: &[f32], y: &mut [f32]) {
    let len = y.len();
    let row = |i: usize| &values[(part.first_row + i) * part.width + part.first_col..][..len];
    let stream = x.len() / STREAMS;
    for index in 0..stream {
        let rows: [&[f32]; STREAMS] = array::from_fn(|i| row(i * stream + index));
        let factors: [f32; STREAMS] = array::from_fn(|i| x[i * stream + index]);
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
fn sum_bf16(panels: &[&[u16]], x: &[f32], sums: &mut [[f32; PANEL]]) {
    panel_sums(panels, x, sums, to_f32);
}

#[multiversion(targets = "simd")]
fn sum_int8(panels: &[&[i8]], x: &[f32], sums: &mut [[f32; PANEL]]) {
    panel_sums(panels, x, sums, f32::from);
}

/// The products of `x` and each column of up to [`PANELS`] panels, each `[x.len(), PANEL]`.
#[inline(always)]
fn panel_sums<T: Copy>(panels: &[&[T]], x: &[f32], sums: &mut [[f32; PANEL]], number: impl Fn(T) -> f32 + Copy) {
    match panels.len() {
        1 => sums_of::<T, 1>(panels, x, sums, number),
        2 => sums_of::<T, 2>(panels, x, sums, number),
        3 => sums_of::<T, 3>(panels, x, sums, number),
        4 => sums_of::<T, 4>(panels, x, sums, number),
        5 => sums_of::<T, 5>(panels, x, sums, number),
        6 => sums_of::<T, 6>(panels, x, sums, number),
        7 => sums_of::<T, 7>(panels, x, sums, number),
        _ => sums_of::<T, PANELS>(panels, x, sums, number),
    }
}

/// As [`panel_sums`], for exactly `N` panels, whose sums fill registers.
#[inline(always)]
fn sums_of<T: Copy, const N: usize>(panels: &[&[T]], x: &[f32], out: &mut [[f32; PANEL]], number: impl Fn(T) -> f32) {
    let panels: [&[[T; PANEL]]; N] = array::from_fn(|i| &panels[i].as_chunks::<PANEL>().0[..x.len()]);
    let mut sums = [[0.0; PANEL]; N];
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
    out.copy_from_slice(&sums);
}
