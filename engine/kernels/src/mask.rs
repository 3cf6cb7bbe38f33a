//! Dropout masks with one bit for each element.

use std::sync::Arc;

use multiversion::multiversion;

/// A dropout mask: whether each element is kept. The kept ones are multiplied by 1 / (1 - rate).
///
/// A mask of attention weights has as many elements as there are pairs of tokens, and training reads it twice, in the forward
/// and in the backward pass. With one bit for each element, it fits into the cache.
#[derive(Clone, Debug, PartialEq)]
pub struct Mask {
    /// Bit `i % 64` of word `i / 64` is 1 if element `i` is kept.
    words: Arc<[u64]>,
    len: usize,
    /// 1 / (1 - rate).
    factor: f32,
}

impl Mask {
    /// The mask of `len` elements in row-major order. Element `i` is kept if bit `i % 64` of word `i / 64` is 1.
    ///
    /// # Panics
    /// If the number of words is not that of the elements divided by 64, rounded up, or `rate` is not in [0, 1).
    pub fn new(words: Vec<u64>, len: usize, rate: f64) -> Self {
        assert!((0.0..1.0).contains(&rate), "a dropout rate lies in [0, 1), not {rate}");
        assert_eq!(words.len(), len.div_ceil(64), "words for a mask of {len} elements");
        Self { words: words.into(), len, factor: (1.0 / (1.0 - rate)) as f32 }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it has no elements.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The factors of the elements from `start` on: 0 or 1 / (1 - rate).
    ///
    /// # Panics
    /// If they extend beyond the end.
    pub fn factors(&self, start: usize, out: &mut [f32]) {
        assert!(start + out.len() <= self.len, "{} elements from {start} of a mask of {}", out.len(), self.len);
        unpack(&self.words, start, self.factor, out);
    }
}

#[multiversion(targets = "simd")]
fn unpack(words: &[u64], start: usize, factor: f32, out: &mut [f32]) {
    let (factor, shift) = (factor.to_bits(), start % 64);
    let bits = |i: usize| {
        let word = start / 64 + i;
        let next = words.get(word + 1).copied().unwrap_or(0);
        (words[word] >> shift) | ((next << 1) << (63 - shift))
    };
    let (whole, rest) = out.as_chunks_mut();
    let number_of_whole = whole.len();
    for (i, out) in whole.iter_mut().enumerate() {
        unpack_word(bits(i), factor, out);
    }
    if !rest.is_empty() {
        let mut last = [0.0; 64];
        unpack_word(bits(number_of_whole), factor, &mut last);
        rest.copy_from_slice(&last[..rest.len()]);
    }
}

/// The factors for 64 bits. Without slices, whose lengths the compiler would not know.
#[inline(always)]
fn unpack_word(bits: u64, factor: u32, out: &mut [f32; 64]) {
    for (half, out) in out.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        let bits = (bits >> (32 * half)) as u32;
        for (lane, out) in out.iter_mut().enumerate() {
            let all_or_none = 0u32.wrapping_sub((bits >> lane) & 1);
            *out = f32::from_bits(all_or_none & factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_from_any_start() {
        let words = vec![0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210, 0b101];
        let mask = Mask::new(words.clone(), 131, 0.2);
        for start in [0, 1, 31, 63, 64, 65, 128, 131] {
            for length in [0, 1, 3, 64, 66] {
                if start + length <= 131 {
                    let mut found = vec![9.0; length];
                    mask.factors(start, &mut found);
                    let expected =
                        (start..start + length).map(|i| if words[i / 64] >> (i % 64) & 1 == 1 { 1.25 } else { 0.0 });
                    assert!(found.iter().copied().eq(expected), "{length} from {start}: {found:?}");
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "2 elements from 130 of a mask of 131")]
    fn beyond_the_end() {
        Mask::new(vec![0; 3], 131, 0.2).factors(130, &mut [0.0; 2]);
    }
}
