//! The most likely tokens after each layer.

use rayon::prelude::*;

use crate::top_k::most_likely;

/// The `k` most likely tokens of each row of logits with their probabilities, the most likely one first: of what
/// [`read`](super::Inspect::read) returns, one row for each hidden state.
///
/// # Panics
/// If `vocab_size` or `k` is 0.
pub fn likely_tokens(logits: &[f32], vocab_size: usize, k: usize) -> Vec<Vec<(u32, f32)>> {
    logits.par_chunks_exact(vocab_size).map(|logits| likely(logits, k)).collect()
}

/// Sums of tens of thousands of numbers have 64 bits.
fn likely(logits: &[f32], k: usize) -> Vec<(u32, f32)> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exponential = |logit: f32| f64::from((logit - largest).exp());
    let total: f64 = logits.iter().map(|&logit| exponential(logit)).sum();
    let probability = |id: u32| (exponential(logits[id as usize]) / total) as f32;
    candidates(logits, k).into_iter().map(|id| (id, probability(id))).collect()
}

/// [`most_likely`] for a small `k`. As many chunks of logits as tokens are wanted have a largest logit that is not below the
/// `k`-th largest of all of these; so no token below that is among the wanted ones.
fn candidates(logits: &[f32], k: usize) -> Vec<u32> {
    const CHUNK: usize = 64;
    let largest = |chunk: &[f32]| chunk.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let maxima: Vec<f32> = logits.chunks(CHUNK).map(largest).collect();
    let Some(&chunk) = most_likely(&maxima, k).get(k - 1) else { return most_likely(logits, k) };
    let least = maxima[chunk as usize];
    let ids: Vec<u32> = (0..).zip(logits).filter_map(|(id, &logit)| (logit >= least).then_some(id)).collect();
    let some: Vec<f32> = ids.iter().map(|&id| logits[id as usize]).collect();
    most_likely(&some, k).into_iter().map(|index| ids[index as usize]).collect()
}

#[cfg(test)]
mod tests {
    use burn::tensor::activation::softmax;
    use burn::tensor::{Device, Tensor};

    use super::*;

    #[test]
    fn probabilities_are_those_of_softmax() {
        let rows = [[0.5, 2.0, -1.0, 2.5], [90.0, 0.0, 91.0, -90.0]];
        let logits = rows.concat();
        let expected: Vec<f32> =
            softmax(Tensor::<2>::from_floats(rows, &Device::flex()), 1).into_data().iter().collect();
        let found = likely_tokens(&logits, 4, 2);
        assert_eq!(
            found.iter().map(|row| row.iter().map(|(id, _)| *id).collect()).collect::<Vec<Vec<u32>>>(),
            [[3, 1], [2, 0]]
        );
        for (row, tokens) in found.iter().enumerate() {
            for (id, probability) in tokens {
                assert!((probability - expected[row * 4 + *id as usize]).abs() < 1e-6, "{probability}");
            }
        }
    }

    /// Repeated logits too, of which the smaller id comes first.
    #[test]
    fn candidates_are_the_most_likely() {
        for n in [1, 5, 64, 320, 1000, 50257] {
            let logits: Vec<f32> = (0..n).map(|i| ((i * 7919) % 1009) as f32 / 64.0 - 8.0).collect();
            for k in 1..=6 {
                assert_eq!(candidates(&logits, k), most_likely(&logits, k), "{k} of {n}");
            }
        }
    }
}
