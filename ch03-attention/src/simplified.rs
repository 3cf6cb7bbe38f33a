//! Attention without trainable weights (section 3.3).
//!
//! For every token you want a context vector: a mix of all tokens of the sentence, in which those count most that are
//! most like the token itself. Three steps lead there for a token x⁽ⁱ⁾, the query:
//!
//! ```text
//! scores   ω_ij = x⁽ⁱ⁾ · x⁽ʲ⁾                   how alike are the two
//! weights  α_i  = softmax(ω_i)                  positive, and they sum to 1
//! context  z⁽ⁱ⁾ = Σ_j α_ij x⁽ʲ⁾
//! ```
//!
//! First for one token, then for all at once with two matrix products.

use burn::tensor::Tensor;
use burn::tensor::activation::softmax;

/// The dot product Σ a_k·b_k, written out. It is large when two vectors point the same way.
///
/// # Panics
/// If the vectors differ in length.
pub fn dot_product(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len(), "a dot product needs two vectors of the same length");
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Attention scores of one query: its dot product with every input.
///
/// # Shapes
/// - `query`: `[d]`, `inputs`: `[tokens, d]`;
/// - result: `[tokens]`.
pub fn scores_of_query(query: Tensor<1>, inputs: Tensor<2>) -> Tensor<1> {
    inputs.matmul(query.unsqueeze_dim::<2>(1)).squeeze_dim(1)
}

/// The simplest way to make scores sum to 1: divide by their sum. It fails as soon as scores have different signs.
///
/// # Shapes
/// - `scores`: `[tokens]`, the result has the same.
pub fn normalise_by_sum(scores: Tensor<1>) -> Tensor<1> {
    scores.clone() / scores.sum()
}

/// exp(x) / Σ exp(x): positive for all x.
///
/// Only to show the formula: exp overflows for x above 88, and the result is NaN. burn's `softmax` subtracts the
/// largest value first, which changes nothing but that.
///
/// # Shapes
/// - `x`: `[n]`, the result has the same.
pub fn softmax_naive(x: Tensor<1>) -> Tensor<1> {
    let exp = x.exp();
    exp.clone() / exp.sum()
}

/// The sum of all inputs, each multiplied by its weight.
///
/// # Shapes
/// - `weights`: `[tokens]`, `inputs`: `[tokens, d]`;
/// - result: `[d]`.
pub fn context_vector(weights: Tensor<1>, inputs: Tensor<2>) -> Tensor<1> {
    weights.unsqueeze_dim::<2>(0).matmul(inputs).squeeze_dim(0)
}

/// The scores of all pairs of tokens, one dot product after the other. Slow, and the same as [`attention_scores`].
///
/// # Shapes
/// - `inputs`: one slice of `d` numbers per token;
/// - result: one row per query, with one score per token.
pub fn attention_scores_by_loops<const D: usize>(inputs: &[[f32; D]]) -> Vec<Vec<f32>> {
    inputs.iter().map(|query| inputs.iter().map(|key| dot_product(query, key)).collect()).collect()
}

/// The scores of all pairs of tokens as one matrix product, X·Xᵀ.
///
/// # Shapes
/// - `inputs`: `[tokens, d]`;
/// - result: `[tokens, tokens]`, one row per query.
pub fn attention_scores(inputs: Tensor<2>) -> Tensor<2> {
    inputs.clone().matmul(inputs.transpose())
}

/// The weights of all tokens: softmax over each row of the scores.
///
/// # Shapes
/// - `inputs`: `[tokens, d]`;
/// - result: `[tokens, tokens]`, every row sums to 1.
pub fn attention_weights(inputs: Tensor<2>) -> Tensor<2> {
    softmax(attention_scores(inputs), 1)
}

/// The context vectors of all tokens.
///
/// # Shapes
/// - `inputs`: `[tokens, d]`, the result has the same.
pub fn simplified_attention(inputs: Tensor<2>) -> Tensor<2> {
    attention_weights(inputs.clone()).matmul(inputs)
}
