//! Some vectors times a part of a matrix, as fast as memory is read.
//!
//! The weights are read from memory once for all vectors: what was read is in the cache, or even in registers, until it was
//! multiplied with each of them. The numbers of a vector are added up in the same order however many others there are.

mod bf16;
mod f32;

use std::ops::Range;

use super::compressed::PANEL;
use super::input::Input;
use super::integers::{self, BLOCK, Block, InstructionSet, VectorBlock};
use super::matrix::{Matrix, Values, scale};

/// Vectors that are multiplied with a panel at once.
const TILE: usize = integers::TILE;

impl Matrix {
    /// Adds the products of some vectors `x` and a part of the matrix to rows of `y`, which begin `stride` numbers apart:
    /// `y[j] += sum over i of x[i] W[rows[i], cols[j]]`.
    ///
    /// # Panics
    /// If the rows of `y` are not as long as `cols`, or the part is not inside the matrix.
    pub fn add_products(&self, x: &Input, cols: Range<usize>, y: &mut [f32], stride: usize) {
        if x.n == 0 || cols.is_empty() {
            return;
        }
        assert!(x.rows.end <= self.rows && cols.end <= self.cols, "a part of the matrix");
        match &self.values {
            Values::F32(tensor) => {
                let values = &tensor.storage::<f32>()[tensor.layout().start_offset()..];
                f32::add_products(values, self.cols, x, cols, y, stride);
            }
            Values::Bf16(matrix) => {
                let panel = |index: usize| &matrix.values[index * self.rows + x.rows.start..][..x.rows.len()];
                let sum = |panels: &[&[[u16; PANEL]]], tile: Range<usize>, sums: &mut [[f32; PANEL]]| {
                    bf16::sums(panels, x, tile, sums);
                };
                add_panels::<_, { bf16::STREAMS }>(panel, x.n, cols, y, stride, sum, |_, _| ());
            }
            Values::Int8(matrix) => {
                let finish = |panel: usize, sums: &mut [f32; PANEL]| scale(sums, &matrix.scales[panel]);
                self.add_integers(&matrix.blocks, x, cols, y, stride, finish);
            }
            Values::Int4(matrix) => self.add_integers(&matrix.blocks, x, cols, y, stride, |_, _| ()),
        }
    }

    fn add_integers<B: Block>(
        &self,
        blocks: &[B],
        x: &Input,
        cols: Range<usize>,
        y: &mut [f32],
        stride: usize,
        finish: impl Fn(usize, &mut [f32; PANEL]),
    ) {
        let per_panel = self.rows.div_ceil(BLOCK);
        let panel = |index: usize| &blocks[index * per_panel + x.rows.start / BLOCK..][..x.blocks(0).len()];
        let sum = |panels: &[&[B]], tile: Range<usize>, sums: &mut [[f32; PANEL]]| {
            let mut vectors: [&[VectorBlock]; TILE] = [&[]; TILE];
            let n = tile.len();
            vectors.iter_mut().zip(tile).for_each(|(vector, index)| *vector = x.blocks(index));
            InstructionSet::best().sums_of_panels(panels, &vectors[..n], sums);
        };
        add_panels::<_, { integers::STREAMS }>(panel, x.n, cols, y, stride, sum, finish);
    }
}

/// Adds to rows of `y` the sums of all panels that contain some of the columns, for `n` vectors.
///
/// `panel` gives the rows of a panel. `sum` writes the sums of up to `STREAMS` panels for one vector, or of one panel for up to
/// [`TILE`] vectors. Panels that are read together lie far apart, so that memory is read in as many long streams. `finish` gets
/// a panel and its sums.
fn add_panels<'m, T: 'm, const STREAMS: usize>(
    panel: impl Fn(usize) -> &'m [T],
    n: usize,
    cols: Range<usize>,
    y: &mut [f32],
    stride: usize,
    sum: impl Fn(&[&[T]], Range<usize>, &mut [[f32; PANEL]]),
    finish: impl Fn(usize, &mut [f32; PANEL]),
) {
    const SUMS: usize = 8;
    const { assert!(STREAMS <= SUMS && TILE <= SUMS) };
    let panels = cols.start / PANEL..cols.end.div_ceil(PANEL);
    let per_stream = panels.len().div_ceil(if n == 1 { STREAMS } else { 1 });
    for index in 0..per_stream {
        let together = (panels.start + index..panels.end).step_by(per_stream);
        let (mut read, mut streams): ([&[T]; STREAMS], usize) = ([&[]; STREAMS], 0);
        for index in together.clone() {
            read[streams] = panel(index);
            streams += 1;
        }
        for first in (0..n).step_by(TILE) {
            let tile = first..n.min(first + TILE);
            let mut sums = [[0.0; PANEL]; SUMS];
            sum(&read[..streams], tile.clone(), &mut sums[..streams * tile.len()]);
            let places = together.clone().flat_map(|panel| tile.clone().map(move |row| (panel, row)));
            for ((panel, row), sums) in places.zip(&mut sums) {
                finish(panel, sums);
                let (start, end) = ((panel * PANEL).max(cols.start), ((panel + 1) * PANEL).min(cols.end));
                let y = &mut y[row * stride + start - cols.start..][..end - start];
                y.iter_mut().zip(&sums[start - panel * PANEL..]).for_each(|(y, sum)| *y += sum);
            }
        }
    }
}
