//! The block that a Llama repeats.
//!
//! Chapter 4's block with other parts and without dropout:
//!
//! ```text
//! x = x + attention(norm1(x))
//! x = x + feed_forward(norm2(x))
//! ```
//!
//! Gemma 3 also normalizes the result of each branch, see [`gemma3`](crate::gemma3).

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use ch04_gpt::bonus::KvCache;

use crate::config::{Family, LlamaConfig};
use crate::rope::Rotation;
use crate::{GatedFeedForward, GroupedQueryAttention, RmsNorm};

/// Attention and feed-forward network, with norms and shortcuts.
///
/// The order of the fields is the order of the random draws.
#[derive(Module, Debug)]
pub struct LlamaBlock {
    /// Attention between the positions.
    pub att: GroupedQueryAttention,
    /// The network per position.
    pub ff: GatedFeedForward,
    /// Before the attention.
    pub norm1: RmsNorm,
    /// Before the feed-forward network.
    pub norm2: RmsNorm,
    /// After the attention, before its result is added (Gemma 3).
    pub post_attention_norm: Option<RmsNorm>,
    /// After the feed-forward network, before its result is added (Gemma 3).
    pub post_ff_norm: Option<RmsNorm>,
}

impl LlamaBlock {
    /// The lazy block of layer `layer`, counted from 0; [`torch_init`](shared::init::torch_init) draws its values, or a
    /// loader sets them.
    pub fn new(config: &LlamaConfig, layer: usize, device: &Device) -> Self {
        let is_gemma = matches!(config.family, Family::Gemma3(_));
        let norm = || block_norm(config, device);
        Self {
            att: GroupedQueryAttention::new(config, layer, device),
            ff: GatedFeedForward::new(config, device),
            norm1: norm(),
            norm2: norm(),
            post_attention_norm: is_gemma.then(norm),
            post_ff_norm: is_gemma.then(norm),
        }
    }

    /// # Shapes
    /// - `x`: `[batch, tokens, emb_dim]`; the result has the same;
    /// - `rotation`: that of these tokens.
    pub fn forward(&self, x: Tensor<3>, rotation: &Rotation) -> Tensor<3> {
        let attended = self.att.forward(self.norm1.forward(x.clone()), rotation);
        self.add_branches(x, attended)
    }

    /// As [`forward`](Self::forward), for new tokens that follow those in `cache`.
    ///
    /// # Panics
    /// If the batch is not that of the cache.
    pub fn forward_cached(&self, x: Tensor<3>, rotation: &Rotation, cache: &mut KvCache) -> Tensor<3> {
        let attended = self.att.forward_cached(self.norm1.forward(x.clone()), rotation, cache);
        self.add_branches(x, attended)
    }

    /// Everything after the attention.
    fn add_branches(&self, x: Tensor<3>, attended: Tensor<3>) -> Tensor<3> {
        let x = x + normalized(self.post_attention_norm.as_ref(), attended);
        let computed = self.ff.forward(self.norm2.forward(x.clone()));
        x + normalized(self.post_ff_norm.as_ref(), computed)
    }
}

/// The norm of a block, and the one after the last block.
pub(crate) fn block_norm(config: &LlamaConfig, device: &Device) -> RmsNorm {
    match config.family {
        Family::Llama | Family::Qwen3 => RmsNorm::new(config.emb_dim, config.norm_eps, device),
        Family::Gemma3(_) => RmsNorm::one_plus(config.emb_dim, config.norm_eps, device),
    }
}

fn normalized(norm: Option<&RmsNorm>, x: Tensor<3>) -> Tensor<3> {
    match norm {
        Some(norm) => norm.forward(x),
        None => x,
    }
}
