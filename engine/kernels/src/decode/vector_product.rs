//! A vector times a part of a matrix, as fast as memory is read.

use std::array;
use std::ops::Range;

use multiversion::multiversion;

use super::compressed::{PANEL, to_f32};
use super::integers::{self, BLOCK, Block, InstructionSet, VectorBlock};
use super::matrix::{Matrix, Values, scale};

/// Columns that are computed together, so that their sums stay in the cache.
const COLUMNS: usize = 8192;

/// Rows that are read together, an even number.
const STREAMS: usize = 8;

/// Panels of weights in 16 bits that are read together.
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
                let panel = |index: usize| &matrix.values[index * self.rows + rows.start..][..rows.len()];
                add_panels::<_, PANELS>(panel, cols, y, |panels, sums| sum_bf16(panels, x, sums), |_, _| ());
            }
            Values::Int8(matrix) => {
                let finish = |panel: usize, sums: &mut [f32; PANEL]| scale(sums, &matrix.scales[panel]);
                self.add_integers(&matrix.blocks, x, rows, cols, y, finish);
            }
            Values::Int4(matrix) => self.add_integers(&matrix.blocks, x, rows, cols, y, |_, _| ()),
        }
    }

    /// Adds to `y` the products of `x`, rounded to 8 bits, and some rows and columns.
    fn add_integers<B: Block>(
        &self,
        blocks: &[B],
        x: &[f32],
        rows: Range<usize>,
        cols: Range<usize>,
        y: &mut [f32],
        finish: impl Fn(usize, &mut [f32; PANEL]),
    ) {
        let x = VectorBlock::blocks(x, rows.start);
        let per_panel = self.rows.div_ceil(BLOCK);
        let panel = |index: usize| &blocks[index * per_panel + rows.start / BLOCK..][..x.len()];
        let sum = |panels: &[&[B]], sums: &mut [[f32; PANEL]]| InstructionSet::best().sums_of_panels(panels, &x, sums);
        add_panels::<_, { integers::STREAMS }>(panel, cols, y, sum, finish);
    }
}

/// Adds to `y` the sums of all panels that contain some of the columns. `panel` gives the rows of a panel. `sum` gets those of
/// up to `STREAMS` panels and writes their sums; these panels lie far apart, so that memory is read in as many long streams.
/// `finish` gets a panel and its sums.
fn add_panels<'m, T: 'm, const STREAMS: usize>(
    panel: impl Fn(usize) -> &'m [T],
    cols: Range<usize>,
    y: &mut [f32],
    sum: impl Fn(&[&[T]], &mut [[f32; PANEL]]),
    finish: impl Fn(usize, &mut [f32; PANEL]),
) {
    let panels = cols.start / PANEL..cols.end.div_ceil(PANEL);
    let stream = panels.len().div_ceil(STREAMS);
    for index in 0..stream {
        let of_streams = (panels.start + index..panels.end).step_by(stream);
        let (mut read, mut n): ([&[T]; STREAMS], usize) = ([&[]; STREAMS], 0);
        for index in of_streams.clone() {
            read[n] = panel(index);
            n += 1;
        }
        let mut sums = [[0.0; PANEL]; STREAMS];
        sum(&read[..n], &mut sums[..n]);
        for (panel, sums) in of_streams.zip(&mut sums) {
            finish(panel, sums);
            let (start, end) = ((panel * PANEL).max(cols.start), ((panel + 1) * PANEL).min(cols.end));
            let y = &mut y[start - cols.start..end - cols.start];
            y.iter_mut().zip(&sums[start - panel * PANEL..]).for_each(|(y, sum)| *y += sum);
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

/// The products of `x` and each column of up to [`PANELS`] panels, each `[x.len(), PANEL]`.
#[multiversion(targets = "simd")]
fn sum_bf16(panels: &[&[[u16; PANEL]]], x: &[f32], sums: &mut [[f32; PANEL]]) {
    match panels.len() {
        1 => sums_of::<1>(panels, x, sums),
        2 => sums_of::<2>(panels, x, sums),
        3 => sums_of::<3>(panels, x, sums),
        4 => sums_of::<4>(panels, x, sums),
        5 => sums_of::<5>(panels, x, sums),
        6 => sums_of::<6>(panels, x, sums),
        7 => sums_of::<7>(panels, x, sums),
        _ => sums_of::<PANELS>(panels, x, sums),
    }
}

/// As [`sum_bf16`], for exactly `N` panels, whose sums fill registers.
#[inline(always)]
fn sums_of<const N: usize>(panels: &[&[[u16; PANEL]]], x: &[f32], out: &mut [[f32; PANEL]]) {
    let panels: [&[[u16; PANEL]]; N] = array::from_fn(|i| &panels[i][..x.len()]);
    let mut sums = [[0.0; PANEL]; N];
    let (pairs, last) = x.as_chunks::<2>();
    for (row, [factor, next_factor]) in pairs.iter().enumerate() {
        for (sums, panel) in sums.iter_mut().zip(panels) {
            for (sum, (w, next_w)) in sums.iter_mut().zip(panel[2 * row].iter().zip(&panel[2 * row + 1])) {
                *sum += factor * to_f32(*w) + next_factor * to_f32(*next_w);
            }
        }
    }
    if let [factor] = last {
        for (sums, panel) in sums.iter_mut().zip(panels) {
            sums.iter_mut().zip(&panel[x.len() - 1]).for_each(|(sum, w)| *sum += factor * to_f32(*w));
        }
    }
    out.copy_from_slice(&sums);
}
