//! The products of a block, for any instruction set.

use super::int4::Int4Block;
use super::int8::Int8Block;
use super::product::TILE;
use super::vectors::VectorBlock;
use crate::decode::compressed::PANEL;

/// [`BLOCK`](super::BLOCK) rows of a panel, in one of the formats.
pub trait Block: Copy + Send + Sync {
    /// Adds the products of the block and each vector to `sums`.
    ///
    /// # Safety
    /// The processor must have the instructions of `K`.
    unsafe fn add<K: Kernel, const T: usize>(&self, x: [&VectorBlock; T], sums: &mut [K::Sums; T]);

    /// The same for the blocks of two panels, side by side.
    ///
    /// # Safety
    /// As [`add`](Self::add).
    unsafe fn add_pair<K: Kernel, const T: usize>(
        blocks: [&Self; 2],
        x: [&VectorBlock; T],
        sums: &mut [[K::Sums; T]; 2],
    );

    /// A value in 32 bits; without the scale of the column.
    fn value(&self, row: usize, column: usize) -> f32;
}

/// Blocks that are fetched before several vectors need them: the products take longer than reading, so that the processor itself
/// would begin too late.
const AHEAD_OF_TILE: usize = 3;

/// An instruction set. All of them compute the same numbers: first exact sums of integers, then
/// `sums += integers * (weight scale * vector scale)` and, with a minimum, `sums += minimum * sum of the vector`.
pub trait Kernel {
    /// Sums for the columns of a panel.
    type Sums: Copy;

    /// Blocks of a panel that are fetched from memory before one vector needs them, 0 if the processor does that well itself.
    const AHEAD: usize;

    /// Whether a vector is multiplied with the blocks of two panels side by side, a few lines of one and a few of the other, so
    /// that the processor's own prefetching sees twice as many streams at once.
    const PAIRS: bool;

    /// Zeros.
    ///
    /// # Safety
    /// The processor must have the instructions.
    unsafe fn zeros() -> Self::Sums;

    /// The sums as numbers.
    ///
    /// # Safety
    /// The processor must have the instructions.
    unsafe fn numbers(sums: Self::Sums) -> [f32; PANEL];

    /// Adds the products of a block and each vector; without the scales of the columns.
    ///
    /// # Safety
    /// The processor must have the instructions.
    unsafe fn add_int8<const T: usize>(block: &Int8Block, x: [&VectorBlock; T], sums: &mut [Self::Sums; T]);

    /// Adds the products of a block and each vector.
    ///
    /// # Safety
    /// The processor must have the instructions.
    unsafe fn add_int4<const T: usize>(block: &Int4Block, x: [&VectorBlock; T], sums: &mut [Self::Sums; T]);

    /// As [`add_int8`](Self::add_int8), for two blocks.
    ///
    /// # Safety
    /// The processor must have the instructions.
    #[inline(always)]
    unsafe fn add_int8_pair<const T: usize>(
        [first, second]: [&Int8Block; 2],
        x: [&VectorBlock; T],
        [sums, next]: &mut [[Self::Sums; T]; 2],
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            Self::add_int8(first, x, sums);
            Self::add_int8(second, x, next);
        }
    }

    /// As [`add_int4`](Self::add_int4), for two blocks.
    ///
    /// # Safety
    /// The processor must have the instructions.
    #[inline(always)]
    unsafe fn add_int4_pair<const T: usize>(
        [first, second]: [&Int4Block; 2],
        x: [&VectorBlock; T],
        [sums, next]: &mut [[Self::Sums; T]; 2],
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            Self::add_int4(first, x, sums);
            Self::add_int4(second, x, next);
        }
    }
}

/// The products of each vector and each column of some panels, which have as many blocks as the vectors. The panels lie far
/// apart, so that memory is read in as many long streams.
///
/// # Safety
/// The processor must have the instructions of `K`.
#[inline(always)]
pub unsafe fn sums<K: Kernel, B: Block, const N: usize, const T: usize>(
    panels: [&[B]; N],
    x: [&[VectorBlock]; T],
    out: &mut [[[f32; PANEL]; T]; N],
) {
    let blocks = x[0].len();
    assert!(panels.iter().all(|panel| panel.len() >= blocks) && x.iter().all(|x| x.len() == blocks));
    // Loops instead of iterators, which would not all become part of this function and its instruction set.
    // SAFETY: the caller's promise.
    unsafe {
        let mut sums = [[K::zeros(); T]; N];
        for block in 0..blocks {
            let mut of_block = [&x[0][block]; T];
            for index in 1..T {
                of_block[index] = &x[index][block];
            }
            let pairs = if T == 1 && K::PAIRS { N / 2 } else { 0 };
            for pair in 0..pairs {
                let (index, sums) = (2 * pair, &mut sums.as_chunks_mut().0[pair]);
                B::add_pair::<K, T>([&panels[index][block], &panels[index + 1][block]], of_block, sums);
            }
            for index in 2 * pairs..N {
                let panel = panels[index];
                // More vectors than a tile are those of a prompt, whose panels are in the cache.
                let ahead = if T == 1 { K::AHEAD } else { AHEAD_OF_TILE };
                if ahead > 0 && T <= TILE {
                    prefetch(panel.as_ptr().wrapping_add(block + ahead));
                }
                panel[block].add::<K, T>(of_block, &mut sums[index]);
            }
        }
        for (out, sums) in out.as_flattened_mut().iter_mut().zip(sums.as_flattened()) {
            *out = K::numbers(*sums);
        }
    }
}

/// Fetches a block, which may lie beyond the matrix.
#[inline(always)]
fn prefetch<B>(block: *const B) {
    #[cfg(target_arch = "x86_64")]
    for line in 0..size_of::<B>() / 64 {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: nothing is read, whatever the address is.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(block.cast::<i8>().wrapping_add(64 * line)) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = block;
}
