//! The cached keys and values of a head, and the attention of one token over them, for the query heads that share them: one in a
//! GPT, several in a Llama.
//!
//! A key or value is read once for all of these heads. Keys are kept in blocks of [`BLOCK`] tokens, `[head_dim, BLOCK]` each,
//! so that the scores of a whole block are computed side by side, without sums across a vector register.

use std::array;
use std::ops::Range;

use multiversion::multiversion;

use super::attention::{Span, softmax};

/// Tokens in a block of keys.
const BLOCK: usize = 32;

/// Query heads that are computed together at most.
pub const TOGETHER: usize = 4;

/// Numbers of a value that are added at once.
const LANES: usize = 32;

/// The keys, after norm and rotation, and the values of one head in one block of the model.
#[derive(Debug, Default)]
pub struct KeysAndValues {
    /// `[blocks of tokens, head_dim, BLOCK]`; what follows the last token has no meaning.
    keys: Vec<f32>,
    /// `[tokens, head_dim]`.
    values: Vec<f32>,
}

impl KeysAndValues {
    /// Stores the key of the token at `position`, which forgets those behind it.
    pub fn push_key(&mut self, position: usize, key: &[f32]) {
        let (block, lane) = (position / BLOCK * BLOCK * key.len(), position % BLOCK);
        self.keys.resize(block + BLOCK * key.len(), 0.0);
        let lanes = self.keys[block + lane..].iter_mut().step_by(BLOCK);
        lanes.zip(key).for_each(|(place, value)| *place = *value);
    }

    /// Stores the value of the token at `position`, which forgets those behind it.
    pub fn push_value(&mut self, position: usize, value: &[f32]) {
        self.values.truncate(position * value.len());
        self.values.extend_from_slice(value);
    }

    /// A copy of the first `tokens` tokens.
    pub fn first(&self, tokens: usize, head_dim: usize) -> Self {
        let keys = self.keys[..tokens.next_multiple_of(BLOCK) * head_dim].to_vec();
        Self { keys, values: self.values[..tokens * head_dim].to_vec() }
    }

    /// The keys of the first `tokens` tokens, `[tokens, head_dim]`.
    pub fn keys_by_token(&self, tokens: usize, head_dim: usize) -> Vec<f32> {
        let mut rows = vec![0.0; tokens * head_dim];
        let blocks = rows.chunks_mut(BLOCK * head_dim).zip(self.keys.chunks_exact(BLOCK * head_dim));
        for (rows, block) in blocks {
            for (lane, row) in rows.chunks_exact_mut(head_dim).enumerate() {
                row.iter_mut().zip(block[lane..].iter().step_by(BLOCK)).for_each(|(key, value)| *key = *value);
            }
        }
        rows
    }

    /// The values, `[tokens, head_dim]`.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Attention of the token at `position`: `softmax(factor q K^T) V` for each of up to [`TOGETHER`] heads.
    ///
    /// # Shapes
    /// - `queries`, `contexts`: `[heads, head_dim]`; `contexts` is overwritten;
    /// - `scores`: room for `heads` times the tokens; overwritten.
    pub fn attend(
        &self,
        queries: &[f32],
        position: usize,
        span: Span,
        head_dim: usize,
        scores: &mut Vec<f32>,
        contexts: &mut [f32],
    ) {
        // The scores begin with the block of the first token that is seen.
        let seen = span.first_seen(position);
        let start = seen / BLOCK * BLOCK;
        let blocks = (position + 1 - start).div_ceil(BLOCK);
        let heads = queries.len() / head_dim;
        let keys = &self.keys[start * head_dim..][..blocks * BLOCK * head_dim];
        let values = &self.values[start * head_dim..(position + 1) * head_dim];
        scores.resize(heads * blocks * BLOCK, 0.0);
        let seen = seen - start..position + 1 - start;
        attend(Attention { queries, keys, values, head_dim, factor: span.factor }, seen, scores, contexts);
    }
}

/// What attention reads.
#[derive(Clone, Copy)]
struct Attention<'a> {
    queries: &'a [f32],
    keys: &'a [f32],
    values: &'a [f32],
    head_dim: usize,
    factor: f32,
}

#[multiversion(targets = "simd")]
fn attend(input: Attention, seen: Range<usize>, scores: &mut [f32], contexts: &mut [f32]) {
    match input.queries.len() / input.head_dim {
        1 => attend_heads::<1>(input, seen, scores, contexts),
        2 => attend_heads::<2>(input, seen, scores, contexts),
        3 => attend_heads::<3>(input, seen, scores, contexts),
        _ => attend_heads::<TOGETHER>(input, seen, scores, contexts),
    }
}

#[inline(always)]
fn attend_heads<const N: usize>(input: Attention, seen: Range<usize>, scores: &mut [f32], contexts: &mut [f32]) {
    let Attention { queries, keys, values, head_dim, factor } = input;
    let queries: [&[f32]; N] = array::from_fn(|head| &queries[head * head_dim..][..head_dim]);
    let stride = scores.len() / N;
    for (block, keys) in keys.chunks_exact(BLOCK * head_dim).enumerate() {
        let mut sums = [[0.0; BLOCK]; N];
        let (pairs, last) = keys.as_chunks::<BLOCK>().0.as_chunks::<2>();
        for (i, [key, next]) in pairs.iter().enumerate() {
            for (sums, query) in sums.iter_mut().zip(queries) {
                add_two(sums, [query[2 * i], query[2 * i + 1]], key, next);
            }
        }
        if let [key] = last {
            for (sums, query) in sums.iter_mut().zip(queries) {
                add_two(sums, [query[head_dim - 1], 0.0], key, &[0.0; BLOCK]);
            }
        }
        for (head, sums) in sums.iter().enumerate() {
            scores[head * stride + block * BLOCK..][..BLOCK].copy_from_slice(sums);
        }
    }
    scores.chunks_exact_mut(stride).for_each(|scores| softmax(&mut scores[seen.clone()], factor));
    let weights: [&[f32]; N] = array::from_fn(|head| &scores[head * stride..][seen.clone()]);
    let values = &values[seen.start * head_dim..];
    for first in (0..head_dim).step_by(LANES) {
        let width = LANES.min(head_dim - first);
        let part = |token: usize| &values[token * head_dim + first..][..width];
        let sums = match width == LANES {
            true => sums_of_values(weights, |token| *part(token).first_chunk().unwrap_or(&[0.0; LANES])),
            // The last numbers of heads whose width is not a multiple.
            false => sums_of_values(weights, |token| {
                let mut padded = [0.0; LANES];
                padded[..width].copy_from_slice(part(token));
                padded
            }),
        };
        for (head, sums) in sums.iter().enumerate() {
            contexts[head * head_dim + first..][..width].copy_from_slice(&sums[..width]);
        }
    }
}

/// The sums of the values of all tokens, times the weights of each head.
#[inline(always)]
fn sums_of_values<const N: usize>(weights: [&[f32]; N], value: impl Fn(usize) -> [f32; LANES]) -> [[f32; LANES]; N] {
    let tokens = weights[0].len();
    let mut sums = [[0.0; LANES]; N];
    for token in (0..tokens - tokens % 2).step_by(2) {
        let (this, next) = (value(token), value(token + 1));
        for (sums, weights) in sums.iter_mut().zip(weights) {
            add_two(sums, [weights[token], weights[token + 1]], &this, &next);
        }
    }
    if tokens % 2 == 1 {
        let last = value(tokens - 1);
        for (sums, weights) in sums.iter_mut().zip(weights) {
            add_two(sums, [weights[tokens - 1], 0.0], &last, &[0.0; LANES]);
        }
    }
    sums
}

/// Adds `a x + b y`. Two at once are enough work for the compiler to vectorize the loop instead of unrolling it.
#[inline(always)]
fn add_two<const L: usize>(sums: &mut [f32; L], [a, b]: [f32; 2], x: &[f32; L], y: &[f32; L]) {
    for (sum, (x, y)) in sums.iter_mut().zip(x.iter().zip(y)) {
        *sum += a * x + b * y;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::numbers;

    /// The context vector of one head, in 64 bits.
    fn expected(query: &[f32], keys: &[f32], values: &[f32], factor: f32) -> Vec<f64> {
        let rows = |numbers: &[f32]| -> Vec<Vec<f64>> {
            numbers.chunks(query.len()).map(|row| row.iter().map(|x| f64::from(*x)).collect()).collect()
        };
        let score =
            |key: &Vec<f64>| key.iter().zip(query).map(|(k, q)| k * f64::from(*q)).sum::<f64>() * f64::from(factor);
        let weights: Vec<f64> = rows(keys).iter().map(|key| score(key).exp()).collect();
        let total: f64 = weights.iter().sum();
        let values = rows(values);
        let number =
            |i: usize| weights.iter().zip(&values).map(|(weight, value)| weight * value[i]).sum::<f64>() / total;
        (0..query.len()).map(number).collect()
    }

    #[test]
    fn heads_together_are_each_head_alone() {
        for (head_dim, heads, tokens, window) in
            [(4, 1, 1, 9), (5, 1, 40, 99), (32, 3, 33, 99), (64, 4, 100, 20), (40, 2, 64, 33), (128, 3, 32, 1)]
        {
            let (keys, values) = (numbers(tokens * head_dim, 1), numbers(tokens * head_dim, 2));
            let mut cache = KeysAndValues::default();
            // The second half once more: what was there is forgotten.
            for position in (0..tokens).chain(tokens / 2..tokens) {
                cache.push_key(position, &keys[position * head_dim..][..head_dim]);
                cache.push_value(position, &values[position * head_dim..][..head_dim]);
            }
            assert_eq!(cache.keys_by_token(tokens, head_dim), keys);
            let queries = numbers(heads * head_dim, 3);
            let span = Span { factor: 0.3, window };
            for seen in [tokens.div_ceil(2), tokens] {
                let copy = cache.first(seen, head_dim);
                let (mut scores, mut found) = (Vec::new(), vec![9.0; heads * head_dim]);
                copy.attend(&queries, seen - 1, span, head_dim, &mut scores, &mut found);
                let part = span.first_seen(seen - 1) * head_dim..seen * head_dim;
                let of_head = |query| expected(query, &keys[part.clone()], &values[part.clone()], span.factor);
                for (found, expected) in found.iter().zip(queries.chunks(head_dim).flat_map(of_head)) {
                    assert!(
                        (f64::from(*found) - expected).abs() < 1e-5,
                        "{heads} heads: {found} instead of {expected}"
                    );
                }
            }
        }
    }
}
