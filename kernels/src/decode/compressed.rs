//! Weights of 16 and of 8 bits.

use rayon::prelude::*;

/// Values that one task converts.
const TASK: usize = 1 << 16;

/// Numbers whose lower half is left away (bfloat16).
#[derive(Debug)]
pub struct Halves {
    /// The upper halves.
    pub values: Vec<u16>,
}

impl Halves {
    /// Rounds to the nearest, and to the even one of two.
    pub fn new(values: &[f32]) -> Self {
        let halves = values.par_iter().with_min_len(TASK).map(|value| {
            let bits = value.to_bits();
            (bits.wrapping_add(0x7FFF + (bits >> 16 & 1)) >> 16) as u16
        });
        Self { values: halves.collect() }
    }

    /// One value as it was, but for the rounding.
    #[inline(always)]
    pub fn value(half: u16) -> f32 {
        f32::from_bits(u32::from(half) << 16)
    }

    /// All of them.
    pub fn expand(&self) -> Vec<f32> {
        self.values.par_iter().with_min_len(TASK).map(|&half| Self::value(half)).collect()
    }
}

/// Whole numbers from -127 to 127, which are to be multiplied with the factor of their column.
#[derive(Debug)]
pub struct Bytes {
    /// `[rows, cols]`.
    pub values: Vec<i8>,
    /// `[cols]`: the largest value of the column over 127.
    pub scales: Vec<f32>,
}

impl Bytes {
    /// Rounds the values of a matrix that is `cols` wide.
    pub fn new(values: &[f32], cols: usize) -> Self {
        let mut largest = vec![0.0f32; cols];
        for row in values.chunks_exact(cols) {
            largest.iter_mut().zip(row).for_each(|(largest, value)| *largest = largest.max(value.abs()));
        }
        let scales: Vec<f32> = largest.iter().map(|largest| largest / 127.0).collect();
        // A column of zeros has the factor 0.
        let factors: Vec<f32> = scales.iter().map(|&scale| if scale > 0.0 { 1.0 / scale } else { 0.0 }).collect();
        let mut bytes = vec![0; values.len()];
        bytes.par_chunks_mut(cols).zip(values.par_chunks(cols)).for_each(|(bytes, row)| {
            for ((byte, value), factor) in bytes.iter_mut().zip(row).zip(&factors) {
                *byte = (value * factor).round() as i8;
            }
        });
        Self { values: bytes, scales }
    }

    /// All values as they were, but for the rounding.
    pub fn expand(&self) -> Vec<f32> {
        let cols = self.scales.len();
        let mut values = vec![0.0; self.values.len()];
        values.par_chunks_mut(cols).zip(self.values.par_chunks(cols)).for_each(|(values, bytes)| {
            for ((value, byte), scale) in values.iter_mut().zip(bytes).zip(&self.scales) {
                *value = f32::from(*byte) * scale;
            }
        });
        values
    }
}
