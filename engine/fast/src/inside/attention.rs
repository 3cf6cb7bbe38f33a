//! Attention weights of all heads to look at: `softmax(mask(Q·Kᵀ) · factor)`, the lesson's
//! [`weights`](ch03_attention::bonus::heads::weights).

use std::ops::Range;

use burn::tensor::{Tensor, TensorData};
use kernels::Heads;
use kernels::product::{MatrixView, product_into};
use rayon::prelude::*;

/// The causal attention weights of the first `n` tokens; `None` if `n` is 0. No token after them matters. They record no
/// gradients.
///
/// # Shapes
/// - `queries`: `[batch, tokens, heads.queries * head_dim]`; `keys`: `[batch, tokens, heads.keys * head_dim]`;
/// - result: `[batch, heads.queries, n, n]`, one row per query.
///
/// # Panics
/// If there are fewer tokens, or the tensors are not 32-bit numbers.
pub fn weights(queries: &Tensor<3>, keys: &Tensor<3>, heads: Heads, n: usize) -> Option<Tensor<4>> {
    let [batch, tokens, width] = queries.dims();
    assert!(n <= tokens, "attention weights of {n} tokens, but there are {tokens}");
    if n == 0 {
        return None;
    }
    let head_dim = width / heads.queries;
    let [queries, keys] = [queries, keys].map(|tensor| tensor.clone().inner());
    let device = queries.device();
    let [queries, keys] = [queries, keys].map(Tensor::into_data);
    let mut weights = vec![0.0; batch * heads.queries * n * n];
    weights.par_chunks_exact_mut(n * n).enumerate().for_each(|(i, weights)| {
        let (text, head) = (i / heads.queries, i % heads.queries);
        let of_head = |data, head, heads| {
            let width = heads * head_dim;
            MatrixView::strided(&numbers(data)[text * tokens * width + head * head_dim..], n, head_dim, width)
        };
        let some_queries = of_head(&queries, head, heads.queries);
        let some_keys = of_head(&keys, head / (heads.queries / heads.keys), heads.keys);
        product_into(weights, n, some_queries, some_keys.transposed(), heads.factor, false);
        for (query, scores) in weights.chunks_exact_mut(n).enumerate() {
            softmax(scores, seen(query, heads.window));
        }
    });
    Some(Tensor::from_data(TensorData::new(weights, [batch, heads.queries, n, n]), &device))
}

fn numbers(data: &TensorData) -> &[f32] {
    data.as_slice().expect("32-bit numbers")
}

/// The keys that a query sees.
fn seen(query: usize, window: Option<usize>) -> Range<usize> {
    window.map_or(0, |window| (query + 1).saturating_sub(window))..query + 1
}

/// Turns the scores of one query into weights; those of keys that it does not see become 0.
fn softmax(scores: &mut [f32], seen: Range<usize>) {
    scores[..seen.start].fill(0.0);
    scores[seen.end..].fill(0.0);
    let scores = &mut scores[seen];
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    scores.iter_mut().for_each(|x| *x = (*x - largest).exp());
    let total: f32 = scores.iter().sum();
    scores.iter_mut().for_each(|x| *x /= total);
}

/// Numbers from 0 to 1 as the nearest of 65,536 steps: half a step is 8 millionths. `None` if one is not a number.
pub fn in_steps(weights: &[f32]) -> Option<Vec<u16>> {
    const PART: usize = 1 << 14;
    let parts = weights.par_chunks(PART).map(|part| part.iter().all(|weight| !weight.is_nan()));
    let steps = |weight: &f32| (weight * f32::from(u16::MAX) + 0.5) as u16;
    parts.reduce(|| true, |a, b| a && b).then(|| weights.par_iter().with_min_len(PART).map(steps).collect())
}
