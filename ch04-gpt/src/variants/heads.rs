//! The steps of multi-head attention (section 3.6) that all variants share.

use burn::tensor::activation::softmax;
use burn::tensor::{Bool, Tensor};
use shared::{Dropout, Mode};

/// The width of one of `num_heads` heads.
///
/// # Panics
/// If they do not divide `d_out`.
pub(super) fn head_dim(d_out: usize, num_heads: usize) -> usize {
    assert!(num_heads > 0 && d_out.is_multiple_of(num_heads), "{num_heads} heads do not divide a width of {d_out}");
    d_out / num_heads
}

/// `[batch, tokens, heads * head_dim]` to `[batch, heads, tokens, head_dim]`.
pub(super) fn split_heads(x: Tensor<3>, num_heads: usize) -> Tensor<4> {
    let [batch, tokens, width] = x.dims();
    x.reshape([batch, tokens, num_heads, width / num_heads]).swap_dims(1, 2)
}

/// `[batch, heads, tokens, head_dim]` to `[batch, tokens, heads * head_dim]`.
pub(super) fn merge_heads(x: Tensor<4>) -> Tensor<3> {
    let [batch, num_heads, tokens, head_dim] = x.dims();
    x.swap_dims(1, 2).reshape([batch, tokens, num_heads * head_dim])
}

/// `softmax(mask(q·kᵀ) / √head_dim)·v` for every head, with the heads side by side again.
///
/// # Shapes
/// - `queries`, `keys`, `values`: `[batch, heads, tokens, head_dim]`;
/// - `hidden`: `[tokens, tokens]`, true where a query (row) must not see a key (column);
/// - result: `[batch, tokens, heads * head_dim]`.
pub(super) fn attend(
    queries: Tensor<4>,
    keys: Tensor<4>,
    values: Tensor<4>,
    hidden: Tensor<2, Bool>,
    dropout: &Dropout,
    mode: &mut Mode,
) -> Tensor<3> {
    let [_, _, _, head_dim] = queries.dims();
    let scores = queries.matmul(keys.transpose()); // [batch, heads, tokens, tokens]
    let scores = scores.mask_fill(hidden.unsqueeze::<4>(), f32::NEG_INFINITY);
    let weights = softmax(scores / (head_dim as f64).sqrt(), 3);
    merge_heads(dropout.forward(weights, mode).matmul(values))
}
