//! One matrix product for queries, keys and values together.
//!
//! Section 3.6.2 replaces a product per head by one per projection. The same trick works once more: put the three
//! matrices side by side, `[Wq | Wk | Wv]`, and one product gives queries, keys and values at once.

use burn::module::{Module, Param};
use burn::tensor::{Bool, Device, Tensor};
use shared::{Dropout, Linear, Mode};

use super::heads::attend;
use crate::causal_mask::{causal_mask, leading_square};
use crate::multi_head::head_dim;
use crate::{MultiHeadAttention, MultiHeadAttentionConfig};

/// The projection to queries, keys and values of all heads.
#[derive(Module, Debug)]
pub struct QkvProjection {
    /// `[Wq | Wk | Wv]`, `[d_in, 3 · d_out]`.
    pub qkv: Linear,
    /// Number of heads.
    pub num_heads: usize,
    /// Width of one head.
    pub head_dim: usize,
}

impl QkvProjection {
    /// The three projections of `separate` side by side.
    pub fn with_weights_of(separate: &MultiHeadAttention) -> Self {
        let layers = [&separate.w_query, &separate.w_key, &separate.w_value];
        let weight = Tensor::cat(layers.map(|layer| layer.weight.val()).to_vec(), 1).detach();
        let biases: Option<Vec<_>> = layers.iter().map(|layer| layer.bias.as_ref().map(Param::val)).collect();
        let bias = biases.map(|biases| Param::from_tensor(Tensor::cat(biases, 0).detach()));
        Self {
            qkv: Linear::from_params(Param::from_tensor(weight), bias),
            num_heads: separate.num_heads,
            head_dim: separate.head_dim,
        }
    }

    /// Queries, keys and values.
    ///
    /// # Shapes
    /// - `x`: `[batch, tokens, d_in]`;
    /// - results: `[batch, heads, tokens, head_dim]` each.
    pub fn forward(&self, x: Tensor<3>) -> [Tensor<4>; 3] {
        let [batch, tokens, _] = x.dims();
        let qkv = self.qkv.forward(x); // [batch, tokens, 3 * d_out]
        let qkv = qkv.reshape([batch, tokens, 3, self.num_heads, self.head_dim]);
        let qkv = qkv.permute([2, 0, 3, 1, 4]); // [3, batch, heads, tokens, head_dim]
        [0, 1, 2].map(|i| qkv.clone().narrow(0, i, 1).squeeze_dim(0))
    }
}

/// Causal multi-head attention with one projection for queries, keys and values.
///
/// [`shared::init::torch_init`] draws a layer output by output, and the outputs stand in the order queries, keys,
/// values, out_proj. So the same seed gives the same weights as in [`MultiHeadAttention`], as long as there is no
/// `qkv_bias`.
///
/// The order of the fields is the order of the random draws.
#[derive(Module, Debug)]
pub struct CombinedQkvAttention {
    /// Projection to queries, keys and values.
    pub qkv: QkvProjection,
    /// Combines the heads, `[d_out, d_out]`, with bias.
    pub proj: Linear,
    /// Dropout on the attention weights.
    pub dropout: Dropout,
    /// True strictly above the diagonal, `[context_length, context_length]`.
    pub mask: Tensor<2, Bool>,
}

impl CombinedQkvAttention {
    /// A lazy module; [`torch_init`](shared::init::torch_init) draws its values.
    ///
    /// # Panics
    /// As [`MultiHeadAttention::new`].
    pub fn new(config: &MultiHeadAttentionConfig, device: &Device) -> Self {
        let head_dim = head_dim(config.d_out, config.num_heads);
        let qkv = Linear::new(config.d_in, 3 * config.d_out, config.qkv_bias, device);
        Self {
            qkv: QkvProjection { qkv, num_heads: config.num_heads, head_dim },
            proj: Linear::new(config.d_out, config.d_out, true, device),
            dropout: Dropout::new(config.dropout),
            mask: causal_mask(config.context_length, device),
        }
    }

    /// The weights, the dropout rate and the context length of `separate`.
    pub fn with_weights_of(separate: &MultiHeadAttention) -> Self {
        Self {
            qkv: QkvProjection::with_weights_of(separate),
            proj: separate.out_proj.clone(),
            dropout: separate.dropout.clone(),
            mask: causal_mask(separate.context_length, &separate.out_proj.weight.lazy_device()),
        }
    }

    /// # Shapes
    /// - `x`: `[batch, tokens, d_in]`, at most `context_length` tokens;
    /// - result: `[batch, tokens, d_out]`.
    ///
    /// # Panics
    /// If there are more tokens than `context_length`, or `x` is not `d_in` wide.
    pub fn forward(&self, x: Tensor<3>, mode: &mut Mode) -> Tensor<3> {
        let [_, tokens, _] = x.dims();
        let hidden = leading_square(&self.mask, tokens);
        let [queries, keys, values] = self.qkv.forward(x); // [batch, heads, tokens, head_dim]
        let context = attend(queries, keys, values, hidden, &self.dropout, mode); // [batch, tokens, d_out]
        self.proj.forward(context)
    }
}
