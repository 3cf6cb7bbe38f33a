//! The block that a GPT repeats (section 4.5).

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use ch03_attention::{MultiHeadAttention, MultiHeadAttentionConfig};
use shared::{Dropout, GptConfig, Mode};

use crate::{FeedForward, LayerNorm};

/// Attention mixes the positions, the feed-forward network works on each alone. A norm comes before each of the two,
/// dropout after it, and a shortcut connection leads around all three:
///
/// ```text
/// x = x + dropout(attention(norm1(x)))
/// x = x + dropout(feed_forward(norm2(x)))
/// ```
///
/// The order of the fields is the order of the random draws.
#[derive(Module, Debug)]
pub struct TransformerBlock {
    /// Causal multi-head attention.
    pub att: MultiHeadAttention,
    /// The network per position.
    pub ff: FeedForward,
    /// Before the attention.
    pub norm1: LayerNorm,
    /// Before the feed-forward network.
    pub norm2: LayerNorm,
    /// Dropout after either of them.
    pub drop_shortcut: Dropout,
}

impl TransformerBlock {
    /// A lazy module; [`torch_init`](shared::init::torch_init) draws its values.
    pub fn new(config: &GptConfig, device: &Device) -> Self {
        let attention = MultiHeadAttentionConfig {
            d_in: config.emb_dim,
            d_out: config.emb_dim,
            context_length: config.context_length,
            num_heads: config.n_heads,
            dropout: config.drop_rate,
            qkv_bias: config.qkv_bias,
        };
        Self {
            att: MultiHeadAttention::new(&attention, device),
            ff: FeedForward::new(config, device),
            norm1: LayerNorm::new(config.emb_dim, device),
            norm2: LayerNorm::new(config.emb_dim, device),
            drop_shortcut: Dropout::new(config.drop_rate),
        }
    }

    /// # Shapes
    /// - `x`: `[batch, tokens, emb_dim]`, at most `context_length` tokens; the result has the same, at every step.
    pub fn forward(&self, x: Tensor<3>, mode: &mut Mode) -> Tensor<3> {
        let shortcut = x.clone();
        let x = self.norm1.forward(x);
        let x = self.att.forward(x, mode);
        let x = self.drop_shortcut.forward(x, mode);
        let x = x + shortcut;

        let shortcut = x.clone();
        let x = self.norm2.forward(x);
        let x = self.ff.forward(x);
        let x = self.drop_shortcut.forward(x, mode);
        x + shortcut
    }
}
