//! Vectors in 8 bits.

use multiversion::multiversion;

use super::{BLOCK, GROUP, GROUPS};

/// Adding this to a number below 2²² puts the nearest integer, ties to even, into the lowest bits.
pub const ROUND: f32 = 12_582_912.0;

/// Numbers of a vector: integers from -127 to 127, times a scale.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(16))]
pub struct VectorBlock {
    pub values: [[i8; GROUP]; GROUPS],
    /// The largest magnitude divided by 127. Not a number if one of the numbers is not finite.
    pub scale: f32,
    /// The sum of all integers, times the scale.
    pub sum: f32,
    /// The sum of all integers, times -128.
    pub offset: i32,
}

impl VectorBlock {
    /// A vector whose first number is the one at `start` of a longer one that is divided into blocks. The first block begins
    /// with zeros if `start` is no multiple of [`BLOCK`]; zeros fill the last one.
    pub fn blocks(x: &[f32], start: usize) -> Vec<Self> {
        let before = start % BLOCK;
        let mut blocks = vec![Self::default(); (before + x.len()).div_ceil(BLOCK)];
        if before == 0 {
            round(x, &mut blocks);
        } else {
            let mut padded = vec![0.0; before];
            padded.extend_from_slice(x);
            round(&padded, &mut blocks);
        }
        blocks
    }

    /// Writes the blocks of a vector.
    pub fn fill(x: &[f32], blocks: &mut [Self]) {
        round(x, blocks);
    }

    /// Four integers in the bits of one.
    #[inline(always)]
    pub fn group(&self, group: usize) -> i32 {
        i32::from_ne_bytes(self.values[group].map(i8::cast_unsigned))
    }
}

#[multiversion(targets = "simd")]
fn round(x: &[f32], blocks: &mut [VectorBlock]) {
    let (whole, rest) = x.as_chunks::<BLOCK>();
    for (x, block) in whole.iter().zip(&mut *blocks) {
        *block = rounded(x);
    }
    if !rest.is_empty() {
        let mut padded = [0.0; BLOCK];
        padded[..rest.len()].copy_from_slice(rest);
        blocks[whole.len()] = rounded(&padded);
    }
}

#[inline(always)]
fn rounded(x: &[f32; BLOCK]) -> VectorBlock {
    // Compared as integers, infinity and what is not a number are the largest.
    let largest = f32::from_bits(x.iter().fold(0, |largest, x| largest.max(x.abs().to_bits())));
    let scale = largest / 127.0;
    let factor = if largest > 0.0 { 127.0 / largest } else { 0.0 };
    let mut values = [0; BLOCK];
    for (value, x) in values.iter_mut().zip(x) {
        *value = (x * factor + ROUND).to_bits() as i8;
    }
    let sum: i32 = values.iter().map(|value| i32::from(*value)).sum();
    let mut groups = [[0; GROUP]; GROUPS];
    groups.as_flattened_mut().copy_from_slice(&values);
    VectorBlock { values: groups, scale, sum: sum as f32 * scale, offset: -128 * sum }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::numbers;

    #[test]
    fn every_number_within_half_a_step() {
        for (length, start) in [(1, 0), (32, 0), (33, 64), (70, 31), (5, 30)] {
            let x = numbers(length, 1);
            let blocks = VectorBlock::blocks(&x, start);
            assert_eq!(blocks.len(), (start % BLOCK + length).div_ceil(BLOCK));
            let found = blocks.iter().flat_map(|block| {
                let values = block.values.as_flattened().iter();
                values.map(|value| (f32::from(*value) * block.scale, block.scale))
            });
            let expected = [&vec![0.0; start % BLOCK][..], &x].concat();
            let zeros = std::iter::repeat(&0.0);
            for ((found, scale), expected) in found.zip(expected.iter().chain(zeros)) {
                assert!((found - expected).abs() <= 0.501 * scale, "{found} instead of {expected}");
            }
            for block in blocks {
                let sum: i32 = block.values.as_flattened().iter().map(|value| i32::from(*value)).sum();
                assert_eq!((block.sum, block.offset), (sum as f32 * block.scale, -128 * sum));
            }
        }
    }

    #[test]
    fn what_is_not_finite_stays_visible() {
        for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut x = numbers(40, 1);
            x[35] = wrong;
            let blocks = VectorBlock::blocks(&x, 0);
            assert!(blocks[0].scale.is_finite() && !blocks[1].scale.is_finite());
        }
        let zeros = VectorBlock::blocks(&[0.0; 9], 0);
        assert_eq!((zeros[0].scale, zeros[0].values), (0.0, [[0; GROUP]; GROUPS]));
    }
}
