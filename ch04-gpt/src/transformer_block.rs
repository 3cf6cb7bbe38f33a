//! The block that a GPT repeats (section 4.5).

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use ch03_attention::{MultiHeadAttention, MultiHeadAttentionConfig};
use kernels::Kernels;
use shared::{Dropout, GptConfig, Mode};

use crate::{FeedForward, LayerNorm};

/// Attention mixes the positions, the feed-forward network works on each alone. Before each of the two stands a norm,
/// after it dropout, and a shortcut leads around all three:
///
/// ```text
/// x = x + dropout(attention(norm1(x)))
/// x = x + dropout(feed_forward(norm2(x)))
/// ```
#[derive(Module, Debug)]
pub struct TransformerBlock {
    /// Causal multi-head attention.
    pub att: MultiHeadAttention,
    /// The network per position.
    pub ff: FeedForward,
    /// In front of the attention.
    pub norm1: LayerNorm,
    /// In front of the feed-forward network.
    pub norm2: LayerNorm,
    /// Behind both.
    pub drop_shortcut: Dropout,
}

impl TransformerBlock {
    /// Puts the block together; [`torch_init`](shared::init::torch_init) gives it values.
    pub fn new(config: &GptConfig, device: &Device) -> Self {
        let width = config.emb_dim;
        Self {
            att: MultiHeadAttentionConfig::new(width, width, config.context_length, config.n_heads)
                .with_dropout(config.drop_rate)
                .with_qkv_bias(config.qkv_bias)
                .init(device),
            ff: FeedForward::new(config, device),
            norm1: LayerNorm::new(width, device),
            norm2: LayerNorm::new(width, device),
            drop_shortcut: Dropout::new(config.drop_rate),
        }
    }

    /// The same block, computed by `kernels`.
    pub fn with_kernels(self, kernels: Kernels) -> Self {
        Self {
            att: self.att.with_kernels(kernels),
            ff: self.ff.with_kernels(kernels),
            norm1: self.norm1.with_kernels(kernels),
            norm2: self.norm2.with_kernels(kernels),
            drop_shortcut: self.drop_shortcut.with_kernels(kernels),
        }
    }

    /// # Shapes
    /// - `x`: `[batch, tokens, emb_dim]`, at most `context_length` tokens; the result has the same.
    pub fn forward(&self, x: Tensor<3>, mode: &mut Mode) -> Tensor<3> {
        let shortcut = x.clone();
        let x = self.att.forward(self.norm1.forward(x), mode);
        let x = self.drop_shortcut.forward_add(x, shortcut, mode);

        let shortcut = x.clone();
        let x = self.ff.forward(self.norm2.forward(x));
        self.drop_shortcut.forward_add(x, shortcut, mode)
    }
}
