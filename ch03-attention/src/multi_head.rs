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
use burn::tensor::{Device, Tensor};
use shared::{Dropout, Linear, Mode};

use crate::causal_mask::causal_mask;

/// Sizes of a [`MultiHeadAttention`].
#[derive(Config, Debug)]
pub struct MultiHeadAttentionConfig {
    /// Width of the input vectors.
    pub d_in: usize,
    /// Width of the context vectors, all heads together.
    pub d_out: usize,
    /// Maximum number of tokens in one input.
    pub context_length: usize,
    /// Number of heads; divides `d_out`.
    pub num_heads: usize,
    /// Probability that an attention weight is dropped in training, in [0, 1).
    #[config(default = 0.0)]
    pub dropout: f64,
    /// Whether the projections to queries, keys and values have a bias. The output projection always has one.
    #[config(default = false)]
    pub qkv_bias: bool,
}

/// Causal attention with several heads that are computed together.
///
/// The order of the fields is the order of the random draws: that in which the book's class creates its layers.
#[derive(Module, Debug)]
pub struct MultiHeadAttention {
    /// Projection to the queries of all heads, `[d_in, d_out]`.
    pub w_query: Linear,
    /// Projection to the keys of all heads, `[d_in, d_out]`.
    pub w_key: Linear,
    /// Projection to the values of all heads, `[d_in, d_out]`.
    pub w_value: Linear,
    /// Combines the heads, `[d_out, d_out]`, with bias.
    pub out_proj: Linear,
    /// Dropout on the attention weights.
    pub dropout: Dropout,
    /// Whether the future is hidden. Only a bonus of chapter 6 switches it off, for a classifier that may see the whole
    /// text.
    pub causal: bool,
    /// Maximum number of tokens in one input.
    pub context_length: usize,
    /// Number of heads.
    pub num_heads: usize,
    /// Width of one head, `d_out / num_heads`.
    pub head_dim: usize,
}

impl MultiHeadAttention {
    /// A lazy module; [`torch_init`](shared::init::torch_init) draws its values.
    ///
    /// # Panics
    /// If `num_heads` is 0 or does not divide `d_out`, or if `dropout` is not in [0, 1).
    pub fn new(config: &MultiHeadAttentionConfig, device: &Device) -> Self {
        let &MultiHeadAttentionConfig { d_in, d_out, context_length, num_heads, dropout, qkv_bias } = config;
        Self {
            w_query: Linear::new(d_in, d_out, qkv_bias, device),
            w_key: Linear::new(d_in, d_out, qkv_bias, device),
            w_value: Linear::new(d_in, d_out, qkv_bias, device),
            out_proj: Linear::new(d_out, d_out, true, device),
            dropout: Dropout::new(dropout),
            causal: true,
            context_length,
            num_heads,
            head_dim: head_dim(d_out, num_heads),
        }
    }

    /// The context vectors of all tokens.
    ///
    /// # Shapes
    /// - `x`: `[batch, tokens, d_in]`, at most `context_length` tokens;
    /// - result: `[batch, tokens, d_out]`.
    ///
    /// # Panics
    /// If there are more tokens than `context_length`, or `x` is not `d_in` wide.
    pub fn forward(&self, x: Tensor<3>, mode: &mut Mode) -> Tensor<3> {
        let ([batch, tokens, _], context_length) = (x.dims(), self.context_length);
        assert!(tokens <= context_length, "{tokens} tokens do not fit into context_length {context_length}");

        let keys = self.w_key.forward(x.clone()); // [batch, tokens, d_out]
        let queries = self.w_query.forward(x.clone()); // [batch, tokens, d_out]
        let values = self.w_value.forward(x); // [batch, tokens, d_out]

        let split = [batch, tokens, self.num_heads, self.head_dim];
        let keys = keys.reshape(split).swap_dims(1, 2); // [batch, heads, tokens, head_dim]
        let queries = queries.reshape(split).swap_dims(1, 2); // [batch, heads, tokens, head_dim]
        let values = values.reshape(split).swap_dims(1, 2); // [batch, heads, tokens, head_dim]

        let mut scores = queries.matmul(keys.transpose()); // [batch, heads, tokens, tokens]
        if self.causal {
            let hidden = causal_mask(tokens, &scores.device()).unsqueeze::<4>(); // [1, 1, tokens, tokens]
            scores = scores.mask_fill(hidden, f32::NEG_INFINITY);
        }
        let weights = softmax(scores / (self.head_dim as f64).sqrt(), 3);
        let weights = self.dropout.forward(weights, mode);

        let context = weights.matmul(values); // [batch, heads, tokens, head_dim]
        let context = context.swap_dims(1, 2).reshape([batch, tokens, self.num_heads * self.head_dim]);
        self.out_proj.forward(context) // [batch, tokens, d_out]
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
