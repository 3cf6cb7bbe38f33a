//! One causal attention head for batches of texts (section 3.5.3).
//!
//! Three things are new compared with [`SelfAttentionV2`](crate::SelfAttentionV2): a batch dimension, a mask that hides
//! the future, and dropout on the attention weights.

use burn::config::Config;
use burn::module::Module;
use burn::tensor::activation::softmax;
use burn::tensor::{Bool, Device, Tensor};
use shared::{Dropout, Linear, Mode};

use crate::causal_mask::{causal_mask, leading_square};

/// Sizes of a [`CausalAttention`].
#[derive(Config, Debug)]
pub struct CausalAttentionConfig {
    /// Width of the input vectors.
    pub d_in: usize,
    /// Width of the context vectors.
    pub d_out: usize,
    /// Maximum number of tokens in one input.
    pub context_length: usize,
    /// Probability that an attention weight is dropped in training, in [0, 1).
    #[config(default = 0.0)]
    pub dropout: f64,
    /// Whether the projections have a bias.
    #[config(default = false)]
    pub qkv_bias: bool,
}

/// Attention in which a token sees itself and the tokens before it.
///
/// The order of the fields is the order of the random draws.
#[derive(Module, Debug)]
pub struct CausalAttention {
    /// Projection to the queries, `[d_in, d_out]`.
    pub w_query: Linear,
    /// Projection to the keys, `[d_in, d_out]`.
    pub w_key: Linear,
    /// Projection to the values, `[d_in, d_out]`.
    pub w_value: Linear,
    /// Dropout on the attention weights.
    pub dropout: Dropout,
    /// True where a token must not look: strictly above the diagonal, `[context_length, context_length]`. A plain
    /// tensor moves with the module between devices, but is neither trained nor saved.
    pub mask: Tensor<2, Bool>,
}

impl CausalAttention {
    /// A lazy module; [`torch_init`](shared::init::torch_init) draws its values.
    ///
    /// # Panics
    /// If `dropout` is not in [0, 1).
    pub fn new(config: &CausalAttentionConfig, device: &Device) -> Self {
        let &CausalAttentionConfig { d_in, d_out, context_length, dropout, qkv_bias } = config;
        Self {
            w_query: Linear::new(d_in, d_out, qkv_bias, device),
            w_key: Linear::new(d_in, d_out, qkv_bias, device),
            w_value: Linear::new(d_in, d_out, qkv_bias, device),
            dropout: Dropout::new(dropout),
            mask: causal_mask(context_length, device),
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
        let [_, tokens, _] = x.dims();
        let hidden = leading_square(&self.mask, tokens).unsqueeze::<3>(); // [1, tokens, tokens]

        let keys = self.w_key.forward(x.clone()); // [batch, tokens, d_out]
        let queries = self.w_query.forward(x.clone()); // [batch, tokens, d_out]
        let values = self.w_value.forward(x); // [batch, tokens, d_out]
        let [_, _, d_k] = keys.dims();

        let scores = queries.matmul(keys.swap_dims(1, 2)); // [batch, tokens, tokens]
        let scores = scores.mask_fill(hidden, f32::NEG_INFINITY);
        let weights = softmax(scores / (d_k as f64).sqrt(), 2);
        let weights = self.dropout.forward(weights, mode);
        weights.matmul(values) // [batch, tokens, d_out]
    }
}
