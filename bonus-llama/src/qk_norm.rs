//! Qwen3: queries and keys are normalized before they are rotated.
//!
//! A score is a product of two vectors and grows with their lengths. If training makes them long, softmax puts all
//! weight on one token and passes no gradient on. Qwen3 and Gemma 3 give every query head and every key head an
//! [`RmsNorm`] over `head_dim`:
//!
//! ```text
//! q_h = rotate(norm_q(x W_q)_h)      k_h = rotate(norm_k(x W_k)_h)      values stay as they are
//! ```
//!
//! One weight vector per layer for the queries and one for the keys, the same for all heads. It comes before the
//! rotation: a weight after it would scale the two numbers of a pair differently, and the product would no longer
//! depend on the distance alone. Dehghani et al., 2023.
//!
//! The second thing that Qwen3 changes needs no code: `head_dim` is chosen freely, so `n_heads · head_dim` need not be
//! `emb_dim`.

use burn::tensor::{Device, Tensor};

use crate::RmsNorm;
use crate::config::{Family, LlamaConfig};

/// The norm of queries or keys in this family; a Llama has none.
pub fn head_norm(config: &LlamaConfig, device: &Device) -> Option<RmsNorm> {
    match config.family {
        Family::Llama => None,
        Family::Qwen3 => Some(RmsNorm::new(config.head_dim, config.norm_eps, device)),
        Family::Gemma3(_) => Some(RmsNorm::one_plus(config.head_dim, config.norm_eps, device)),
    }
}

/// Normalizes every head of every token on its own, if there is a norm.
///
/// # Shapes
/// - `heads`: `[batch, heads, tokens, head_dim]`; the result has the same.
pub fn norm_heads(norm: Option<&RmsNorm>, heads: Tensor<4>) -> Tensor<4> {
    match norm {
        Some(norm) => norm.forward(heads),
        None => heads,
    }
}
