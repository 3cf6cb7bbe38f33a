//! The steps of [`MultiHeadAttention::forward`] as functions, for the bonus modules of chapters 3 and 4 that change one
//! of them, and the attention weights to look at.

use burn::tensor::activation::softmax;
use burn::tensor::{Bool, Tensor};
use shared::{Dropout, Mode};

use crate::MultiHeadAttention;
use crate::causal_mask::causal_mask;

/// `[batch, tokens, heads · head_dim]` to `[batch, heads, tokens, head_dim]`.
pub fn split_heads(x: Tensor<3>, num_heads: usize) -> Tensor<4> {
    let [batch, tokens, width] = x.dims();
    x.reshape([batch, tokens, num_heads, width / num_heads]).swap_dims(1, 2)
}

/// `[batch, heads, tokens, head_dim]` to `[batch, tokens, heads · head_dim]`.
pub fn merge_heads(x: Tensor<4>) -> Tensor<3> {
    let [batch, num_heads, tokens, head_dim] = x.dims();
    x.swap_dims(1, 2).reshape([batch, tokens, num_heads * head_dim])
}

/// The attention weights: `softmax(mask(Q·Kᵀ) / √head_dim)`, before dropout.
///
/// # Shapes
/// - `queries`: `[batch, heads, queries, head_dim]`; `keys`: `[batch, heads, keys, head_dim]`;
/// - `hidden`: `[queries, keys]`, true where a query must not see a key;
/// - result: `[batch, heads, queries, keys]`.
pub fn weights(queries: Tensor<4>, keys: Tensor<4>, hidden: Tensor<2, Bool>) -> Tensor<4> {
    let [_, _, _, head_dim] = queries.dims();
    let scores = queries.matmul(keys.transpose()); // [batch, heads, queries, keys]
    let scores = scores.mask_fill(hidden.unsqueeze::<4>(), f32::NEG_INFINITY);
    softmax(scores / (head_dim as f64).sqrt(), 3)
}

/// The context vectors from queries, keys and values, whether all of them are new or some come from a cache.
///
/// # Shapes
/// - `queries`: `[batch, heads, queries, head_dim]`; `keys`, `values`: `[batch, heads, keys, head_dim]`;
/// - `hidden`: `[queries, keys]`, true where a query must not see a key;
/// - result: `[batch, queries, heads · head_dim]`, before the output projection.
pub fn attend(
    queries: Tensor<4>,
    keys: Tensor<4>,
    values: Tensor<4>,
    hidden: Tensor<2, Bool>,
    dropout: &Dropout,
    mode: &mut Mode,
) -> Tensor<3> {
    let weights = dropout.forward(weights(queries, keys, hidden), mode);
    merge_heads(weights.matmul(values))
}

impl MultiHeadAttention {
    /// The attention weights of [`forward`](Self::forward): in training after dropout.
    ///
    /// # Shapes
    /// - `x`: `[batch, tokens, d_in]`, at most `context_length` tokens;
    /// - result: `[batch, heads, tokens, tokens]`, one row per query.
    pub fn attention_weights(&self, x: Tensor<3>, mode: &mut Mode) -> Tensor<4> {
        let [_, tokens, _] = x.dims();
        let hidden = causal_mask(tokens, &x.device());
        let hidden = if self.causal { hidden } else { hidden.zeros_like() };
        let queries = split_heads(self.w_query.forward(x.clone()), self.num_heads); // [batch, heads, tokens, head_dim]
        let keys = split_heads(self.w_key.forward(x), self.num_heads); // [batch, heads, tokens, head_dim]
        self.dropout.forward(weights(queries, keys, hidden), mode)
    }
}
