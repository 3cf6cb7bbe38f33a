//! Panels from the columns of a matrix.

use std::ops::Range;

use rayon::prelude::*;

use crate::decode::blocks::Blocks;
use crate::decode::compressed::PANEL;

/// Where the values of a matrix come from, column by column. It is asked on all threads.
pub trait Columns: Sync {
    /// Writes the values of some columns, one after the other: `[columns, rows]`.
    fn fill(&self, columns: Range<usize>, out: &mut [f32]);

    /// A column, if it is stored in blocks.
    fn blocks(&self, column: usize) -> Option<Blocks<'_>>;
}

/// The panels of a matrix, `[panels, per_panel]`, on all threads, and what `pack` returns for each. `pack` gets the range of a
/// panel's columns, memory that it may use, and the place of the panel, filled with `blank`.
pub fn panels<T: Copy + Send + Sync, R: Send>(
    cols: usize,
    per_panel: usize,
    blank: T,
    pack: impl Fn(Range<usize>, &mut Vec<f32>, &mut [T]) -> R + Sync,
) -> (Vec<T>, Vec<R>) {
    let length = cols.div_ceil(PANEL) * per_panel;
    let mut out = Vec::with_capacity(length);
    let places = out.spare_capacity_mut()[..length].par_chunks_mut(per_panel);
    let results = places.enumerate().map_init(Vec::new, |memory: &mut Vec<f32>, (panel, places)| {
        places.iter_mut().for_each(|place| _ = place.write(blank));
        // SAFETY: the line before wrote every place.
        pack(panel * PANEL..cols.min((panel + 1) * PANEL), memory, unsafe { places.assume_init_mut() })
    });
    let results = results.collect();
    // SAFETY: the panels together are all places, and each of them was written.
    unsafe { out.set_len(length) };
    (out, results)
}

/// The values of some columns, `[columns, rows]`, in `memory`.
pub fn filled<'m>(source: &dyn Columns, columns: Range<usize>, rows: usize, memory: &'m mut Vec<f32>) -> &'m [f32] {
    memory.resize(rows * columns.len(), 0.0);
    // Columns without blocks are written together.
    let mut first = columns.start;
    let place = |range: Range<usize>| (range.start - columns.start) * rows..(range.end - columns.start) * rows;
    for column in columns.clone() {
        if let Some(blocks) = source.blocks(column) {
            blocks.expand(&mut memory[place(column..column + 1)]);
            if first < column {
                source.fill(first..column, &mut memory[place(first..column)]);
            }
            first = column + 1;
        }
    }
    if first < columns.end {
        source.fill(first..columns.end, &mut memory[place(first..columns.end)]);
    }
    memory
}

/// A row-major matrix with `cols` columns.
pub struct RowMajor<'a> {
    pub values: &'a [f32],
    pub cols: usize,
}

impl Columns for RowMajor<'_> {
    fn fill(&self, columns: Range<usize>, out: &mut [f32]) {
        // Few rows at a time, so that the places between which it jumps stay in the cache.
        const ROWS: usize = 16;
        let rows = self.values.len() / self.cols;
        for first in (0..rows).step_by(ROWS) {
            let last = rows.min(first + ROWS);
            for (column, out) in columns.clone().zip(out.chunks_exact_mut(rows)) {
                let values = self.values[first * self.cols + column..].iter().step_by(self.cols);
                out[first..last].iter_mut().zip(values).for_each(|(out, value)| *out = *value);
            }
        }
    }

    fn blocks(&self, _: usize) -> Option<Blocks<'_>> {
        None
    }
}

/// The rows of a row-major matrix, as the columns of its transpose.
pub struct Rows<'a> {
    pub values: &'a [f32],
    pub width: usize,
}

impl Columns for Rows<'_> {
    fn fill(&self, rows: Range<usize>, out: &mut [f32]) {
        out.copy_from_slice(&self.values[rows.start * self.width..rows.end * self.width]);
    }

    fn blocks(&self, _: usize) -> Option<Blocks<'_>> {
        None
    }
}
