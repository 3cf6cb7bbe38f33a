//! The 32-bit Mersenne Twister, the engine behind PyTorch's CPU generator and numpy's `RandomState`.
//!
//! Matsumoto and Nishimura, "Mersenne Twister: a 623-dimensionally equidistributed uniform pseudo-random number
//! generator", 1998.

use multiversion::multiversion;
use serde::{Deserialize, Serialize};

const N: usize = 624;
const M: usize = 397;

/// State of the generator: 624 words and the position of the next one to return.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub struct Mt19937 {
    words: Box<[u32; N]>,
    next: usize,
}

impl Mt19937 {
    /// Seeds the state with one number, as `init_genrand` of the reference implementation does.
    pub fn new(seed: u32) -> Self {
        let mut words = Box::new([0u32; N]);
        words[0] = seed;
        for i in 1..N {
            let before = words[i - 1];
            words[i] = 1_812_433_253u32.wrapping_mul(before ^ (before >> 30)).wrapping_add(i as u32);
        }
        Self { words, next: N }
    }

    /// The next 32 random bits.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        self.refill();
        let word = temper(self.words[self.next]);
        self.next += 1;
        word
    }

    /// The next random words, as many as `out` has room for: what as many calls of [`next_u32`](Self::next_u32) give,
    /// but with vector instructions.
    pub fn fill(&mut self, mut out: &mut [u32]) {
        while !out.is_empty() {
            self.refill();
            let now = out.len().min(N - self.next);
            let (first, rest) = out.split_at_mut(now);
            temper_all(&self.words[self.next..self.next + now], first);
            self.next += now;
            out = rest;
        }
    }

    /// Makes sure that there is a next word.
    fn refill(&mut self) {
        if self.next == N {
            twist(&mut self.words);
            self.next = 0;
        }
    }
}

/// Makes the next 624 words from the last 624.
#[multiversion(targets = "simd")]
fn twist(words: &mut [u32; N]) {
    let mix = |high: u32, low: u32| {
        let y = (high & 0x8000_0000) | (low & 0x7fff_ffff);
        // No branch on the lowest bit, so that this can be done for many words at once.
        (y >> 1) ^ (0u32.wrapping_sub(y & 1) & 0x9908_b0df)
    };
    for i in 0..N - M {
        words[i] = words[i + M] ^ mix(words[i], words[i + 1]);
    }
    for i in N - M..N - 1 {
        words[i] = words[i + M - N] ^ mix(words[i], words[i + 1]);
    }
    words[N - 1] = words[M - 1] ^ mix(words[N - 1], words[0]);
}

/// The random bits that a word of the state stands for.
#[inline(always)]
fn temper(mut y: u32) -> u32 {
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c_5680;
    y ^= (y << 15) & 0xefc6_0000;
    y ^ (y >> 18)
}

#[multiversion(targets = "simd")]
fn temper_all(words: &[u32], out: &mut [u32]) {
    for (out, &word) in out.iter_mut().zip(words) {
        *out = temper(word);
    }
}

/// The form in which a state is written to a checkpoint.
#[derive(Serialize, Deserialize)]
struct Saved {
    words: Vec<u32>,
    next: usize,
}

impl From<Mt19937> for Saved {
    fn from(mt: Mt19937) -> Self {
        Self { words: mt.words.to_vec(), next: mt.next }
    }
}

impl TryFrom<Saved> for Mt19937 {
    type Error = String;

    fn try_from(saved: Saved) -> Result<Self, String> {
        let found = saved.words.len();
        let words: Box<[u32; N]> = saved
            .words
            .into_boxed_slice()
            .try_into()
            .map_err(|_| format!("a generator state has {N} words, not {found}"))?;
        if saved.next > N {
            return Err(format!("the position in a generator state is at most {N}, not {}", saved.next));
        }
        Ok(Self { words, next: saved.next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// First outputs for seed 123, from the specification of chapter 2, section 2.
    #[test]
    fn first_words_of_seed_123() {
        let mut mt = Mt19937::new(123);
        let words: Vec<u32> = (0..8).map(|_| mt.next_u32()).collect();
        assert_eq!(
            words,
            [2991312382, 3062119789, 1228959102, 1840268610, 974319580, 2967327842, 2367878886, 3088727057]
        );
    }

    #[test]
    fn many_words_at_once_are_those_one_by_one() {
        let (mut one, mut many) = (Mt19937::new(5), Mt19937::new(5));
        for n in [0, 1, 7, 623, 624, 625, 3000] {
            let mut words = vec![0; n];
            many.fill(&mut words);
            assert!(words.iter().all(|&word| word == one.next_u32()), "{n} words");
            assert_eq!(one, many);
        }
    }

    #[test]
    fn a_saved_state_goes_on_where_it_stopped() {
        let mut mt = Mt19937::new(7);
        (0..1000).for_each(|_| {
            mt.next_u32();
        });
        let text = serde_json::to_string(&mt).unwrap();
        let mut copy: Mt19937 = serde_json::from_str(&text).unwrap();
        assert_eq!(mt.next_u32(), copy.next_u32());
        assert!(serde_json::from_str::<Mt19937>(r#"{"words":[1,2],"next":0}"#).is_err());
    }
}
