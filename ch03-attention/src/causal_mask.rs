//! Hiding the future (section 3.5.1).
//!
//! A model that writes a text from left to right must not look at tokens that are not written yet. There are two ways
//! to the same attention weights:
//!
//! - A: softmax over all scores, zeros above the diagonal, every row divided by its sum ([`mask_weights`]);
//! - B: minus infinity above the diagonal, then softmax ([`mask_scores`]). exp(-inf) is 0, so the softmax itself does
//!   the rest. It is one step less, and what [`CausalAttention`](crate::CausalAttention) does.

use burn::tensor::{Bool, Device, Tensor};

/// True where a token must not look: strictly above the diagonal, `[tokens, tokens]`.
///
/// burn calls this `tril_mask`, after the triangle that stays visible.
pub fn causal_mask(tokens: usize, device: &Device) -> Tensor<2, Bool> {
    Tensor::<2, Bool>::tril_mask([tokens, tokens], 0, device)
}

/// The last `new` rows of [`causal_mask`], for new tokens that follow others, `[new, tokens]`.
pub fn last_rows_of_causal_mask(new: usize, tokens: usize, device: &Device) -> Tensor<2, Bool> {
    Tensor::<2, Bool>::tril_mask([new, tokens], tokens as i64 - new as i64, device)
}

/// The part of `mask` for an input of `tokens` tokens.
///
/// # Shapes
/// - `mask`: `[context_length, context_length]`;
/// - result: `[tokens, tokens]`.
///
/// # Panics
/// If there are more tokens than `context_length`.
pub(crate) fn leading_square(mask: &Tensor<2, Bool>, tokens: usize) -> Tensor<2, Bool> {
    let [context_length, _] = mask.dims();
    // burn silently truncates a range that is too long, so check here.
    assert!(tokens <= context_length, "{tokens} tokens do not fit into context_length {context_length}");
    mask.clone().slice([0..tokens, 0..tokens])
}

/// Ones on and below the diagonal, zeros above it, `[tokens, tokens]`.
pub fn simple_mask(tokens: usize, device: &Device) -> Tensor<2> {
    Tensor::<2>::ones([tokens, tokens], device).tril(0)
}

/// Divides every row by its sum, so that it sums to 1 again.
///
/// # Shapes
/// - `weights`: `[tokens, tokens]`, the result has the same.
pub fn renormalise(weights: Tensor<2>) -> Tensor<2> {
    let row_sums = weights.clone().sum_dim(1); // [tokens, 1]
    weights / row_sums
}

/// Way A: attention weights for later tokens become zero, and each row is made to sum to 1 again.
///
/// Nothing of the future is left, although it took part in the first softmax: the common denominator of a row cancels.
///
/// # Shapes
/// - `weights`: `[tokens, tokens]`, after softmax; the result has the same.
pub fn mask_weights(weights: Tensor<2>) -> Tensor<2> {
    let [tokens, _] = weights.dims();
    let mask = simple_mask(tokens, &weights.device());
    renormalise(weights * mask)
}

/// Way B: attention scores with minus infinity in place of the future.
///
/// # Shapes
/// - `scores`: `[tokens, tokens]`, before softmax; the result has the same.
pub fn mask_scores(scores: Tensor<2>) -> Tensor<2> {
    let [tokens, _] = scores.dims();
    let hidden = causal_mask(tokens, &scores.device());
    scores.mask_fill(hidden, f32::NEG_INFINITY)
}
