//! Many vectors times a matrix in 16 bits.
//!
//! The vectors are rounded to bfloat16 as well. With AVX512-BF16, AMD's processors since Zen 4 multiply two pairs of bfloat16
//! numbers and add both products to a sum in 32 bits, in the time of one multiplication and addition in 32 bits. Other
//! processors multiply the same rounded numbers in 32 bits. So do Intel's, although they have the instruction: it is so slow
//! there that the product is 1.5 times as fast without it.
//!
//! Every thread computes some of the matrix's panels. A panel stays in the cache until it was multiplied with all vectors.

use multiversion::multiversion;
use rayon::prelude::*;

use super::compressed::{Bf16Matrix, PANEL, Pair, round, to_f32};
use crate::product::{MatrixView, OutputPointer, product_with_generated};

/// Vectors that are multiplied with a panel at once: their sums fill 24 of the 32 vector registers.
const TILE: usize = 12;

/// Columns that are expanded to 32 bits at once, a multiple of [`PANEL`]: few enough to stay in the cache.
const EXPANDED: usize = 4 * PANEL;

/// `x W` with `x` rounded to bfloat16.
///
/// # Shapes
/// - `x`: `[n, rows]`; `weight`: `[rows, cols]`; result: `[n, cols]`.
pub fn product(x: &[f32], weight: &Bf16Matrix, rows: usize, cols: usize) -> Vec<f32> {
    let product = if in_hardware() { in_16_bits } else { in_32_bits };
    product(x, weight, rows, cols)
}

/// Whether the processor multiplies bfloat16 numbers faster than 32-bit numbers.
pub fn in_hardware() -> bool {
    avx512_bf16::is_fast()
}

fn in_32_bits(x: &[f32], weight: &Bf16Matrix, rows: usize, cols: usize) -> Vec<f32> {
    let x: Vec<f32> = x.iter().map(|x| to_f32(round(*x))).collect();
    let x = MatrixView::new(&x, x.len() / rows, rows);
    product_with_generated(x, cols, EXPANDED, |columns, out| weight.expand(rows, columns, out))
}

#[allow(unsafe_code, reason = "threads write columns of one matrix, which no safe slice can express")]
fn in_16_bits(x: &[f32], weight: &Bf16Matrix, rows: usize, cols: usize) -> Vec<f32> {
    let (n, pairs) = (x.len() / rows, rows.div_ceil(2));
    let tiles: Vec<Vec<[Pair; TILE]>> = x.par_chunks(TILE * rows).map(|x| tile(x, rows)).collect();
    let mut out: Vec<f32> = Vec::with_capacity(n * cols);
    let pointer = OutputPointer(out.as_mut_ptr());
    let panel = || vec![[Pair::default(); PANEL]; pairs];
    (0..cols.div_ceil(PANEL)).into_par_iter().for_each_init(panel, |panel, index| {
        weight.pairs(index, rows, panel);
        let first = index * PANEL;
        let width = PANEL.min(cols - first);
        let pointer = &pointer;
        for (tile, first_row) in tiles.iter().zip((0..n).step_by(TILE)) {
            for (row, sums) in (first_row..n).zip(&sums(tile, panel)) {
                // SAFETY: the row and the panel's columns lie within the n * cols numbers that `out` has room for, and no
                // other thread writes to this panel's columns.
                unsafe { pointer.0.add(row * cols + first).copy_from_nonoverlapping(sums.as_ptr(), width) };
            }
        }
    });
    // SAFETY: every row of every panel was written.
    unsafe { out.set_len(n * cols) };
    out
}

/// Up to [`TILE`] vectors, `[up to TILE, rows]`, as pairs of adjacent numbers, padded with zeros.
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

/// The scalar products of each vector of a tile with each column of a panel, both `[rows / 2 rounded up, ...]`.
fn sums(tile: &[[Pair; TILE]], panel: &[[Pair; PANEL]]) -> [[f32; PANEL]; TILE] {
    if avx512_bf16::is_supported() { avx512_bf16::sums(tile, panel) } else { plain_sums(tile, panel) }
}

/// The same as [`avx512_bf16::sums`], up to rounding.
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
#[allow(unsafe_code, reason = "no safe function offers the instruction, and a prompt takes twice as long without it")]
mod avx512_bf16 {
    use std::arch::x86_64::{__cpuid, __m512, __m512bh, _mm512_dpbf16_ps, _mm512_set1_epi32, _mm512_setzero_ps};
    use std::mem::transmute;
    use std::sync::LazyLock;

    use super::{PANEL, Pair, TILE};

    /// Vector registers for a row of a panel.
    const REGISTERS: usize = PANEL * size_of::<f32>() / size_of::<__m512>();

    pub fn is_supported() -> bool {
        is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bf16")
    }

    /// Whether the instruction is supported and the processor is AMD's. Asked once, because `cpuid` is slow in a virtual
    /// machine.
    static FAST: LazyLock<bool> = LazyLock::new(|| {
        let vendor = __cpuid(0);
        is_supported() && [vendor.ebx, vendor.edx, vendor.ecx].map(u32::to_le_bytes).concat() == b"AuthenticAMD"
    });

    pub fn is_fast() -> bool {
        *FAST
    }

    pub fn sums(tile: &[[Pair; TILE]], panel: &[[Pair; PANEL]]) -> [[f32; PANEL]; TILE] {
        assert!(is_supported(), "the processor does not have AVX512-BF16");
        // SAFETY: the assertion above.
        unsafe { add_products(tile, panel) }
    }

    #[target_feature(enable = "avx512f,avx512bf16")]
    fn add_products(tile: &[[Pair; TILE]], panel: &[[Pair; PANEL]]) -> [[f32; PANEL]; TILE] {
        let mut sums = [[_mm512_setzero_ps(); REGISTERS]; TILE];
        for (vectors, columns) in tile.iter().zip(panel) {
            // SAFETY: arrays of the same size in which every bit pattern is a valid value, as are those below.
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

    pub fn is_supported() -> bool {
        false
    }

    pub fn is_fast() -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::integers::RowMajor;
    use super::*;

    fn numbers(n: usize, seed: usize) -> Vec<f32> {
        (0..n).map(|i| ((i + seed) * 7919 % 251) as f32 / 125.0 - 1.0).collect()
    }

    /// Compares with the products of the rounded numbers in 64 bits.
    fn check(n: usize, rows: usize, cols: usize) {
        let x = numbers(n * rows, 1);
        let weight = Bf16Matrix::new([rows, cols], &RowMajor { values: &numbers(rows * cols, 2), cols });
        let mut values = vec![0.0; rows * cols];
        weight.expand(rows, 0..cols, &mut values);
        for product in [in_16_bits, in_32_bits] {
            let found = product(&x, &weight, rows, cols);
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

    /// On processors that have the instruction, [`sums`] uses it.
    #[test]
    fn the_instruction_agrees_with_the_plain_loop() {
        let rounded = |n: usize, seed| numbers(n, seed).into_iter().map(round).collect::<Vec<_>>();
        let (tile, panel) = (rounded(2 * 9 * TILE, 1), rounded(2 * 9 * PANEL, 2));
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
            check(n, rows, cols);
        }
    }
}
