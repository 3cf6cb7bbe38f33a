//! The bound that the memory sets on generation: all weights are read once per token.

use std::hint::black_box;
use std::num::NonZero;
use std::thread;
use std::time::Instant;

use crate::timings::median;

/// Far more than any cache holds.
const PROBE_BYTES: usize = 512 << 20;

/// Tokens between two measurements of the memory.
pub const TOKENS_PER_PROBE: usize = 10;

/// What the bandwidth of the memory allows, measured while a text is generated: every few tokens, generation waits for a
/// pass over other memory. The bandwidth of a shared machine changes from second to second.
pub struct Bound {
    bytes_per_token: usize,
    numbers: Vec<u64>,
    tokens: usize,
    start: Instant,
    /// Tokens per second, and bytes per second directly afterwards.
    pairs: Vec<[f64; 2]>,
}

impl Bound {
    pub fn new(bytes_per_token: usize) -> Self {
        let numbers = vec![1; PROBE_BYTES / size_of::<u64>()];
        Self { bytes_per_token, numbers, tokens: 0, start: Instant::now(), pairs: Vec::new() }
    }

    /// To be called after every token. The time before the first one is not that of a token.
    pub fn after_a_token(&mut self) {
        if self.tokens > 0 && self.tokens.is_multiple_of(TOKENS_PER_PROBE) {
            let tokens_per_s = TOKENS_PER_PROBE as f64 / self.start.elapsed().as_secs_f64();
            let bandwidth = self.measure();
            self.pairs.push([tokens_per_s, bandwidth]);
        }
        if self.tokens.is_multiple_of(TOKENS_PER_PROBE) {
            self.start = Instant::now();
        }
        self.tokens += 1;
    }

    /// Bytes per second that all cores together read from memory, each in one stream or in several, whichever is faster.
    fn measure(&self) -> f64 {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let pass = |sum: fn(&[u64]) -> u64| {
            let start = Instant::now();
            thread::scope(|scope| {
                for part in self.numbers.chunks(self.numbers.len().div_ceil(threads)) {
                    scope.spawn(move || black_box(sum(part)));
                }
            });
            PROBE_BYTES as f64 / start.elapsed().as_secs_f64()
        };
        pass(sum_in_streams::<1>).max(pass(sum_in_streams::<8>))
    }

    /// Bytes per second, the median.
    pub fn bandwidth(&self) -> f64 {
        median(self.pairs.iter().map(|[_, bandwidth]| *bandwidth).collect())
    }

    /// The bound.
    pub fn tokens_per_s(&self) -> f64 {
        self.bandwidth() / self.bytes_per_token as f64
    }

    /// The share of the bound that was reached, the median.
    pub fn share(&self) -> f64 {
        let bytes = self.bytes_per_token as f64;
        median(self.pairs.iter().map(|[tokens, bandwidth]| tokens * bytes / bandwidth).collect())
    }
}

/// The sum of some numbers that are read in streams side by side; a few at the end of them are left out.
fn sum_in_streams<const STREAMS: usize>(numbers: &[u64]) -> u64 {
    let (lines, _) = numbers.as_chunks::<8>();
    let length = lines.len() / STREAMS;
    let streams: [_; STREAMS] = std::array::from_fn(|i| &lines[i * length..][..length]);
    let mut sums = [0u64; 8];
    for i in 0..length {
        for stream in streams {
            sums.iter_mut().zip(stream[i]).for_each(|(sum, n)| *sum = sum.wrapping_add(n));
        }
    }
    sums.iter().fold(0, |all, sum| all.wrapping_add(*sum))
}
