//! Multi-head attention with one large projection each for queries, keys and values (section 3.6.2).
//!
//! Several heads look at the same tokens in different ways. A list of small heads would cost one matrix product per
//! head and projection; here one product makes the columns of all heads, and a reshape cuts them apart:
//!
//! ```text
//! Q, K, V  = x·Wq, x·Wk, x·Wv               columns h·head_dim .. (h + 1)·head_dim belong to head h
//! Z_h      = softmax(mask(Q_h·K_hᵀ) / √head_dim)·V_h
//! result   = [Z_0 | Z_1 | ...]·Wo + b
//! ```

use burn::config::Config;
use burn::module::Module;
use burn::tensor::activation::softmax;
use burn::tensor::{Bool, Device, Tensor};
use kernels::{Kernels, causal_attention};
use shared::{Dropout, Linear, Mode};

use crate::causal_mask::{causal_mask, leading_square};

/// Sizes of a [`MultiHeadAttention`].
#[derive(Config, Debug)]
pub struct MultiHeadAttentionConfig {
    /// Width of the input vectors.
    pub d_in: usize,
    /// Width of the context vectors, all heads together.
    pub d_out: usize,
    /// Most tokens in one input.
    pub context_length: usize,
    /// Number of heads; divides `d_out`.
    pub num_heads: usize,
    /// Probability of an attention weight to be dropped in training, in [0, 1).
    #[config(default = 0.0)]
    pub dropout: f64,
    /// Whether the projections to queries, keys and values have a bias. The output projection always has one.
    #[config(default = false)]
    pub qkv_bias: bool,
}

impl MultiHeadAttentionConfig {
    /// The module on `device`, with values still to be drawn (see [`shared::init::torch_init`]).
    ///
    /// # Panics
    /// If `num_heads` is 0 or does not divide `d_out`, or if `dropout` is not in [0, 1).
    pub fn init(&self, device: &Device) -> MultiHeadAttention {
        let head_dim = head_dim(self.d_out, self.num_heads);
        let projection = || Linear::new(self.d_in, self.d_out, self.qkv_bias, device);
        MultiHeadAttention {
            w_query: projection(),
            w_key: projection(),
            w_value: projection(),
            out_proj: Linear::new(self.d_out, self.d_out, true, device),
            dropout: Dropout::new(self.dropout),
            mask: causal_mask(self.context_length, device),
            causal: true,
            num_heads: self.num_heads,
            head_dim,
            kernels: Kernels::Plain,
        }
    }
}

/// Causal attention with several heads that are computed together.
///
/// The fields stand in the order in which the book's class creates its layers.
#[derive(Module, Debug)]
pub struct MultiHeadAttention {
    /// Projection to the queries of all heads, [d_in, d_out].
    pub w_query: Linear,
    /// Projection to the keys of all heads, [d_in, d_out].
    pub w_key: Linear,
    /// Projection to the values of all heads, [d_in, d_out].
    pub w_value: Linear,
    /// Mixes what the heads found, [d_out, d_out], with bias.
    pub out_proj: Linear,
    /// Dropout on the attention weights.
    pub dropout: Dropout,
    /// True where a token may not look: strictly above the diagonal, [context_length, context_length]. A plain tensor
    /// moves with the module between devices, but is neither trained nor saved.
    pub mask: Tensor<2, Bool>,
    /// Whether `mask` hides the future and nothing else. [`Kernels::Fused`] works without the mask and needs to know.
    pub causal: bool,
    /// Number of heads.
    pub num_heads: usize,
    /// Width of one head, `d_out / num_heads`.
    pub head_dim: usize,
    /// Which code computes it.
    #[module(skip)]
    pub kernels: Kernels,
}

impl MultiHeadAttention {
    /// The same module, computed by `kernels`.
    pub fn with_kernels(self, kernels: Kernels) -> Self {
        Self {
            w_query: self.w_query.with_kernels(kernels),
            w_key: self.w_key.with_kernels(kernels),
            w_value: self.w_value.with_kernels(kernels),
            out_proj: self.out_proj.with_kernels(kernels),
            dropout: self.dropout.with_kernels(kernels),
            kernels,
            ..self
        }
    }

    /// The context vectors of all tokens.
    ///
    /// # Shapes
    /// - `x`: [batch, tokens, d_in], at most `context_length` tokens;
    /// - result: [batch, tokens, d_out].
    ///
    /// # Panics
    /// If there are more tokens than `context_length`, or `x` is not `d_in` wide.
    pub fn forward(&self, x: Tensor<3>, mode: &mut Mode) -> Tensor<3> {
        if self.causal && self.kernels.fuse(&x) {
            self.forward_fused(x, mode)
        } else {
            self.forward_with_weights(x, mode).0
        }
    }

    /// As [`forward`](Self::forward), and beside the context vectors the attention weights that made them: in training
    /// those that dropout left over.
    ///
    /// # Shapes
    /// - `x`: [batch, tokens, d_in], at most `context_length` tokens;
    /// - results: [batch, tokens, d_out] and [batch, heads, tokens, tokens], one row per query.
    ///
    /// # Panics
    /// If there are more tokens than `context_length`, or `x` is not `d_in` wide.
    pub fn forward_with_weights(&self, x: Tensor<3>, mode: &mut Mode) -> (Tensor<3>, Tensor<4>) {
        let [_, tokens, _] = x.dims();
        let hidden = leading_square(&self.mask, tokens);

        let queries = split_heads(self.w_query.forward(x.clone()), self.num_heads); // [batch, heads, tokens, head_dim]
        let keys = split_heads(self.w_key.forward(x.clone()), self.num_heads); // [batch, heads, tokens, head_dim]
        let values = split_heads(self.w_value.forward(x), self.num_heads); // [batch, heads, tokens, head_dim]
        let (context, weights) = attend(queries, keys, values, hidden, &self.dropout, mode);
        (self.out_proj.forward(context), weights)
    }

    /// As [`forward`](Self::forward), in one operation that never holds all attention weights. Shapes and panics are the
    /// same.
    fn forward_fused(&self, x: Tensor<3>, mode: &mut Mode) -> Tensor<3> {
        let ([batch, tokens, _], [context_length, _]) = (x.dims(), self.mask.dims());
        assert!(tokens <= context_length, "{tokens} tokens do not fit into context_length {context_length}");
        let queries = self.w_query.forward(x.clone()); // [batch, tokens, d_out]
        let keys = self.w_key.forward(x.clone()); // [batch, tokens, d_out]
        let values = self.w_value.forward(x); // [batch, tokens, d_out]
        let weights = batch * self.num_heads * tokens * tokens;
        let mask = mode.mask(weights, self.dropout.rate, &queries.device());
        self.out_proj.forward(causal_attention(queries, keys, values, self.num_heads, mask))
    }
}

/// The width of one of `num_heads` heads that share `d_out` columns.
///
/// # Panics
/// If `num_heads` is 0 or does not divide `d_out`.
pub fn head_dim(d_out: usize, num_heads: usize) -> usize {
    assert!(num_heads > 0, "multi-head attention needs at least one head, num_heads is 0");
    assert!(d_out.is_multiple_of(num_heads), "d_out ({d_out}) must be divisible by num_heads ({num_heads})");
    d_out / num_heads
}

/// Scores, weights, context vectors: what happens to queries, keys and values, whether all of them are new or some
/// were kept from before (see [`KvCache`](crate::KvCache)).
///
/// # Shapes
/// - `queries`: [batch, heads, queries, head_dim]; `keys`, `values`: [batch, heads, keys, head_dim];
/// - `hidden`: [queries, keys], true where a query must not see a key;
/// - results: [batch, queries, heads · head_dim], not yet mixed, and [batch, heads, queries, keys], after dropout.
pub fn attend(
    queries: Tensor<4>,
    keys: Tensor<4>,
    values: Tensor<4>,
    hidden: Tensor<2, Bool>,
    dropout: &Dropout,
    mode: &mut Mode,
) -> (Tensor<3>, Tensor<4>) {
    let [_, _, _, head_dim] = queries.dims();
    let scores = queries.matmul(keys.transpose()); // [batch, heads, queries, keys]
    let scores = scores.mask_fill(hidden.unsqueeze::<4>(), f32::NEG_INFINITY);
    let weights = softmax(scores / (head_dim as f64).sqrt(), 3);
    let weights = dropout.forward(weights, mode);

    let context = weights.clone().matmul(values); // [batch, heads, queries, head_dim]
    (merge_heads(context), weights)
}

/// [batch, tokens, heads · head_dim] to [batch, heads, tokens, head_dim].
pub fn split_heads(x: Tensor<3>, num_heads: usize) -> Tensor<4> {
    let [batch, tokens, width] = x.dims();
    x.reshape([batch, tokens, num_heads, width / num_heads]).swap_dims(1, 2)
}

/// [batch, heads, tokens, head_dim] to [batch, tokens, heads · head_dim].
pub fn merge_heads(x: Tensor<4>) -> Tensor<3> {
    let [batch, num_heads, tokens, head_dim] = x.dims();
    x.swap_dims(1, 2).reshape([batch, tokens, num_heads * head_dim])
}
