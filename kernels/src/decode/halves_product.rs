//! Many vectors times a matrix of 16 or 8 bits.
//!
//! The vectors are rounded to 16 bits as well. With AVX512-BF16, AMD's processors since Zen 4 multiply two pairs of numbers
//! and add both to a sum of 32 bits at once, in the time that one pair of 32-bit numbers takes. Weights of 8 bits are whole
//! numbers, which 16 bits hold exactly; the factors of their columns come in at the end. Other processors multiply the same
//! rounded numbers in 32 bits: also Intel's, where the same instruction takes so long that the product is half as fast
//! again without it.
//!
//! Every thread has some of the matrix's panels. The panels that it is at stay in the cache until all vectors have met
//! them.

use multiversion::multiversion;
use rayon::prelude::*;

use super::compressed::{Compressed, PANEL, Pair, round, to_f32};
use crate::product::{Matrix, Target, product_of_made};

/// Vectors that are multiplied with a panel at once: their sums fill 24 of the 32 registers.
const TILE: usize = 12;

/// Columns that are turned into 32 bits at once, a multiple of [`PANEL`]: few enough to stay in the cache.
const SLAB: usize = 4 * PANEL;

/// `x W` with `x` rounded to 16 bits.
///
/// # Shapes
/// - `x`: `[n, rows]`; `weight`: `[rows, cols]`; result: `[n, cols]`.
pub fn product<W: Compressed>(x: &[f32], weight: &W, rows: usize, cols: usize) -> Vec<f32> {
    let way = if in_hardware() { in_16_bits } else { in_32_bits };
    way(x, weight, rows, cols)
}

/// Whether the processor multiplies 16-bit numbers faster than those of 32 bits.
pub fn in_hardware() -> bool {
    avx512_bf16::is_fast()
}

fn in_32_bits<W: Compressed>(x: &[f32], weight: &W, rows: usize, cols: usize) -> Vec<f32> {
    let x: Vec<f32> = x.iter().map(|x| to_f32(round(*x))).collect();
    let x = Matrix::new(&x, x.len() / rows, rows);
    product_of_made(x, cols, SLAB, |columns, out| weight.expand(rows, columns, out))
}

#[allow(unsafe_code, reason = "threads write columns of one matrix, which no safe slice can express")]
fn in_16_bits<W: Compressed>(x: &[f32], weight: &W, rows: usize, cols: usize) -> Vec<f32> {
    let (n, pairs) = (x.len() / rows, rows.div_ceil(2));
    let tiles: Vec<Vec<[Pair; TILE]>> = x.par_chunks(TILE * rows).map(|x| tile(x, rows)).collect();
    let mut out: Vec<f32> = Vec::with_capacity(n * cols);
    let target = Target(out.as_mut_ptr());
    let panel = || vec![[Pair::default(); PANEL]; pairs];
    (0..cols.div_ceil(PANEL)).into_par_iter().for_each_init(panel, |panel, index| {
        weight.pairs(index, rows, panel);
        let first = index * PANEL;
        let width = PANEL.min(cols - first);
        let target = &target;
        for (tile, first_row) in tiles.iter().zip((0..n).step_by(TILE)) {
            for (row, sums) in (first_row..n).zip(&mut sums(tile, panel)) {
                weight.scale(first, &mut sums[..width]);
                // SAFETY: the row and the panel's columns lie within the n * cols numbers that `out` has room for, and no
                // other thread has this panel.
                unsafe { target.0.add(row * cols + first).copy_from_nonoverlapping(sums.as_ptr(), width) };
            }
        }
    });
    // SAFETY: every row of every panel was written.
    unsafe { out.set_len(n * cols) };
    out
}

/// Up to twelve vectors, `[up to TILE, rows]`, as pairs of numbers that follow each other. What is missing is zero.
#[multiversion(targets = "simd")]
fn tile(x: &[f32], rows: usize) -> Vec<[Pair; TILE]> {
    let mut pairs = vec![[Pair::default(); TILE]; rows.div_ceil(2)];
    for (i, x) in x.chunks_exact(rows).enumerate() {
        for (pairs, x) in pairs.iter_mut().zip(x.chunks(2)) {
            pairs[i] = [round(x[0]), x.get(1).map_or(0, |x| round(*x))];
        }
    }
    pairs
}

/// The products of each vector of a tile with each column of a panel, both `[rows / 2, ...]`.
fn sums(tile: &[[Pair; TILE]], panel: &[[Pair; PANEL]]) -> [[f32; PANEL]; TILE] {
    if avx512_bf16::is_there() { avx512_bf16::sums(tile, panel) } else { plain_sums(tile, panel) }
}

/// What the instruction does, up to rounding.
fn plain_sums(tile: &[[Pair; TILE]], panel: &[[Pair; PANEL]]) -> [[f32; PANEL]; TILE] {
    let mut sums = [[0.0; PANEL]; TILE];
    for (vectors, columns) in tile.iter().zip(panel) {
        for (sums, [x, next_x]) in sums.iter_mut().zip(vectors) {
            for (sum, [w, next_w]) in sums.iter_mut().zip(columns) {
                *sum += to_f32(*x) * to_f32(*w) + to_f32(*next_x) * to_f32(*next_w);
            }
        }
    }
    sums
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "no safe function has the instruction, and a prompt takes twice as long without it")]
mod avx512_bf16 {
    use std::arch::x86_64::{__cpuid, __m512, __m512bh, _mm512_dpbf16_ps, _mm512_set1_epi32, _mm512_setzero_ps};
    use std::mem::transmute;
    use std::sync::LazyLock;

    use super::{PANEL, Pair, TILE};

    /// Registers for a row of a panel.
    const REGISTERS: usize = PANEL * size_of::<f32>() / size_of::<__m512>();

    pub fn is_there() -> bool {
        is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bf16")
    }

    /// Whether it is there and the processor is one of AMD's. Asked once: a virtual machine stops for the answer.
    static FAST: LazyLock<bool> = LazyLock::new(|| {
        let vendor = __cpuid(0);
        is_there() && [vendor.ebx, vendor.edx, vendor.ecx].map(u32::to_le_bytes).concat() == b"AuthenticAMD"
    });

    pub fn is_fast() -> bool {
        *FAST
    }

    pub fn sums(tile: &[[Pair; TILE]], panel: &[[Pair; PANEL]]) -> [[f32; PANEL]; TILE] {
        assert!(is_there(), "the processor does not have AVX512-BF16");
        // SAFETY: it does.
        unsafe { add_up(tile, panel) }
    }

    #[target_feature(enable = "avx512f,avx512bf16")]
    fn add_up(tile: &[[Pair; TILE]], panel: &[[Pair; PANEL]]) -> [[f32; PANEL]; TILE] {
        let mut sums = [[_mm512_setzero_ps(); REGISTERS]; TILE];
        for (vectors, columns) in tile.iter().zip(panel) {
            // SAFETY: arrays of the same size, in which every pattern of bits is a value. So are those below.
            let columns: [__m512bh; REGISTERS] = unsafe { transmute(*columns) };
            for (sums, [x, next_x]) in sums.iter_mut().zip(vectors) {
                let pair = _mm512_set1_epi32(i32::from(*x) | i32::from(*next_x) << 16);
                // SAFETY: as above.
                let pair: __m512bh = unsafe { transmute(pair) };
                for (sum, columns) in sums.iter_mut().zip(columns) {
                    *sum = _mm512_dpbf16_ps(*sum, pair, columns);
                }
            }
        }
        // SAFETY: as above.
        unsafe { transmute::<[[__m512; REGISTERS]; TILE], [[f32; PANEL]; TILE]>(sums) }
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod avx512_bf16 {
    pub(super) use super::plain_sums as sums;

    pub fn is_there() -> bool {
        false
    }

    pub fn is_fast() -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::compressed::{Bytes, Halves};
    use super::*;

    fn numbers(n: usize, seed: usize) -> Vec<f32> {
        (0..n).map(|i| ((i + seed) * 7919 % 251) as f32 / 125.0 - 1.0).collect()
    }

    /// Against the sum of the rounded numbers' products in 64 bits.
    fn check<W: Compressed>(n: usize, rows: usize, cols: usize, compress: impl Fn(&[f32], usize) -> W) {
        let x = numbers(n * rows, 1);
        let weight = compress(&numbers(rows * cols, 2), cols);
        let values = weight.expand_all(rows, cols);
        for way in [in_16_bits, in_32_bits] {
            let found = way(&x, &weight, rows, cols);
            assert_eq!(found.len(), n * cols);
            for (i, found) in found.into_iter().enumerate() {
                let (row, col) = (i / cols, i % cols);
                let terms = || {
                    (0..rows).map(|k| f64::from(to_f32(round(x[row * rows + k]))) * f64::from(values[k * cols + col]))
                };
                let (expected, size) = (terms().sum::<f64>(), terms().map(f64::abs).sum::<f64>());
                let error = (f64::from(found) - expected).abs();
                assert!(error <= 1e-6 * size, "{n} x {rows} x {cols}, {i}: {found}, {expected}");
            }
        }
    }

    /// Where the instruction is there, [`sums`] is made of it.
    #[test]
    fn the_instruction_does_what_the_plain_loop_does() {
        let halves = |n: usize, seed| numbers(n, seed).into_iter().map(round).collect::<Vec<_>>();
        let (tile, panel) = (halves(2 * 9 * TILE, 1), halves(2 * 9 * PANEL, 2));
        let tile = tile.as_chunks::<2>().0.as_chunks().0;
        let panel = panel.as_chunks::<2>().0.as_chunks().0;
        for (found, expected) in sums(tile, panel).as_flattened().iter().zip(plain_sums(tile, panel).as_flattened()) {
            assert!((found - expected).abs() < 1e-5, "{found} instead of {expected}");
        }
    }

    #[test]
    fn products_of_odd_shapes() {
        for (n, rows, cols) in
            [(1, 1, 1), (5, 7, 33), (12, 32, 32), (13, 65, 20), (61, 48, 100), (200, 96, 64), (3, 17, 300)]
        {
            check(n, rows, cols, Halves::new);
            check(n, rows, cols, Bytes::new);
        }
    }
}
