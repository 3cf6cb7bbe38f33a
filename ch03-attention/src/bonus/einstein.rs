//! Einstein summation on bare matrices.
//!
//! An equation such as `bnd,dhe->bnhe` names the axes: those missing on the right are multiplied and summed. The
//! letters here are b batch, n and m tokens (of query and key), d input width, h heads, e head width. Where the heads
//! stand does not matter to an equation, so nothing has to be swapped.

use burn::module::{Module, Param};
use burn::tensor::activation::softmax;
use burn::tensor::{Bool, Tensor, einsum};
use shared::{Dropout, Linear, Mode};

use crate::MultiHeadAttention;
use crate::causal_mask::{causal_mask, leading_square};

/// Causal multi-head attention as Einstein summation, without bias in the projections.
#[derive(Module, Debug)]
pub struct EinsteinAttention {
    /// Projection to the queries, `[d_in, heads, head_dim]`.
    pub w_query: Param<Tensor<3>>,
    /// Projection to the keys, `[d_in, heads, head_dim]`.
    pub w_key: Param<Tensor<3>>,
    /// Projection to the values, `[d_in, heads, head_dim]`.
    pub w_value: Param<Tensor<3>>,
    /// Combines the heads, `[d_out, d_out]`, with bias.
    pub out_proj: Linear,
    /// Dropout on the attention weights.
    pub dropout: Dropout,
    /// True strictly above the diagonal, `[context_length, context_length]`.
    pub mask: Tensor<2, Bool>,
}

impl EinsteinAttention {
    /// The weights, the dropout rate and the context length of `chapter`.
    ///
    /// # Panics
    /// If the projections to queries, keys and values have a bias.
    pub fn with_weights_of(chapter: &MultiHeadAttention) -> Self {
        let matrix = |layer: &Linear| {
            assert!(
                layer.bias.is_none(),
                "EinsteinAttention has no bias in its projections, so qkv_bias must be false, not true"
            );
            let weight = layer.weight.val().detach();
            let [d_in, _] = weight.dims();
            Param::from_tensor(weight.reshape([d_in, chapter.num_heads, chapter.head_dim]))
        };
        Self {
            w_query: matrix(&chapter.w_query),
            w_key: matrix(&chapter.w_key),
            w_value: matrix(&chapter.w_value),
            out_proj: chapter.out_proj.clone(),
            dropout: chapter.dropout.clone(),
            mask: causal_mask(chapter.context_length, &chapter.out_proj.weight.lazy_device()),
        }
    }

    /// # Shapes
    /// - `x`: `[batch, tokens, d_in]`, at most `context_length` tokens;
    /// - result: `[batch, tokens, d_out]`.
    ///
    /// # Panics
    /// If there are more tokens than `context_length`, or `x` is not `d_in` wide.
    pub fn forward(&self, x: Tensor<3>, mode: &mut Mode) -> Tensor<3> {
        let [batch, tokens, _] = x.dims();
        let [_, heads, head_dim] = self.w_query.dims();
        let hidden = leading_square(&self.mask, tokens).unsqueeze::<4>(); // [1, 1, tokens, tokens]

        let queries = einsum!("bnd,dhe->bnhe", &x, self.w_query.val());
        let keys = einsum!("bmd,dhe->bmhe", &x, self.w_key.val());
        let values = einsum!("bmd,dhe->bmhe", x, self.w_value.val());

        let scores = einsum!("bnhe,bmhe->bhnm", queries, keys) / (head_dim as f64).sqrt();
        let scores = scores.mask_fill(hidden, f32::NEG_INFINITY);
        let weights = self.dropout.forward(softmax(scores, 3), mode); // [batch, heads, tokens, tokens]
        let context = einsum!("bhnm,bmhe->bnhe", weights, values);
        self.out_proj.forward(context.reshape([batch, tokens, heads * head_dim]))
    }
}
