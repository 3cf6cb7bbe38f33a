//! Attention in a Llama: grouped queries, rotary positions, no biases.
//!
//! Chapter 3's [`MultiHeadAttention`](ch03_attention::MultiHeadAttention), with three changes:
//!
//! - queries have `n_heads` heads, keys and values only `n_kv_heads`. Neighbouring query heads share: query head h
//!   looks at the keys of head `⌊h / group⌋`, `group = n_heads / n_kv_heads`. The cache is that many times smaller.
//!   (Chapter 4's bonus module `grouped_query` has this change and no other.)
//! - queries and keys are rotated, see [`rope`](crate::rope);
//! - no projection has a bias, and there is no dropout.
//!
//! ```text
//! q, k, v = x·Wq, x·Wk, x·Wv             n_heads, n_kv_heads and n_kv_heads heads of width head_dim
//! q, k    = rotate(q), rotate(k)
//! Z_h     = softmax(mask(q_h·k_gᵀ) · factor)·v_g       g = ⌊h / group⌋,  factor = 1 / √head_dim
//! result  = [Z_0 | Z_1 | …]·Wo
//! ```
//!
//! Ainslie et al., 2023.

use burn::module::Module;
use burn::tensor::activation::softmax;
use burn::tensor::{Bool, Device, Tensor};
use ch03_attention::bonus::heads::{merge_heads, split_heads};
use ch04_gpt::bonus::KvCache;
use ch04_gpt::bonus::sliding_window::window_mask;
use shared::Linear;

use crate::RmsNorm;
use crate::config::LlamaConfig;
use crate::gemma3::{score_factor, window_of};
use crate::qk_norm::{head_norm, norm_heads};
use crate::rope::Rotation;

/// Causal attention whose keys and values have fewer heads than its queries, with rotary positions.
///
/// The order of the fields is the order of the random draws.
#[derive(Module, Debug)]
pub struct GroupedQueryAttention {
    /// Projection to the queries of all heads, `[emb_dim, n_heads · head_dim]`.
    pub w_query: Linear,
    /// Projection to the keys, `[emb_dim, n_kv_heads · head_dim]`.
    pub w_key: Linear,
    /// Projection to the values, `[emb_dim, n_kv_heads · head_dim]`.
    pub w_value: Linear,
    /// Combines the heads, `[n_heads · head_dim, emb_dim]`.
    pub out_proj: Linear,
    /// Over each query head before it rotates (Qwen3, Gemma 3).
    pub q_norm: Option<RmsNorm>,
    /// Over each key head before it rotates (Qwen3, Gemma 3).
    pub k_norm: Option<RmsNorm>,
    /// Number of query heads.
    pub num_heads: usize,
    /// Number of heads of keys and values.
    pub num_kv_heads: usize,
    /// The number that scores are multiplied with before softmax.
    pub score_factor: f64,
    /// Maximum number of tokens that a token sees, itself included; all without it (Gemma 3).
    pub window: Option<usize>,
}

impl GroupedQueryAttention {
    /// The lazy module of layer `layer`, counted from 0; [`torch_init`](shared::init::torch_init) draws its values,
    /// or a loader sets them.
    pub fn new(config: &LlamaConfig, layer: usize, device: &Device) -> Self {
        let (width, head_dim) = (config.emb_dim, config.head_dim);
        let projection = |heads| Linear::new(width, heads * head_dim, false, device);
        Self {
            w_query: projection(config.n_heads),
            w_key: projection(config.n_kv_heads),
            w_value: projection(config.n_kv_heads),
            out_proj: Linear::new(config.n_heads * head_dim, width, false, device),
            q_norm: head_norm(config, device),
            k_norm: head_norm(config, device),
            num_heads: config.n_heads,
            num_kv_heads: config.n_kv_heads,
            score_factor: score_factor(config),
            window: window_of(config, layer),
        }
    }

    /// # Shapes
    /// - `x`: `[batch, tokens, emb_dim]`; the result has the same;
    /// - `rotation`: that of these tokens.
    pub fn forward(&self, x: Tensor<3>, rotation: &Rotation) -> Tensor<3> {
        let [_, tokens, _] = x.dims();
        let hidden = window_mask(tokens, tokens, self.window, &x.device());
        let [queries, keys, values] = self.heads(x, rotation);
        self.attend(queries, keys, values, hidden)
    }

    /// As [`forward`](Self::forward), for new tokens that follow those in `cache`. The cache keeps the keys as they are
    /// after the rotation, each shared head once, and in a layer with a window no more than later tokens see.
    ///
    /// # Shapes
    /// - `x`: `[batch, new tokens, emb_dim]`; the result has the same;
    /// - `rotation`: that of the new tokens, the first of which is at position `cache.tokens()`.
    ///
    /// # Panics
    /// If the batch is not that of the cache.
    pub fn forward_cached(&self, x: Tensor<3>, rotation: &Rotation, cache: &mut KvCache) -> Tensor<3> {
        let [_, new, _] = x.dims();
        let [queries, keys, values] = self.heads(x, rotation);
        let (keys, values) = cache.extend(keys, values); // [batch, kv heads, kept + new, head_dim]
        let hidden = window_mask(new, cache.kept(), self.window, &keys.device()); // [new, kept + new]
        if let Some(window) = self.window {
            cache.keep_last(window - 1);
        }
        self.attend(queries, keys, values, hidden)
    }

    /// The attention weights of [`forward`](Self::forward).
    ///
    /// # Shapes
    /// - `x`: `[batch, tokens, emb_dim]`;
    /// - `rotation`: that of these tokens;
    /// - result: `[batch, n_heads, tokens, tokens]`, one row per query.
    pub fn attention_weights(&self, x: Tensor<3>, rotation: &Rotation) -> Tensor<4> {
        let [_, tokens, _] = x.dims();
        let hidden = window_mask(tokens, tokens, self.window, &x.device());
        let [queries, keys, _] = self.heads(x, rotation);
        attention_weights(queries, share(keys, self.num_heads), hidden, self.score_factor)
    }

    /// Queries, keys and values of some tokens: `[batch, heads, tokens, head_dim]`, `n_heads` heads of queries and
    /// `n_kv_heads` of the others.
    fn heads(&self, x: Tensor<3>, rotation: &Rotation) -> [Tensor<4>; 3] {
        let queries = split_heads(self.w_query.forward(x.clone()), self.num_heads);
        let keys = split_heads(self.w_key.forward(x.clone()), self.num_kv_heads);
        let values = split_heads(self.w_value.forward(x), self.num_kv_heads);
        let queries = rotation.apply(norm_heads(self.q_norm.as_ref(), queries));
        let keys = rotation.apply(norm_heads(self.k_norm.as_ref(), keys));
        [queries, keys, values]
    }

    fn attend(&self, queries: Tensor<4>, keys: Tensor<4>, values: Tensor<4>, hidden: Tensor<2, Bool>) -> Tensor<3> {
        let (keys, values) = (share(keys, self.num_heads), share(values, self.num_heads));
        let weights = attention_weights(queries, keys, hidden, self.score_factor); // [batch, heads, new, kept]
        self.out_proj.forward(merge_heads(weights.matmul(values))) // [batch, new, emb_dim]
    }
}

/// `softmax(mask(Q·Kᵀ) · factor)`.
///
/// # Shapes
/// - `queries`: `[batch, heads, queries, head_dim]`; `keys`: `[batch, heads, keys, head_dim]`;
/// - `hidden`: `[queries, keys]`, true where a query must not see a key; every query sees one at least;
/// - result: `[batch, heads, queries, keys]`.
pub fn attention_weights(queries: Tensor<4>, keys: Tensor<4>, hidden: Tensor<2, Bool>, factor: f64) -> Tensor<4> {
    let scores = queries.matmul(keys.transpose()) * factor; // [batch, heads, queries, keys]
    softmax(scores.mask_fill(hidden.unsqueeze::<4>(), f32::NEG_INFINITY), 3)
}

/// One copy for each query head of a group, neighbours first: K0 K0 K0 K1 K1 K1, not K0 K1 K0 K1 K0 K1.
///
/// # Shapes
/// - `x`: keys or values, `[batch, kv heads, tokens, head_dim]`;
/// - result: `[batch, num_heads, tokens, head_dim]`.
pub fn share(x: Tensor<4>, num_heads: usize) -> Tensor<4> {
    let [batch, kv_heads, tokens, head_dim] = x.dims();
    x.unsqueeze_dim::<5>(2) // [batch, kv heads, 1, tokens, head_dim]
        .repeat_dim(2, num_heads / kv_heads)
        .reshape([batch, num_heads, tokens, head_dim])
}
