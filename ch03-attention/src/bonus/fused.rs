//! burn's `attention` function: scores, mask, softmax and the product with the values in one call.
//!
//! A backend may compute the call in one kernel that never keeps the `[tokens, tokens]` matrices of all heads. On a
//! device that records gradients burn composes it of the usual steps.
//!
//! The function knows two ways to hide the future: a flag, and a mask. In the mask true means "hidden", here and
//! everywhere else in burn. PyTorch's counterpart reads it the other way round, true means "visible"; a mask from
//! PyTorch that is not inverted lets every token see nothing but the future.

use burn::module::Module;
use burn::tensor::module::attention;
use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{Bool, Tensor};
use shared::Linear;

use super::combined_qkv::QkvProjection;
use super::heads::merge_heads;
use crate::MultiHeadAttention;
use crate::causal_mask::{causal_mask, leading_square};

/// Causal multi-head attention around burn's `attention`. It has no dropout, because that function has none.
#[derive(Module, Debug)]
pub struct FusedAttention {
    /// Projection to queries, keys and values.
    pub qkv: QkvProjection,
    /// Combines the heads, `[d_out, d_out]`, with bias.
    pub proj: Linear,
    /// True strictly above the diagonal, `[context_length, context_length]`; `None` to use the causal flag instead.
    pub mask: Option<Tensor<2, Bool>>,
}

impl FusedAttention {
    /// The weights of `chapter`, and the flag. Without a mask there is no limit to the number of tokens.
    pub fn with_causal_flag(chapter: &MultiHeadAttention) -> Self {
        Self { qkv: QkvProjection::with_weights_of(chapter), proj: chapter.out_proj.clone(), mask: None }
    }

    /// The weights of `chapter`, and a mask for its context length.
    pub fn with_explicit_mask(chapter: &MultiHeadAttention) -> Self {
        let mask = causal_mask(chapter.context_length, &chapter.out_proj.weight.lazy_device());
        Self { mask: Some(mask), ..Self::with_causal_flag(chapter) }
    }

    /// # Shapes
    /// - `x`: `[batch, tokens, d_in]`, with a mask at most `context_length` tokens;
    /// - result: `[batch, tokens, d_out]`.
    ///
    /// # Panics
    /// If there is a mask and `x` has more tokens than `context_length`, or `x` is not `d_in` wide.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let [batch, tokens, _] = x.dims();
        let hidden = self
            .mask
            .as_ref()
            .map(|mask| leading_square(mask, tokens).expand([batch, self.qkv.num_heads, tokens, tokens]));
        let options = AttentionModuleOptions { is_causal: hidden.is_none(), ..Default::default() };

        let [queries, keys, values] = self.qkv.forward(x); // [batch, heads, tokens, head_dim]
        let context = attention(queries, keys, values, hidden, None, options); // [batch, heads, tokens, head_dim]
        self.proj.forward(merge_heads(context))
    }
}
