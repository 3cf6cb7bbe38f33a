//! The arithmetic of attention, head by head.

use std::ops::Range;

use burn_flex::FlexTensor;
use multiversion::multiversion;

use super::Heads;
use crate::Mask;
use crate::math::{exp, max, sum, sum_pairs};
use crate::parts::{in_parts, in_parts_with};
use crate::product::{MatrixView, product_into};
use crate::tensor::{dense, dims, from_vec, values};

/// Queries that are processed together.
const BAND: usize = 64;

/// Tokens whose heads a thread joins at a time.
const ROWS: usize = 16;

/// The inputs with their sizes.
#[derive(Clone, Debug)]
pub struct Attention {
    queries: FlexTensor,
    keys: FlexTensor,
    values: FlexTensor,
    mask: Option<Mask>,
    batch: usize,
    tokens: usize,
    heads: Heads,
    head_dim: usize,
}

/// Queries that are processed together, and the keys that they see.
#[derive(Clone)]
struct Band {
    queries: Range<usize>,
    keys: Range<usize>,
}

impl Attention {
    pub fn new(inputs: [FlexTensor; 3], heads: Heads, mask: Option<Mask>) -> Self {
        let [queries, keys, values] = inputs.map(dense);
        let [batch, tokens, width] = dims(&queries).try_into().expect("queries have three dimensions");
        let Heads { queries: of_queries, keys: of_keys, window, .. } = heads;
        assert!(of_queries > 0 && width.is_multiple_of(of_queries), "{width} columns for {of_queries} heads");
        let is_shared = of_keys > 0 && of_queries.is_multiple_of(of_keys);
        assert!(is_shared, "{of_queries} heads of queries share {of_keys} heads of keys");
        assert_ne!(window, Some(0), "a query sees its own token");
        let (head_dim, shape) = (width / of_queries, [batch, tokens, of_keys * width / of_queries]);
        assert!(dims(&keys) == shape && dims(&values) == shape, "keys and values of the shape {shape:?}");
        if let Some(mask) = &mask {
            assert_eq!(
                mask.len(),
                batch * of_queries * tokens * tokens,
                "elements of the mask of the attention weights"
            );
        }
        Self { queries, keys, values, mask, batch, tokens, heads, head_dim }
    }

    /// Some rows of one head of queries, of the context or of a gradient of these. Heads are counted over the whole batch.
    fn of_queries<'a>(&self, tensor: &'a [f32], head: usize, rows: &Range<usize>) -> MatrixView<'a> {
        self.view(tensor, head, self.heads.queries, rows)
    }

    /// Some rows of the head of keys or values that a head of queries uses.
    fn of_keys<'a>(&self, tensor: &'a [f32], head: usize, rows: &Range<usize>) -> MatrixView<'a> {
        self.view(tensor, head / self.group(), self.heads.keys, rows)
    }

    fn view<'a>(&self, tensor: &'a [f32], head: usize, heads: usize, rows: &Range<usize>) -> MatrixView<'a> {
        let width = heads * self.head_dim;
        let start = (head / heads * self.tokens + rows.start) * width + head % heads * self.head_dim;
        MatrixView::strided(&tensor[start..], rows.len(), self.head_dim, width)
    }

    /// Heads of queries that share a head of keys.
    fn group(&self) -> usize {
        self.heads.queries / self.heads.keys
    }

    fn bands(&self) -> impl Iterator<Item = Band> {
        (0..self.tokens).step_by(BAND).map(|first| {
            let end = self.tokens.min(first + BAND);
            Band { queries: first..end, keys: self.seen(first).start..end }
        })
    }

    /// The keys that a query sees.
    fn seen(&self, query: usize) -> Range<usize> {
        let first = self.heads.window.map_or(0, |window| (query + 1).saturating_sub(window));
        first..query + 1
    }

    /// The context vectors, `[batch, tokens, heads * head_dim]`, and for each query the logarithm of the sum of `e^score`.
    pub fn forward(&self) -> (FlexTensor, Vec<f32>) {
        let Self { batch, tokens, head_dim, heads: Heads { queries: heads, factor, .. }, .. } = *self;
        let (q, k, v) = (values(&self.queries), values(&self.keys), values(&self.values));
        let mut log_sums = vec![0.0; batch * heads * tokens];
        let (per_head, all_heads) = (tokens * head_dim, (&mut log_sums[..], tokens));
        // [batch, heads, tokens, head_dim]
        let context = in_parts_with(batch * heads * per_head, per_head, all_heads, |head, context, log_sums| {
            let (scores, factors) = (&mut vec![0.0; BAND * tokens], &mut vec![0.0; tokens]);
            for Band { queries, keys } in self.bands() {
                let scores = &mut scores[..queries.len() * keys.len()];
                let (some_queries, some_keys) = (self.of_queries(q, head, &queries), self.of_keys(k, head, &keys));
                product_into(scores, keys.len(), some_queries, some_keys.transposed(), factor, false);
                for (query, scores) in queries.clone().zip(scores.chunks_exact_mut(keys.len())) {
                    let factors = self.factors(head, query, factors);
                    log_sums[query] = softmax(self.hide(query, &keys, scores), factors);
                }
                let context = &mut context[queries.start * head_dim..queries.end * head_dim];
                let weights = MatrixView::new(scores, queries.len(), keys.len());
                product_into(context, head_dim, weights, self.of_keys(v, head, &keys), 1.0, false);
            }
        });
        (self.join_heads(&context, per_head, 1), log_sums)
    }

    /// The gradients of queries, keys and values.
    pub fn backward(&self, context: &[f32], log_sums: &[f32], dcontext: &[f32]) -> [FlexTensor; 3] {
        let Self { batch, tokens, head_dim, heads: Heads { queries: heads, factor, .. }, .. } = *self;
        let (q, k, v) = (values(&self.queries), values(&self.keys), values(&self.values));
        let per_head = tokens * head_dim;
        // [batch, heads, 3, tokens, head_dim]
        let all = in_parts(batch * heads * 3 * per_head, 3 * per_head, |head, gradients| {
            let (dq, gradients) = gradients.split_at_mut(per_head);
            let (dk, dv) = gradients.split_at_mut(per_head);
            let (scores, dweights) = (&mut vec![0.0; BAND * tokens], &mut vec![0.0; BAND * tokens]);
            let factors = &mut vec![0.0; tokens];
            for Band { queries, keys } in self.bands() {
                let n = keys.len();
                let (scores, dweights) = (&mut scores[..queries.len() * n], &mut dweights[..queries.len() * n]);
                let (some_queries, some_keys) = (self.of_queries(q, head, &queries), self.of_keys(k, head, &keys));
                let (doutput, some_values) = (self.of_queries(dcontext, head, &queries), self.of_keys(v, head, &keys));
                product_into(scores, n, some_queries, some_keys.transposed(), factor, false);
                product_into(dweights, n, doutput, some_values.transposed(), 1.0, false);
                let both = scores.chunks_exact_mut(n).zip(dweights.chunks_exact_mut(n));
                for (query, (scores, dweights)) in queries.clone().zip(both) {
                    let factors = self.factors(head, query, factors);
                    let overlap = dot(self.row(dcontext, head, query), self.row(context, head, query));
                    let (scores, dweights) = (self.hide(query, &keys, scores), self.hide(query, &keys, dweights));
                    softmax_backward(scores, dweights, factors, log_sums[head * tokens + query], overlap);
                }
                let weights = MatrixView::new(scores, queries.len(), n).transposed();
                let dscores = MatrixView::new(dweights, queries.len(), n);
                let of_keys = keys.start * head_dim..keys.end * head_dim;
                product_into(&mut dv[of_keys.clone()], head_dim, weights, doutput, 1.0, true);
                product_into(&mut dk[of_keys], head_dim, dscores.transposed(), some_queries, factor, true);
                product_into(&mut dq[queries.start * head_dim..], head_dim, dscores, some_keys, factor, false);
            }
        });
        let join = |i: usize, group| self.join_heads(&all[i * per_head..], 3 * per_head, group);
        [join(0, 1), join(1, self.group()), join(2, self.group())]
    }

    /// The vector of one query in a tensor with the shape of the queries.
    fn row<'a>(&self, tensor: &'a [f32], head: usize, query: usize) -> &'a [f32] {
        let heads = self.heads.queries;
        let start = ((head / heads * self.tokens + query) * heads + head % heads) * self.head_dim;
        &tensor[start..start + self.head_dim]
    }

    /// The dropout factors of the attention weights of one query, one for each key that it sees.
    fn factors<'a>(&self, head: usize, query: usize, factors: &'a mut [f32]) -> &'a [f32] {
        let seen = self.seen(query);
        let factors = &mut factors[..seen.len()];
        match &self.mask {
            Some(mask) => mask.factors((head * self.tokens + query) * self.tokens + seen.start, factors),
            None => factors.fill(1.0),
        }
        factors
    }

    /// The numbers of the keys that a query sees, out of those of its band; the others become 0.
    fn hide<'a>(&self, query: usize, band: &Range<usize>, numbers: &'a mut [f32]) -> &'a mut [f32] {
        let Range { start, end } = self.seen(query);
        let (visible, later) = numbers.split_at_mut(end - band.start);
        later.fill(0.0);
        let (earlier, visible) = visible.split_at_mut(start - band.start);
        earlier.fill(0.0);
        visible
    }

    /// `[batch, tokens, heads / group * head_dim]`: the sum of each group of heads. The `[tokens, head_dim]` numbers of each
    /// head begin `stride` numbers after those of the head before.
    fn join_heads(&self, separate: &[f32], stride: usize, group: usize) -> FlexTensor {
        let Self { batch, tokens, head_dim, heads: Heads { queries: heads, .. }, .. } = *self;
        let width = heads / group * head_dim;
        let joined = in_parts(batch * tokens * width, ROWS * width, |part, joined| {
            for (row, joined) in (part * ROWS..).zip(joined.chunks_exact_mut(width)) {
                let (text, token) = (row / tokens, row % tokens);
                for (i, joined) in joined.chunks_exact_mut(head_dim).enumerate() {
                    for head in i * group..(i + 1) * group {
                        let vector = &separate[(text * heads + head) * stride + token * head_dim..][..head_dim];
                        joined.iter_mut().zip(vector).for_each(|(sum, x)| *sum += x);
                    }
                }
            }
        });
        from_vec(joined, &[batch, tokens, width])
    }
}

/// Turns the scores of one query into attention weights after dropout, and returns the logarithm of the sum. There is one
/// score and one dropout factor for each key that it sees.
#[multiversion(targets = "simd")]
fn softmax(scores: &mut [f32], factors: &[f32]) -> f32 {
    let largest = max(scores);
    for x in scores.iter_mut() {
        *x = exp(*x - largest);
    }
    let total = sum(scores, |x| x);
    let inverse = 1.0 / total;
    for (x, factor) in scores.iter_mut().zip(factors) {
        *x *= inverse * factor;
    }
    largest + total.ln()
}

/// Turns the scores of one query into attention weights after dropout again, and the gradients of these weights into the
/// gradients of the scores. `overlap` is the scalar product of the query's context vector with its gradient.
#[multiversion(targets = "simd")]
fn softmax_backward(scores: &mut [f32], gradients: &mut [f32], factors: &[f32], log_sum: f32, overlap: f32) {
    for ((x, gradient), factor) in scores.iter_mut().zip(gradients).zip(factors) {
        let weight = exp(*x - log_sum);
        *x = weight * factor;
        *gradient = weight * (*gradient * factor - overlap);
    }
}

#[multiversion(targets = "simd")]
fn dot(x: &[f32], y: &[f32]) -> f32 {
    sum_pairs(x, y, |x, y| x * y)
}
