//! Weights in 16 bits, in panels.

use std::array;
use std::ops::Range;

use multiversion::multiversion;

use super::TILE;
use crate::decode::compressed::{PANEL, to_f32};
use crate::decode::input::Input;

/// Panels that are read together.
pub const STREAMS: usize = 8;

/// Columns whose sums for [`TILE`] vectors fill half of the registers of AVX2.
const LANES: usize = PANEL / 2;

/// Rows that stay in the first cache while they are multiplied, an even number.
const ROWS: usize = 64;

/// The products of one vector and each column of up to [`STREAMS`] panels, or of a tile of vectors and each column of a panel.
pub fn sums(panels: &[&[[u16; PANEL]]], x: &Input, tile: Range<usize>, sums: &mut [[f32; PANEL]]) {
    match panels {
        [panel] => {
            let n = tile.len();
            let mut vectors: [&[f32]; TILE] = [&[]; TILE];
            vectors.iter_mut().zip(tile).for_each(|(vector, index)| *vector = x.vector(index));
            of_panel(panel, &vectors[..n], sums);
        }
        _ => of_vector(panels, x.vector(tile.start), sums),
    }
}

#[multiversion(targets = "simd")]
fn of_vector(panels: &[&[[u16; PANEL]]], x: &[f32], sums: &mut [[f32; PANEL]]) {
    match panels.len() {
        2 => streams::<2>(panels, x, sums),
        3 => streams::<3>(panels, x, sums),
        4 => streams::<4>(panels, x, sums),
        5 => streams::<5>(panels, x, sums),
        6 => streams::<6>(panels, x, sums),
        7 => streams::<7>(panels, x, sums),
        _ => streams::<STREAMS>(panels, x, sums),
    }
}

/// As [`of_vector`], for exactly `N` panels, whose sums fill registers.
#[inline(always)]
fn streams<const N: usize>(panels: &[&[[u16; PANEL]]], x: &[f32], out: &mut [[f32; PANEL]]) {
    let panels: [&[[u16; PANEL]]; N] = array::from_fn(|i| &panels[i][..x.len()]);
    let mut sums = [[0.0; PANEL]; N];
    let (pairs, last) = x.as_chunks::<2>();
    for (row, factors) in pairs.iter().enumerate() {
        for (sums, panel) in sums.iter_mut().zip(panels) {
            add_pair(sums, *factors, &panel[2 * row], &panel[2 * row + 1]);
        }
    }
    if let [factor] = last {
        for (sums, panel) in sums.iter_mut().zip(panels) {
            add_pair(sums, [*factor, 0.0], &panel[x.len() - 1], &[0; PANEL]);
        }
    }
    out.copy_from_slice(&sums);
}

#[multiversion(targets = "simd")]
fn of_panel(panel: &[[u16; PANEL]], x: &[&[f32]], sums: &mut [[f32; PANEL]]) {
    match x.len() {
        1 => vectors::<1>(panel, x, sums),
        2 => vectors::<2>(panel, x, sums),
        3 => vectors::<3>(panel, x, sums),
        _ => vectors::<TILE>(panel, x, sums),
    }
}

/// As [`of_panel`], for exactly `N` vectors.
#[inline(always)]
fn vectors<const N: usize>(panel: &[[u16; PANEL]], x: &[&[f32]], out: &mut [[f32; PANEL]]) {
    let x: [&[f32]; N] = array::from_fn(|i| &x[i][..panel.len()]);
    let mut sums = [[[0.0; LANES]; PANEL / LANES]; N];
    for first in (0..panel.len()).step_by(ROWS) {
        let rows = &panel[first..panel.len().min(first + ROWS)];
        let x = x.map(|x| &x[first..first + rows.len()]);
        for half in 0..PANEL / LANES {
            add_block(rows, half, x, &mut sums);
        }
    }
    out.iter_mut().zip(&sums).for_each(|(out, sums)| out.copy_from_slice(sums.as_flattened()));
}

/// Adds the products of some rows and half of their columns.
#[inline(always)]
fn add_block<const N: usize>(
    rows: &[[u16; PANEL]],
    half: usize,
    x: [&[f32]; N],
    all: &mut [[[f32; LANES]; PANEL / LANES]; N],
) {
    let numbers = |row: &[u16; PANEL]| -> [f32; LANES] { array::from_fn(|i| to_f32(row[half * LANES + i])) };
    let mut sums: [[f32; LANES]; N] = array::from_fn(|i| all[i][half]);
    let (pairs, last) = rows.as_chunks::<2>();
    for (pair, [row, next]) in pairs.iter().enumerate() {
        let (row, next) = (numbers(row), numbers(next));
        for (sums, x) in sums.iter_mut().zip(x) {
            let (factor, next_factor) = (x[2 * pair], x[2 * pair + 1]);
            for (sum, (w, next_w)) in sums.iter_mut().zip(row.iter().zip(&next)) {
                *sum += factor * w + next_factor * next_w;
            }
        }
    }
    if let [row] = last {
        let row = numbers(row);
        for (sums, x) in sums.iter_mut().zip(x) {
            let factor = x[2 * pairs.len()];
            // As with a row of zeros.
            sums.iter_mut().zip(&row).for_each(|(sum, w)| *sum += factor * w + 0.0);
        }
    }
    all.iter_mut().zip(sums).for_each(|(all, sums)| all[half] = sums);
}

/// Adds two rows, times their factors.
#[inline(always)]
fn add_pair<const L: usize>(sums: &mut [f32; L], [factor, next]: [f32; 2], row: &[u16; L], next_row: &[u16; L]) {
    for (sum, (w, next_w)) in sums.iter_mut().zip(row.iter().zip(next_row)) {
        *sum += factor * to_f32(*w) + next * to_f32(*next_w);
    }
}
