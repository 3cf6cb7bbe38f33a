//! How values are stored: in blocks of a few values with common scales, or one by one.
//!
//! A block type stores a value as a small whole number `q`, and for all values of the block a scale `d` (and for some a
//! minimum `m`): `value = d q` or `value = d q + m`. The formulas and layouts are those of ggml
//! (`ggml-quants.c`, `dequantize_row_*`); all products are of 32-bit floats and in its order, so the values are equal to
//! its, bit for bit.

use half::f16;
use rayon::prelude::*;

use super::{k_blocks, small_blocks};

/// The type of a tensor's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockType {
    /// 32-bit floats.
    F32,
    /// 16-bit floats.
    F16,
    /// The upper halves of 32-bit floats.
    Bf16,
    /// 4 bits and a scale for 32 values.
    Q4_0,
    /// 4 bits, a scale and a minimum for 32 values.
    Q4_1,
    /// 5 bits and a scale for 32 values.
    Q5_0,
    /// 5 bits, a scale and a minimum for 32 values.
    Q5_1,
    /// 8 bits and a scale for 32 values.
    Q8_0,
    /// 4 bits for 256 values; scale and minimum of 6 bits each for 32 of them.
    Q4K,
    /// 5 bits for 256 values; scale and minimum of 6 bits each for 32 of them.
    Q5K,
    /// 6 bits for 256 values; a scale of 8 bits for 16 of them.
    Q6K,
}

/// What is fixed for a type: its number in the file, name, values and bytes of a block, and where in the block its
/// common 16-bit floats are.
struct Layout {
    kind: BlockType,
    id: u32,
    name: &'static str,
    values: usize,
    bytes: usize,
    scales: &'static [usize],
}

const fn layout(
    kind: BlockType,
    id: u32,
    name: &'static str,
    [values, bytes]: [usize; 2],
    scales: &'static [usize],
) -> Layout {
    Layout { kind, id, name, values, bytes, scales }
}

/// Blocks that a thread looks at in one go.
const PIECE: usize = 1 << 14;

/// In the order of [`BlockType`].
const LAYOUTS: [Layout; 11] = [
    layout(BlockType::F32, 0, "F32", [1, 4], &[]),
    layout(BlockType::F16, 1, "F16", [1, 2], &[]),
    layout(BlockType::Bf16, 30, "BF16", [1, 2], &[]),
    layout(BlockType::Q4_0, 2, "Q4_0", [32, 18], &[0]),
    layout(BlockType::Q4_1, 3, "Q4_1", [32, 20], &[0, 2]),
    layout(BlockType::Q5_0, 6, "Q5_0", [32, 22], &[0]),
    layout(BlockType::Q5_1, 7, "Q5_1", [32, 24], &[0, 2]),
    layout(BlockType::Q8_0, 8, "Q8_0", [32, 34], &[0]),
    layout(BlockType::Q4K, 12, "Q4_K", [256, 144], &[0, 2]),
    layout(BlockType::Q5K, 13, "Q5_K", [256, 176], &[0, 2]),
    layout(BlockType::Q6K, 14, "Q6_K", [256, 210], &[208]),
];

/// Types of other files, which are refused with their names.
const OTHERS: [(u32, &str); 24] = [
    (9, "Q8_1"),
    (10, "Q2_K"),
    (11, "Q3_K"),
    (15, "Q8_K"),
    (16, "IQ2_XXS"),
    (17, "IQ2_XS"),
    (18, "IQ3_XXS"),
    (19, "IQ1_S"),
    (20, "IQ4_NL"),
    (21, "IQ3_S"),
    (22, "IQ2_S"),
    (23, "IQ4_XS"),
    (24, "I8"),
    (25, "I16"),
    (26, "I32"),
    (27, "I64"),
    (28, "F64"),
    (29, "IQ1_M"),
    (34, "TQ1_0"),
    (35, "TQ2_0"),
    (39, "MXFP4"),
    (40, "NVFP4"),
    (41, "Q1_0"),
    (42, "Q2_0"),
];

/// Numbers of types that no longer exist.
const REMOVED: [u32; 8] = [4, 5, 31, 32, 33, 36, 37, 38];

impl BlockType {
    /// The type with this number.
    ///
    /// # Errors
    /// If there is none, or it is not one of those that this program reads.
    pub fn from_id(id: u32) -> Result<Self, String> {
        if let Some(layout) = LAYOUTS.iter().find(|layout| layout.id == id) {
            return Ok(layout.kind);
        }
        let known = LAYOUTS.map(|layout| layout.name).join(", ");
        Err(match OTHERS.iter().find(|(other, _)| *other == id) {
            Some((_, name)) => {
                format!("its values are of type {name}, which this program does not read; it reads {known}")
            }
            None if REMOVED.contains(&id) => format!("its values are of type {id}, which the format no longer has"),
            None => format!("its values are of type {id}, which does not exist"),
        })
    }

    /// Its number in the file.
    pub fn id(self) -> u32 {
        self.layout().id
    }

    fn layout(self) -> &'static Layout {
        &LAYOUTS[self as usize]
    }

    /// Its name, for example `Q4_K`.
    pub fn name(self) -> &'static str {
        self.layout().name
    }

    /// Values in a block.
    pub fn block_values(self) -> usize {
        self.layout().values
    }

    /// Bytes of a block.
    pub fn block_bytes(self) -> usize {
        self.layout().bytes
    }

    /// The bytes that `values` values take; they fill whole blocks. `None` if there are too many to count.
    pub(crate) fn bytes_of(self, values: usize) -> Option<usize> {
        (values / self.block_values()).checked_mul(self.block_bytes())
    }

    /// Turns whole blocks into values.
    ///
    /// # Panics
    /// If `values` is not as long as the blocks in `bytes`.
    pub fn dequantize(self, bytes: &[u8], values: &mut [f32]) {
        assert_eq!(
            Some(bytes.len()),
            self.bytes_of(values.len()).filter(|_| values.len().is_multiple_of(self.block_values())),
            "whole blocks"
        );
        match self {
            Self::F32 => numbers(bytes, values, f32::from_le_bytes),
            Self::F16 => numbers(bytes, values, |half| f16::from_le_bytes(half).to_f32()),
            Self::Bf16 => numbers(bytes, values, |[low, high]| f32::from_le_bytes([0, 0, low, high])),
            Self::Q4_0 => blocks(bytes, values, small_blocks::q4_0),
            Self::Q4_1 => blocks(bytes, values, small_blocks::q4_1),
            Self::Q5_0 => blocks(bytes, values, small_blocks::q5_0),
            Self::Q5_1 => blocks(bytes, values, small_blocks::q5_1),
            Self::Q8_0 => blocks(bytes, values, small_blocks::q8_0),
            Self::Q4K => blocks(bytes, values, k_blocks::q4_k),
            Self::Q5K => blocks(bytes, values, k_blocks::q5_k),
            Self::Q6K => blocks(bytes, values, k_blocks::q6_k),
        }
    }

    /// A block of `bytes` with a scale or minimum that is not a finite number: its index and that number.
    pub(crate) fn bad_scale(self, bytes: &[u8]) -> Option<(usize, f32)> {
        let Layout { bytes: size, scales, .. } = *self.layout();
        // All bits of the exponent are set, which is in the second byte. All threads look, at many blocks each.
        let is_bad = |&start: &usize| scales.iter().any(|at| bytes[start + at + 1] & 0x7C == 0x7C);
        let starts = |piece: usize| (piece..bytes.len().min(piece + PIECE * size)).step_by(size);
        if scales.is_empty() {
            return None;
        }
        let pieces = (0..bytes.len().div_ceil(PIECE * size)).into_par_iter().map(|piece| piece * PIECE * size);
        let start = pieces.find_map_first(|piece| starts(piece).find(is_bad))?;
        let mut values = scales.iter().map(|&at| half_at(&bytes[start..], at));
        Some((start / size, values.find(|value| !value.is_finite())?))
    }
}

/// The 16-bit float at a place in a block.
pub(super) fn half_at(block: &[u8], at: usize) -> f32 {
    f16::from_le_bytes([block[at], block[at + 1]]).to_f32()
}

fn numbers<const N: usize>(bytes: &[u8], values: &mut [f32], number: impl Fn([u8; N]) -> f32) {
    let (words, _) = bytes.as_chunks::<N>();
    values.iter_mut().zip(words).for_each(|(value, word)| *value = number(*word));
}

fn blocks<const BYTES: usize, const VALUES: usize>(
    bytes: &[u8],
    values: &mut [f32],
    dequantize: impl Fn(&[u8; BYTES], &mut [f32; VALUES]),
) {
    let (blocks, _) = bytes.as_chunks::<BYTES>();
    let (values, _) = values.as_chunks_mut::<VALUES>();
    blocks.iter().zip(values).for_each(|(block, values)| dequantize(block, values));
}
