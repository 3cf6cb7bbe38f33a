//! burn's own multi-head module.
//!
//! It is made for encoders and decoders of all kinds: query, key and value may come from three different inputs, and a
//! mask is passed with each call. Three differences from the chapter's module matter:
//!
//! - all its matrices are square, so input and output have the same width;
//! - hidden scores become -10,000 instead of minus infinity, after scaling. exp of that is 0 in f32 unless the scores
//!   themselves are that small, so the weights come out the same;
//! - its dropout draws from the device's generator and works only on a device that records gradients. Here it is off.

use burn::module::Module;
use burn::nn::attention::{self, MhaInput, generate_autoregressive_mask};
use burn::tensor::Tensor;

use crate::MultiHeadAttention;

/// Causal multi-head attention by `burn::nn::attention::MultiHeadAttention`.
#[derive(Module, Debug)]
pub struct BurnAttention {
    /// burn's module.
    pub attention: attention::MultiHeadAttention,
}

impl BurnAttention {
    /// The weights of `chapter`.
    ///
    /// # Panics
    /// If `chapter` has different widths for input and output.
    pub fn with_weights_of(chapter: &MultiHeadAttention) -> Self {
        let [d_in, d_out] = chapter.w_query.weight.dims();
        assert_eq!(d_in, d_out, "burn's multi-head attention needs d_in = d_out");
        let config = attention::MultiHeadAttentionConfig::new(d_out, chapter.num_heads).with_dropout(0.0);
        Self {
            attention: attention::MultiHeadAttention {
                query: chapter.w_query.clone().into(),
                key: chapter.w_key.clone().into(),
                value: chapter.w_value.clone().into(),
                output: chapter.out_proj.clone().into(),
                ..config.init(&chapter.out_proj.weight.lazy_device())
            },
        }
    }

    /// The context vectors of all tokens.
    ///
    /// # Shapes
    /// - `x`: `[batch, tokens, d_in]`, the result has the same. There is no limit to the number of tokens.
    ///
    /// # Panics
    /// If `x` is not `d_in` wide.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let [batch, tokens, _] = x.dims();
        let hidden = generate_autoregressive_mask(batch, tokens, &x.device()); // [batch, tokens, tokens], true = hidden
        self.attention.forward(MhaInput::self_attn(x).mask_attn(hidden)).context
    }
}
