//! The list of heads of section 3.6.1, followed by an output projection.

use std::ops::Range;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, s};
use shared::{Linear, Mode};

use crate::causal_mask::causal_mask;
use crate::{CausalAttention, MultiHeadAttention, MultiHeadAttentionWrapper, MultiHeadAttentionWrapperConfig};

/// Single heads whose concatenated results go through a linear layer. With that layer the list can do what
/// [`MultiHeadAttention`] does.
///
/// The order of the fields is the order of the random draws.
#[derive(Module, Debug)]
pub struct WrapperWithProjection {
    /// The heads.
    pub wrapper: MultiHeadAttentionWrapper,
    /// Combines the heads; as wide as all heads together, with bias.
    pub out_proj: Linear,
}

impl WrapperWithProjection {
    /// A lazy module; [`torch_init`](shared::init::torch_init) draws its values.
    ///
    /// # Panics
    /// As [`MultiHeadAttentionWrapper::new`].
    pub fn new(config: &MultiHeadAttentionWrapperConfig, device: &Device) -> Self {
        let width = config.d_out * config.num_heads;
        Self {
            wrapper: MultiHeadAttentionWrapper::new(config, device),
            out_proj: Linear::new(width, width, true, device),
        }
    }

    /// The weights of `large`: head h gets the columns h·head_dim .. (h + 1)·head_dim of its projections.
    pub fn with_weights_of(large: &MultiHeadAttention) -> Self {
        let mask = causal_mask(large.context_length, &large.w_query.weight.lazy_device());
        let head = |h: usize| {
            let range = h * large.head_dim..(h + 1) * large.head_dim;
            CausalAttention {
                w_query: columns(&large.w_query, range.clone()),
                w_key: columns(&large.w_key, range.clone()),
                w_value: columns(&large.w_value, range),
                dropout: large.dropout.clone(),
                mask: mask.clone(),
            }
        };
        let heads = (0..large.num_heads).map(head).collect();
        Self { wrapper: MultiHeadAttentionWrapper { heads }, out_proj: large.out_proj.clone() }
    }

    /// # Shapes
    /// - `x`: `[batch, tokens, d_in]`, at most `context_length` tokens;
    /// - result: `[batch, tokens, num_heads · d_out]`.
    ///
    /// # Panics
    /// If there are more tokens than `context_length`, or `x` is not `d_in` wide.
    pub fn forward(&self, x: Tensor<3>, mode: &mut Mode) -> Tensor<3> {
        self.out_proj.forward(self.wrapper.forward(x, mode))
    }
}

/// A layer with some of the outputs of `layer`.
fn columns(layer: &Linear, range: Range<usize>) -> Linear {
    let weight = layer.weight.val().slice(s![.., range.clone()]).detach();
    let bias = layer.bias.as_ref().map(|bias| bias.val().slice(s![range]).detach());
    Linear::from_params(Param::from_tensor(weight), bias.map(Param::from_tensor))
}
