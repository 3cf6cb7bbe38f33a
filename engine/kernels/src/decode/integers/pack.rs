//! Panels from the columns of a matrix.

use std::ops::Range;

use rayon::prelude::*;

use crate::decode::blocks::Blocks;
use crate::decode::compressed::PANEL;

/// Where the values of a matrix come from, column by column.
pub trait Source: Sync {
    /// Writes the values of some columns, one after the other: `[columns, rows]`.
    fn fill(&self, columns: Range<usize>, out: &mut [f32]);

    /// Calls `copy` with the blocks of a column, if that is how it is stored, and returns its result.
    fn copy_blocks(&self, _column: usize, _copy: impl FnOnce(Blocks<'_>) -> bool) -> bool {
        false
    }
}

/// Two functions.
pub struct FromColumns<F, B> {
    pub fill: F,
    pub blocks: B,
}

impl<'a, F: Fn(Range<usize>, &mut [f32]) + Sync, B: Fn(usize) -> Option<Blocks<'a>> + Sync> Source
    for FromColumns<F, B>
{
    fn fill(&self, columns: Range<usize>, out: &mut [f32]) {
        let rows = out.len() / columns.len();
        for (column, out) in columns.zip(out.chunks_exact_mut(rows)) {
            match (self.blocks)(column) {
                Some(blocks) => blocks.expand(out),
                None => (self.fill)(column..column + 1, out),
            }
        }
    }

    fn copy_blocks(&self, column: usize, copy: impl FnOnce(Blocks<'_>) -> bool) -> bool {
        (self.blocks)(column).is_some_and(copy)
    }
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
pub fn filled<'m>(source: &impl Source, columns: Range<usize>, rows: usize, memory: &'m mut Vec<f32>) -> &'m [f32] {
    memory.resize(rows * columns.len(), 0.0);
    source.fill(columns, memory);
    memory
}

/// A row-major matrix with `cols` columns.
pub struct RowMajor<'a> {
    pub values: &'a [f32],
    pub cols: usize,
}

impl Source for RowMajor<'_> {
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
}
