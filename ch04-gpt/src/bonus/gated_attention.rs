//! Gated attention: a gate decides how much of the heads' result passes.
//!
//! The weights of softmax sum to 1 even where nothing is worth attending to; models learn to put them on the first
//! token then (an attention sink). A gate per channel, `sigmoid(x·W_gate)`, lets a token turn the result down instead.

use burn::config::Config;
use burn::module::Module;
use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Tensor};
use ch03_attention::bonus::heads::{attend, split_heads};
use ch03_attention::causal_mask::causal_mask;
use ch03_attention::multi_head::head_dim;
use shared::{Dropout, Linear, Mode};

/// Sizes of a [`GatedMultiHeadAttention`].
#[derive(Config, Debug)]
pub struct GatedMultiHeadAttentionConfig {
    /// Width of the input vectors.
    pub d_in: usize,
    /// Width of the context vectors, all heads together.
    pub d_out: usize,
    /// Number of heads; divides `d_out`.
    pub num_heads: usize,
    /// Probability that an attention weight is dropped in training, in [0, 1).
    #[config(default = 0.0)]
    pub dropout: f64,
    /// Whether the four input projections have a bias. The output projection always has one.
    #[config(default = false)]
    pub qkv_bias: bool,
}

/// Causal multi-head attention with a gate before the output projection.
///
/// The order of the fields is the order of the random draws.
#[derive(Module, Debug)]
pub struct GatedMultiHeadAttention {
    /// Projection to the queries of all heads, `[d_in, d_out]`.
    pub w_query: Linear,
    /// Projection to the gate, `[d_in, d_out]`.
    pub w_gate: Linear,
    /// Projection to the keys of all heads, `[d_in, d_out]`.
    pub w_key: Linear,
    /// Projection to the values of all heads, `[d_in, d_out]`.
    pub w_value: Linear,
    /// Combines the gated heads, `[d_out, d_out]`, with bias.
    pub out_proj: Linear,
    /// Dropout on the attention weights.
    pub dropout: Dropout,
    /// Number of heads.
    pub num_heads: usize,
}

impl GatedMultiHeadAttention {
    /// A lazy module; [`torch_init`](shared::init::torch_init) draws its values.
    ///
    /// # Panics
    /// If `num_heads` does not divide `d_out`, or `dropout` is not in [0, 1).
    pub fn new(config: &GatedMultiHeadAttentionConfig, device: &Device) -> Self {
        head_dim(config.d_out, config.num_heads);
        let projection = || Linear::new(config.d_in, config.d_out, config.qkv_bias, device);
        Self {
            w_query: projection(),
            w_gate: projection(),
            w_key: projection(),
            w_value: projection(),
            out_proj: Linear::new(config.d_out, config.d_out, true, device),
            dropout: Dropout::new(config.dropout),
            num_heads: config.num_heads,
        }
    }

    /// # Shapes
    /// - `x`: `[batch, tokens, d_in]`;
    /// - result: `[batch, tokens, d_out]`.
    pub fn forward(&self, x: Tensor<3>, mode: &mut Mode) -> Tensor<3> {
        let [_, tokens, _] = x.dims();
        let hidden = causal_mask(tokens, &x.device());
        // [batch, heads, tokens, head_dim] each
        let [queries, keys, values] = [&self.w_query, &self.w_key, &self.w_value]
            .map(|projection| split_heads(projection.forward(x.clone()), self.num_heads));
        let context = attend(queries, keys, values, hidden, &self.dropout, mode); // [batch, tokens, d_out]
        let gate = sigmoid(self.w_gate.forward(x)); // [batch, tokens, d_out]
        self.out_proj.forward(context * gate)
    }
}
