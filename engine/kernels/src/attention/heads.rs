//! The arithmetic of attention, head by head.

use burn_flex::FlexTensor;
use multiversion::multiversion;
use rayon::prelude::*;

use crate::Mask;
use crate::math::{exp, max, sum, sum_pairs};
use crate::product::{MatrixView, product_into};
use crate::tensor::{dense, dims, from_vec, values};

/// Queries that are processed together.
const BAND: usize = 64;

/// The inputs with their sizes.
#[derive(Clone, Debug)]
pub struct Attention {
    queries: FlexTensor,
    keys: FlexTensor,
    values: FlexTensor,
    mask: Option<Mask>,
    shape: [usize; 3],
    heads: usize,
    head_dim: usize,
}

impl Attention {
    pub fn new(inputs: [FlexTensor; 3], heads: usize, mask: Option<Mask>) -> Self {
        let [queries, keys, values] = inputs.map(dense);
        let shape: [usize; 3] = dims(&queries).try_into().expect("queries have three dimensions");
        assert!(dims(&keys) == shape && dims(&values) == shape, "queries, keys and values of the same shape");
        let [batch, tokens, width] = shape;
        assert!(heads > 0 && width.is_multiple_of(heads), "{width} columns for {heads} heads");
        if let Some(mask) = &mask {
            assert_eq!(mask.len(), batch * heads * tokens * tokens, "elements of the mask of the attention weights");
        }
        Self { queries, keys, values, mask, shape, heads, head_dim: width / heads }
    }

    fn scale(&self) -> f32 {
        1.0 / (self.head_dim as f32).sqrt()
    }

    /// Some rows of one head of a tensor with the inputs' shape. Heads are counted over the whole batch.
    fn view<'a>(&self, tensor: &'a [f32], head: usize, first: usize, rows: usize) -> MatrixView<'a> {
        let [_, tokens, width] = self.shape;
        let start = (head / self.heads * tokens + first) * width + head % self.heads * self.head_dim;
        MatrixView::strided(&tensor[start..], rows, self.head_dim, width)
    }

    /// First query and number of queries of each band.
    fn bands(&self) -> impl Iterator<Item = (usize, usize)> {
        let [_, tokens, _] = self.shape;
        (0..tokens).step_by(BAND).map(move |first| (first, BAND.min(tokens - first)))
    }

    /// The context vectors, `[batch, tokens, heads * head_dim]`, and for each query the logarithm of the sum of `e^score`.
    pub fn forward(&self) -> (FlexTensor, Vec<f32>) {
        let [batch, tokens, width] = self.shape;
        let (q, k, v) = (values(&self.queries), values(&self.keys), values(&self.values));
        let mut context = vec![0.0; batch * tokens * width]; // [batch, heads, tokens, head_dim]
        let mut log_sums = vec![0.0; batch * self.heads * tokens];
        let heads = context.par_chunks_mut(tokens * self.head_dim).zip(log_sums.par_chunks_mut(tokens));
        let scratch = || (vec![0.0; BAND * tokens], vec![0.0; tokens]);
        heads.enumerate().for_each_init(scratch, |(scores, factors), (head, (context, log_sums))| {
            for (first, rows) in self.bands() {
                let keys = first + rows;
                let scores = &mut scores[..rows * keys];
                let (queries, all_keys) = (self.view(q, head, first, rows), self.view(k, head, 0, keys));
                product_into(scores, keys, queries, all_keys.transposed(), self.scale(), false);
                for (row, scores) in scores.chunks_exact_mut(keys).enumerate() {
                    let visible = first + row + 1;
                    let factors = &mut factors[..visible];
                    self.factors(head, first + row, factors);
                    log_sums[first + row] = softmax(scores, factors);
                }
                let context = &mut context[first * self.head_dim..][..rows * self.head_dim];
                let weights = MatrixView::new(scores, rows, keys);
                product_into(context, self.head_dim, weights, self.view(v, head, 0, keys), 1.0, false);
            }
        });
        (self.join_heads(&context), log_sums)
    }

    /// The gradients of queries, keys and values.
    pub fn backward(&self, context: &[f32], log_sums: &[f32], dcontext: &[f32]) -> [FlexTensor; 3] {
        let [batch, tokens, width] = self.shape;
        let (q, k, v) = (values(&self.queries), values(&self.keys), values(&self.values));
        let (size, scale) = (batch * tokens * width, self.scale());
        let [mut dq, mut dk, mut dv] = [vec![0.0; size], vec![0.0; size], vec![0.0; size]]; // [batch, heads, tokens, head_dim]
        let per_head = tokens * self.head_dim;
        let heads = dq.par_chunks_mut(per_head).zip(dk.par_chunks_mut(per_head)).zip(dv.par_chunks_mut(per_head));
        let scratch = || (vec![0.0; BAND * tokens], vec![0.0; BAND * tokens], vec![0.0; tokens]);
        heads.enumerate().for_each_init(scratch, |(scores, dweights, factors), (head, ((dq, dk), dv))| {
            let start = head / self.heads * tokens * width + head % self.heads * self.head_dim;
            for (first, rows) in self.bands() {
                let keys = first + rows;
                let (scores, dweights) = (&mut scores[..rows * keys], &mut dweights[..rows * keys]);
                let (queries, all_keys) = (self.view(q, head, first, rows), self.view(k, head, 0, keys));
                let (doutput, all_values) = (self.view(dcontext, head, first, rows), self.view(v, head, 0, keys));
                product_into(scores, keys, queries, all_keys.transposed(), scale, false);
                product_into(dweights, keys, doutput, all_values.transposed(), 1.0, false);
                let both = scores.chunks_exact_mut(keys).zip(dweights.chunks_exact_mut(keys));
                for (row, (scores, dweights)) in both.enumerate() {
                    let query = first + row;
                    let factors = &mut factors[..query + 1];
                    self.factors(head, query, factors);
                    let of_row = start + query * width..start + query * width + self.head_dim;
                    let overlap = dot(&dcontext[of_row.clone()], &context[of_row]);
                    softmax_backward(scores, dweights, factors, log_sums[head * tokens + query], overlap);
                }
                let weights = MatrixView::new(scores, rows, keys).transposed();
                let dscores = MatrixView::new(dweights, rows, keys);
                product_into(dv, self.head_dim, weights, doutput, 1.0, true);
                product_into(dk, self.head_dim, dscores.transposed(), queries, scale, true);
                product_into(&mut dq[first * self.head_dim..], self.head_dim, dscores, all_keys, scale, false);
            }
        });
        [dq, dk, dv].map(|gradient| self.join_heads(&gradient))
    }

    /// The dropout factors of the attention weights of one query, one for each key that it sees.
    fn factors(&self, head: usize, query: usize, factors: &mut [f32]) {
        let [_, tokens, _] = self.shape;
        match &self.mask {
            Some(mask) => mask.factors((head * tokens + query) * tokens, factors),
            None => factors.fill(1.0),
        }
    }

    /// `[batch, heads, tokens, head_dim]` to `[batch, tokens, heads * head_dim]`.
    fn join_heads(&self, separate: &[f32]) -> FlexTensor {
        let [_, tokens, width] = self.shape;
        let mut joined = vec![0.0; separate.len()];
        joined.par_chunks_mut(width).with_min_len(16).enumerate().for_each(|(row, joined)| {
            let (text, token) = (row / tokens, row % tokens);
            for (head, joined) in joined.chunks_exact_mut(self.head_dim).enumerate() {
                let start = ((text * self.heads + head) * tokens + token) * self.head_dim;
                joined.copy_from_slice(&separate[start..start + self.head_dim]);
            }
        });
        from_vec(joined, &self.shape)
    }
}

/// Turns the scores of one query into attention weights after dropout, with 0 for the keys that it does not see, and returns
/// the logarithm of the sum. There is one dropout factor for each key that it sees.
#[multiversion(targets = "simd")]
fn softmax(scores: &mut [f32], factors: &[f32]) -> f32 {
    let (visible, hidden) = scores.split_at_mut(factors.len());
    hidden.fill(0.0);
    let largest = max(visible);
    for x in visible.iter_mut() {
        *x = exp(*x - largest);
    }
    let total = sum(visible, |x| x);
    let inverse = 1.0 / total;
    for (x, factor) in visible.iter_mut().zip(factors) {
        *x *= inverse * factor;
    }
    largest + total.ln()
}

/// Turns the scores of one query into attention weights after dropout again, and the gradients of these weights into the
/// gradients of the scores. `overlap` is the scalar product of the query's context vector with its gradient.
#[multiversion(targets = "simd")]
fn softmax_backward(scores: &mut [f32], gradients: &mut [f32], factors: &[f32], log_sum: f32, overlap: f32) {
    let ((visible, hidden), (of_visible, of_hidden)) =
        (scores.split_at_mut(factors.len()), gradients.split_at_mut(factors.len()));
    hidden.fill(0.0);
    of_hidden.fill(0.0);
    for ((x, gradient), factor) in visible.iter_mut().zip(of_visible).zip(factors) {
        let weight = exp(*x - log_sum);
        *x = weight * factor;
        *gradient = weight * (*gradient * factor - overlap);
    }
}

#[multiversion(targets = "simd")]
fn dot(x: &[f32], y: &[f32]) -> f32 {
    sum_pairs(x, y, |x, y| x * y)
}
