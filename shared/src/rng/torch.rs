//! PyTorch's CPU generator: the same seed gives the same numbers.

use std::f64::consts::TAU;

use multiversion::multiversion;
use serde::{Deserialize, Serialize};

use super::Mt19937;

const BITS_24: u32 = (1 << 24) - 1;
const BITS_53: u64 = (1 << 53) - 1;
const TWO_POW_53: f64 = (1u64 << 53) as f64;

/// The random numbers that PyTorch draws on the CPU after `torch.manual_seed(seed)`.
///
/// Everything in this workspace that needs random numbers takes a `&mut TorchRng`, so that the order of the draws is
/// visible in the code and the numbers printed in the book are reproduced. Integers, permutations, uniform numbers and
/// masks are equal bit for bit; normal numbers agree within 2e-6, because PyTorch's vectorised logarithm and cosine
/// round differently.
///
/// ```
/// use shared::rng::TorchRng;
///
/// let mut rng = TorchRng::new(123);
/// assert_eq!(rng.randperm(10), [2, 0, 8, 1, 3, 7, 4, 9, 5, 6]);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TorchRng {
    mt: Mt19937,
    /// Second value of the last normal pair of the short path (fewer than 16 numbers), kept for the next call.
    spare_normal: Option<f64>,
}

impl TorchRng {
    /// `torch.manual_seed(seed)`. Only the low 32 bits of the seed count, as in PyTorch.
    pub fn new(seed: u64) -> Self {
        Self { mt: Mt19937::new(seed as u32), spare_normal: None }
    }

    /// 32 random bits.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        self.mt.next_u32()
    }

    /// 64 random bits: the first 32-bit draw is the high half.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        let high = u64::from(self.next_u32());
        high << 32 | u64::from(self.next_u32())
    }

    /// A float in [0, 1) with 24 random bits (one 32-bit draw), as `torch.rand` gives for float32.
    #[inline]
    pub fn uniform_f32(&mut self) -> f32 {
        (self.next_u32() & BITS_24) as f32 / (1 << 24) as f32
    }

    /// A float in [0, 1) with 53 random bits (one 64-bit draw), as `torch.rand` gives for float64.
    #[inline]
    pub fn uniform_f64(&mut self) -> f64 {
        (self.next_u64() & BITS_53) as f64 / TWO_POW_53
    }

    /// `torch.rand(n)`: `n` floats in [0, 1).
    pub fn rand(&mut self, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.uniform_f32()).collect()
    }

    /// `torch.empty(n).uniform_(from, to)`: `n` floats in [from, to), one 32-bit draw each.
    pub fn uniform(&mut self, n: usize, from: f32, to: f32) -> Vec<f32> {
        // PyTorch computes u * (to - from) + from with one rounding (a fused multiply-add). In f64 the product and the
        // sum of these short numbers are exact, so the final conversion is that one rounding, on every processor.
        let (width, from) = (f64::from(to - from), f64::from(from));
        (0..n).map(|_| (f64::from(self.uniform_f32()) * width + from) as f32).collect()
    }

    /// `torch.randn(n)`: `n` floats from the standard normal distribution.
    ///
    /// PyTorch has two methods, and they give different numbers: fewer than 16 values come in pairs in double
    /// precision, 16 and more in blocks of 16 in single precision.
    pub fn randn(&mut self, n: usize) -> Vec<f32> {
        if n < 16 { (0..n).map(|_| self.normal_short() as f32).collect() } else { self.normal_blocks(n) }
    }

    /// One value of the short path. Box-Muller gives two values; the second waits for the next call.
    fn normal_short(&mut self) -> f64 {
        if let Some(spare) = self.spare_normal.take() {
            return spare;
        }
        let (u1, u2) = (self.uniform_f64(), self.uniform_f64());
        let (radius, angle) = ((-2.0 * (-u2).ln_1p()).sqrt(), TAU * u1);
        self.spare_normal = Some(radius * angle.sin());
        radius * angle.cos()
    }

    /// The long path: uniforms everywhere, then Box-Muller within blocks of 16. If the last block is
    /// not full, the last 16 values are drawn and transformed again.
    fn normal_blocks(&mut self, n: usize) -> Vec<f32> {
        let mut values = self.rand(n);
        let (blocks, rest) = values.as_chunks_mut::<16>();
        blocks.iter_mut().for_each(box_muller);
        if !rest.is_empty() {
            let tail: &mut [f32; 16] = values.last_chunk_mut().expect("n is at least 16");
            tail.fill_with(|| self.uniform_f32());
            box_muller(tail);
        }
        values
    }

    /// A full-range 63-bit integer, as `torch.empty((), dtype=torch.int64).random_()`. The data loader seeds itself
    /// with it.
    pub fn random_i64(&mut self) -> i64 {
        (self.next_u64() & (i64::MAX as u64)) as i64
    }

    /// `torch.randint(low, high, (n,))`: `n` integers in [low, high).
    ///
    /// # Panics
    /// If `low >= high`.
    pub fn randint(&mut self, low: i64, high: i64, n: usize) -> Vec<i64> {
        assert!(low < high, "randint needs low < high, got {low} and {high}");
        let range = high.wrapping_sub(low) as u64;
        let draw = |rng: &mut Self| match u32::try_from(range) {
            Ok(range) => u64::from(rng.next_u32() % range),
            Err(_) => rng.next_u64() % range,
        };
        (0..n).map(|_| low.wrapping_add(draw(self) as i64)).collect()
    }

    /// `torch.randperm(n)`: the numbers 0 to n - 1 in random order.
    pub fn randperm(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in 0..n.saturating_sub(1) {
            // Above 2^32 / 20 values PyTorch spends 64 bits, so that the remainder stays nearly uniform.
            let z = if n < (u32::MAX / 20) as usize { u64::from(self.next_u32()) } else { self.next_u64() };
            order.swap(i, i + (z % (n - i) as u64) as usize);
        }
        order
    }

    /// `n` draws that are true with probability `p`, each from 53 bits.
    pub fn bernoulli(&mut self, n: usize, p: f64) -> Vec<bool> {
        (0..n).map(|_| self.uniform_f64() < p).collect()
    }

    /// The mask of `torch.nn.Dropout(rate)` in training: 0 with probability `rate`, else 1 / (1 - rate), in row-major
    /// order. A rate of 0 draws nothing.
    ///
    /// # Panics
    /// If `rate` is not in [0, 1).
    pub fn dropout_mask(&mut self, n: usize, rate: f64) -> Vec<f32> {
        assert!((0.0..1.0).contains(&rate), "a dropout rate lies in [0, 1), not {rate}");
        if rate == 0.0 {
            return vec![1.0; n];
        }
        let keep = 1.0 - rate;
        let kept = (1.0 / keep) as f32;
        // u < keep, compared before the division by 2^53: the same answer with integers.
        let limit = (keep * TWO_POW_53).ceil() as u64;
        (0..n).map(|_| if self.next_u64() & BITS_53 < limit { kept } else { 0.0 }).collect()
    }

    /// What [`dropout_mask`](Self::dropout_mask) keeps, as bits: element `i` is kept if bit `i % 64` of word `i / 64`
    /// is 1. It draws the same numbers; a rate of 0 draws nothing. Bits beyond the last element have no meaning.
    ///
    /// # Panics
    /// If `rate` is not in [0, 1).
    pub fn kept_bits(&mut self, n: usize, rate: f64) -> Vec<u64> {
        assert!((0.0..1.0).contains(&rate), "a dropout rate lies in [0, 1), not {rate}");
        let mut kept = vec![u64::MAX; n.div_ceil(64)];
        if rate > 0.0 {
            let limit = ((1.0 - rate) * TWO_POW_53).ceil() as u64;
            let mut drawn = [0; 2 * DRAWS];
            for (i, kept) in kept.chunks_mut(DRAWS / 64).enumerate() {
                let now = (n - i * DRAWS).min(DRAWS);
                self.mt.fill(&mut drawn[..2 * now]);
                compare(&drawn, limit, kept);
            }
        }
        kept
    }

    /// `torch.multinomial(weights, 1)`: the index of one entry, drawn with probability proportional to its weight.
    ///
    /// Every entry gets an exponential waiting time divided by its weight, and the shortest wait wins. That costs one
    /// 64-bit draw per entry, the zero ones too.
    pub fn multinomial(&mut self, weights: &[f32]) -> usize {
        let mut best = (0, f32::NEG_INFINITY);
        for (i, &w) in weights.iter().enumerate() {
            let wait = -(-self.uniform_f64()).ln_1p();
            let score = w / wait as f32;
            if score > best.1 {
                best = (i, score);
            }
        }
        best.0
    }
}

/// Numbers of 64 bits that are drawn at once for a mask.
const DRAWS: usize = 1024;

/// A bit for each number of 64 bits, the high half of which comes first: whether its low 53 bits are below `limit`.
#[multiversion(targets = "simd")]
fn compare(drawn: &[u32; 2 * DRAWS], limit: u64, bits: &mut [u64]) {
    let mut below = [0u8; DRAWS];
    let (pairs, _) = drawn.as_chunks::<2>();
    for (below, &[high, low]) in below.iter_mut().zip(pairs) {
        let number = u64::from(high) << 32 | u64::from(low);
        *below = u8::from(number & BITS_53 < limit);
    }
    let (groups, _) = below.as_chunks::<64>();
    for (bits, group) in bits.iter_mut().zip(groups) {
        let (bytes, _) = group.as_chunks::<8>();
        // The product brings the lowest bits of the eight bytes side by side into the highest byte.
        *bits = bytes.iter().enumerate().fold(0, |bits, (i, &eight)| {
            let together = u64::from_le_bytes(eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
            bits | together << (8 * i)
        });
    }
}

/// Turns 16 uniforms into 16 normals: values j and j + 8 are radius and angle of one pair.
fn box_muller(block: &mut [f32; 16]) {
    for j in 0..8 {
        let radius = (-2.0 * (1.0 - block[j]).ln()).sqrt();
        let angle = std::f32::consts::TAU * block[j + 8];
        block[j] = radius * angle.cos();
        block[j + 8] = radius * angle.sin();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_keep_what_factors_keep() {
        let (mut bits, mut factors) = (TorchRng::new(123), TorchRng::new(123));
        for (n, rate) in [(1, 0.5), (63, 0.1), (64, 0.9), (3, 0.0), (1024, 0.1), (5000, 0.3)] {
            // An odd number of words in between: pairs then cross the end of the generator's state.
            assert_eq!(bits.next_u32(), factors.next_u32());
            let kept = bits.kept_bits(n, rate);
            let found: Vec<bool> = (0..n).map(|i| kept[i / 64] >> (i % 64) & 1 == 1).collect();
            let expected: Vec<bool> = factors.dropout_mask(n, rate).iter().map(|&factor| factor > 0.0).collect();
            assert_eq!(found, expected, "{n} elements at rate {rate}");
            assert_eq!(bits, factors);
        }
    }
}
