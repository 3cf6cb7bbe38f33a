//! Causal attention of all heads.
//!
//! ```text
//! S = Q Kᵀ / √head_dim,  P = softmax(S) below the diagonal,  A = P f with the factors f of dropout,  O = A V
//!
//! dV = Aᵀ dO        dP = (dO Vᵀ) f        dS = P (dP - rows of dO · O)        dQ = dS K / √head_dim        dK = dSᵀ Q / √head_dim
//! ```
//!
//! The heads stay where the projections wrote them, as columns of `[batch, tokens, heads * head_dim]`. Every head is
//! worked through in bands of 64 queries, and a band looks only at the keys up to its last query: half of the scores
//! are never computed. The attention weights exist for one band at a time. On the way back they are computed again from the
//! logarithm of each row's sum, which is all that is kept (Dao et al., "FlashAttention", 2022, without its tiling over
//! keys: a band of scores fits into the cache of a CPU).

use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use burn_autodiff::checkpoint::base::Checkpointer;
use burn_autodiff::checkpoint::strategy::CheckpointStrategy;
use burn_autodiff::grads::Gradients;
use burn_autodiff::ops::{Backward, Ops, OpsKind};
use burn_flex::FlexTensor;
use multiversion::multiversion;
use rayon::prelude::*;

use crate::Mask;
use crate::autodiff::{incoming, inputs, register};
use crate::math::{exp, max, sum, sum_pairs};
use crate::product::{Matrix, product_into};
use crate::tensor::{dense, dims, from_vec, values};

/// Queries that are worked on at once.
const BAND: usize = 64;

/// The context vectors of causal attention with `heads` heads: column `h * head_dim + i` belongs to head `h`.
///
/// # Shapes
/// - `queries`, `keys`, `values`: `[batch, tokens, heads * head_dim]`; the result has the same;
/// - `mask`: dropout of the attention weights `[batch, heads, tokens, tokens]`.
///
/// # Panics
/// If the shapes or the mask do not fit, or the tensors are not 32-bit numbers on the CPU.
pub fn causal_attention(
    queries: Tensor<3>,
    keys: Tensor<3>,
    values: Tensor<3>,
    heads: usize,
    mask: Option<Mask>,
) -> Tensor<3> {
    let (queries, keys, values) = (queries.into_dispatch(), keys.into_dispatch(), values.into_dispatch());
    Tensor::from_dispatch(Dispatch::attend(queries, keys, values, heads, mask))
}

/// The operation for burn's dispatch.
#[backend_extension(Flex, Autodiff)]
trait AttentionOps: Backend {
    fn attend(
        queries: FloatTensor<Self>,
        keys: FloatTensor<Self>,
        values: FloatTensor<Self>,
        heads: usize,
        mask: Option<Mask>,
    ) -> FloatTensor<Self>;
}

impl AttentionOps for Flex {
    fn attend(
        queries: FlexTensor,
        keys: FlexTensor,
        values: FlexTensor,
        heads: usize,
        mask: Option<Mask>,
    ) -> FlexTensor {
        Attention::new([queries, keys, values], heads, mask).forward().0
    }
}

impl<C: CheckpointStrategy> AttentionOps for Autodiff<Flex, C> {
    fn attend(
        queries: FloatTensor<Self>,
        keys: FloatTensor<Self>,
        values: FloatTensor<Self>,
        heads: usize,
        mask: Option<Mask>,
    ) -> FloatTensor<Self> {
        let ((queries, q_node), (keys, k_node)) = (queries.into_parts(), keys.into_parts());
        let (values, v_node) = values.into_parts();
        let attention = Attention::new([queries, keys, values], heads, mask);
        let (context, log_sums) = attention.forward();
        match AttentionGradient.prepare::<C>([q_node, k_node, v_node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(Saved { attention, context: context.clone(), log_sums }, context),
            OpsKind::UnTracked(prep) => prep.finish(context),
        }
    }
}

#[derive(Clone, Debug)]
struct Saved {
    attention: Attention,
    context: FlexTensor,
    /// The logarithm of the sum of e^scores, `[batch, heads, tokens]`.
    log_sums: Vec<f32>,
}

/// The way back.
#[derive(Debug)]
struct AttentionGradient;

impl Backward<Flex, 3> for AttentionGradient {
    type State = Saved;

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let dcontext = incoming(gradients, &ops);
        let inputs = inputs(&ops);
        let Saved { attention, context, log_sums } = ops.state;
        let all = attention.backward(values(&context), &log_sums, values(&dcontext));
        for (input, gradient) in inputs.into_iter().zip(all) {
            register(gradients, input, || gradient);
        }
    }
}

/// The inputs with their sizes.
#[derive(Clone, Debug)]
struct Attention {
    queries: FlexTensor,
    keys: FlexTensor,
    values: FlexTensor,
    mask: Option<Mask>,
    shape: [usize; 3],
    heads: usize,
    head_dim: usize,
}

impl Attention {
    fn new(inputs: [FlexTensor; 3], heads: usize, mask: Option<Mask>) -> Self {
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

    /// The rows of head `head` (counted over the batch) in a tensor of the inputs' shape.
    fn view<'a>(&self, tensor: &'a [f32], head: usize, first: usize, rows: usize) -> Matrix<'a> {
        let [_, tokens, width] = self.shape;
        let start = (head / self.heads * tokens + first) * width + head % self.heads * self.head_dim;
        Matrix::strided(&tensor[start..], rows, self.head_dim, width)
    }

    /// First row and number of rows of each band.
    fn bands(&self) -> impl Iterator<Item = (usize, usize)> {
        let [_, tokens, _] = self.shape;
        (0..tokens).step_by(BAND).map(move |first| (first, BAND.min(tokens - first)))
    }

    /// The context vectors and the logarithm of each row's sum.
    fn forward(&self) -> (FlexTensor, Vec<f32>) {
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
                let weights = Matrix::new(scores, rows, keys);
                product_into(context, self.head_dim, weights, self.view(v, head, 0, keys), 1.0, false);
            }
        });
        (self.join_heads(&context), log_sums)
    }

    /// The gradients of queries, keys and values.
    fn backward(&self, context: &[f32], log_sums: &[f32], dcontext: &[f32]) -> [FlexTensor; 3] {
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
                let weights = Matrix::new(scores, rows, keys).transposed();
                let dscores = Matrix::new(dweights, rows, keys);
                product_into(dv, self.head_dim, weights, doutput, 1.0, true);
                product_into(dk, self.head_dim, dscores.transposed(), queries, scale, true);
                product_into(&mut dq[first * self.head_dim..], self.head_dim, dscores, all_keys, scale, false);
            }
        });
        [dq, dk, dv].map(|gradient| self.join_heads(&gradient))
    }

    /// The factors of dropout for the weights of one query, as many as it sees keys.
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

/// Turns the scores of one query into attention weights after dropout, 0 for the keys that it does not see, and returns
/// the logarithm of the sum. There is a factor for each key that it sees.
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

/// Turns the scores of one query into attention weights after dropout once more, and the gradients of those into the
/// gradients of the scores. `overlap` is the product of the query's context vector with its gradient.
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

#[cfg(test)]
mod tests {
    use burn::tensor::activation::softmax as plain_softmax;
    use burn::tensor::{Bool, TensorData};

    use super::*;
    use crate::testing::{assert_same, mask};

    /// The formula of chapter 3, on `[batch, tokens, heads * head_dim]`.
    fn plain(inputs: [Tensor<3>; 3], heads: usize, factors: Option<&[f32]>) -> Tensor<3> {
        let [batch, tokens, width] = inputs[0].dims();
        let split = |x: Tensor<3>| x.reshape([batch, tokens, heads, width / heads]).swap_dims(1, 2);
        let [q, k, v] = inputs.map(split);
        let hidden = Tensor::<2, Bool>::tril_mask([tokens, tokens], 0, &q.device()).unsqueeze::<4>();
        let scores = q.matmul(k.transpose()).mask_fill(hidden, f32::NEG_INFINITY);
        let mut weights = plain_softmax(scores / ((width / heads) as f64).sqrt(), 3);
        if let Some(factors) = factors {
            let factors = TensorData::new(factors.to_vec(), [batch, heads, tokens, tokens]);
            weights = weights.clone() * Tensor::from_data(factors, &weights.device());
        }
        weights.matmul(v).swap_dims(1, 2).reshape([batch, tokens, width])
    }

    #[test]
    fn values_and_gradients_are_those_of_the_formula() {
        for (batch, tokens, heads, head_dim) in
            [(1, 1, 1, 1), (1, 1, 3, 8), (2, 7, 2, 5), (1, 64, 1, 16), (2, 130, 3, 16)]
        {
            let width = heads * head_dim;
            let n = batch * tokens * width;
            let inputs = |t: &[Tensor<1>]| [0, 1, 2].map(|i: usize| t[i].clone().reshape([batch, tokens, width]));
            let (mask, factors) = mask(batch * heads * tokens * tokens, 0.3);
            let fast = |t: &[Tensor<1>], mask: Option<Mask>| {
                let [q, k, v] = inputs(t);
                causal_attention(q, k, v, heads, mask)
            };
            assert_same(&[n; 3], |t| fast(t, None), |t| plain(inputs(t), heads, None));
            assert_same(&[n; 3], |t| fast(t, Some(mask.clone())), |t| plain(inputs(t), heads, Some(&factors)));
        }
    }

    #[test]
    fn views_that_are_not_contiguous() {
        let (tokens, width) = (9, 12);
        let inputs = |t: &[Tensor<1>]| {
            let joint = t[0].clone().reshape([1, tokens, 3 * width]);
            [0, 1, 2].map(|i: usize| joint.clone().slice([0..1, 0..tokens, i * width..(i + 1) * width]))
        };
        let fast = |[q, k, v]: [Tensor<3>; 3]| causal_attention(q, k, v, 4, None);
        assert_same(&[3 * tokens * width], |t| fast(inputs(t)), |t| plain(inputs(t), 4, None));
    }
}
