//! Attention of many new tokens over the keys and values of all.

use multiversion::multiversion;
use rayon::prelude::*;

use crate::math::{exp, max, sum};
use crate::product::{MatrixView, product_into};

/// Queries that are computed together, with the keys up to the last of them.
const QUERIES: usize = 64;

/// What attention does with the scores.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Scores are multiplied with it before softmax.
    pub factor: f32,
    /// Maximum number of tokens that a token sees, itself included.
    pub window: usize,
}

impl Span {
    /// A token sees all tokens before it; scores are divided by the square root of `head_dim`.
    pub fn all(head_dim: usize) -> Self {
        Self { factor: 1.0 / (head_dim as f32).sqrt(), window: usize::MAX }
    }

    /// The first position that the token at `position` sees.
    pub fn first_seen(self, position: usize) -> usize {
        (position + 1).saturating_sub(self.window)
    }
}

/// Attention of `new` tokens that follow `kept` others, in all heads, on all threads.
///
/// # Shapes
/// - `queries`: `[new, stride]`, of which the first `heads * head_dim` columns are used;
/// - `heads`: the keys and values of each query head, `[kept + new, head_dim]`;
/// - result: `[new, heads * head_dim]`.
pub fn attend_many(
    queries: &[f32],
    stride: usize,
    heads: &[(&[f32], &[f32])],
    kept: usize,
    new: usize,
    span: Span,
) -> Vec<f32> {
    let head_dim = heads[0].0.len() / (kept + new);
    let width = heads.len() * head_dim;
    // Head by head, so that every group of queries has its own slice: [heads, new, head_dim].
    let mut by_head = vec![0.0; new * width];
    by_head.par_chunks_mut(new * head_dim).enumerate().for_each(|(head, context)| {
        let (keys, values) = heads[head];
        context.par_chunks_mut(QUERIES * head_dim).enumerate().for_each_init(Vec::new, |scores, (chunk, context)| {
            let first = chunk * QUERIES;
            let rows = context.len() / head_dim;
            let queries = MatrixView::strided(&queries[first * stride + head * head_dim..], rows, head_dim, stride);
            let seen = span.first_seen(kept + first);
            let (keys, values) = (&keys[seen * head_dim..], &values[seen * head_dim..]);
            scores.resize(rows * (kept + first + rows - seen), 0.0);
            attend_rows(queries, rows, kept + first - seen, (keys, values), span, scores, context);
        });
    });
    let mut context = vec![0.0; new * width];
    context.par_chunks_mut(width).enumerate().for_each(|(i, row)| {
        for (head, part) in row.chunks_exact_mut(head_dim).enumerate() {
            part.copy_from_slice(&by_head[(head * new + i) * head_dim..][..head_dim]);
        }
    });
    context
}

/// Attention of `rows` queries, the first of which is at position `first`.
///
/// # Shapes
/// - `queries`: `[rows, head_dim]`; keys and values: `[at least first + rows, head_dim]`; `scores`:
///   `[rows, first + rows]`, overwritten; `context`: `[rows, head_dim]`.
fn attend_rows(
    queries: MatrixView,
    rows: usize,
    first: usize,
    (keys, values): (&[f32], &[f32]),
    span: Span,
    scores: &mut [f32],
    context: &mut [f32],
) {
    let (head_dim, tokens) = (context.len() / rows, first + rows);
    let keys = MatrixView::new(keys, tokens, head_dim).transposed();
    product_into(scores, tokens, queries, keys, 1.0, false);
    for (i, scores) in scores.chunks_exact_mut(tokens).enumerate() {
        let (before, later) = scores.split_at_mut(first + i + 1);
        let (forgotten, seen) = before.split_at_mut(span.first_seen(first + i));
        forgotten.fill(0.0);
        softmax_of_row(seen, span.factor);
        later.fill(0.0);
    }
    let (weights, values) = (MatrixView::new(scores, rows, tokens), MatrixView::new(values, tokens, head_dim));
    product_into(context, head_dim, weights, values, 1.0, false);
}

#[multiversion(targets = "simd")]
fn softmax_of_row(scores: &mut [f32], factor: f32) {
    softmax(scores, factor);
}

/// Softmax of `factor` times the scores, in place: `e^(factor (s - max)) / sum`.
#[inline(always)]
pub fn softmax(scores: &mut [f32], factor: f32) {
    let largest = max(scores);
    for score in &mut *scores {
        *score = exp(factor * (*score - largest));
    }
    let scale = 1.0 / sum(scores, |score| score);
    for score in scores {
        *score *= scale;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_sum_to_1_and_keep_ratios() {
        let mut scores = [1.0, 2.0, 4.0];
        softmax(&mut scores, 0.5);
        assert!((scores.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!((scores[2] / scores[1] - 1.0f32.exp()).abs() < 1e-5);
    }
}
