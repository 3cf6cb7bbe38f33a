//! A GPT that chooses its attention for every layer, and its feed-forward network for all.
//!
//! Everything around the two stays as in chapter 4, so you can see what a variant changes: build one model with
//! `AttentionKind::Full` everywhere and one with something else, from the same seed.

use burn::module::Module;
use burn::nn::Embedding;
use burn::tensor::{Device, Int, Tensor};
use ch03_attention::{MultiHeadAttention, MultiHeadAttentionConfig};
use shared::init::{embedding, linear, torch_init};
use shared::rng::TorchRng;
use shared::{Dropout, GptConfig, Linear, Mode};

use super::{
    GatedDeltaNet, GatedDeltaNetConfig, GatedMultiHeadAttention, GatedMultiHeadAttentionConfig, GroupedQueryAttention,
    GroupedQueryAttentionConfig, MoeFeedForward, MoeFeedForwardConfig, MultiHeadLatentAttention,
    MultiHeadLatentAttentionConfig, SlidingWindowAttention, SlidingWindowAttentionConfig,
};
use crate::{FeedForward, LayerNorm};

/// What mixes the positions in a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttentionKind {
    /// The attention of chapter 3.
    Full,
    /// [`GroupedQueryAttention`] with this many key/value heads.
    GroupedQuery(usize),
    /// [`MultiHeadLatentAttention`] with latent vectors of this width.
    Latent(usize),
    /// [`SlidingWindowAttention`] over this many tokens.
    SlidingWindow(usize),
    /// [`GatedMultiHeadAttention`].
    Gated,
    /// [`GatedDeltaNet`].
    DeltaNet,
}

/// Sizes and choices of a [`HybridGptModel`].
#[derive(Clone, Debug)]
pub struct HybridGptConfig {
    /// The sizes of chapter 4. `n_layers` has no effect; `attention` has one entry per layer.
    pub base: GptConfig,
    /// One entry per layer, first one first.
    pub attention: Vec<AttentionKind>,
    /// Experts instead of the feed-forward network of section 4.3. Their `emb_dim` must be that of `base`.
    pub experts: Option<MoeFeedForwardConfig>,
}

/// As [`GptModel`](crate::GptModel), with other blocks.
///
/// The order of the fields is the order of the random draws.
#[derive(Module, Debug)]
pub struct HybridGptModel {
    /// A vector for each token id.
    pub tok_emb: Embedding,
    /// A vector for each position.
    pub pos_emb: Embedding,
    /// Dropout on the sum of both.
    pub drop_emb: Dropout,
    /// The blocks, first one first.
    pub trf_blocks: Vec<HybridBlock>,
    /// The norm after the last block.
    pub final_norm: LayerNorm,
    /// From vectors to logits, without bias.
    pub out_head: Linear,
}

impl HybridGptModel {
    /// The model with values from `rng`, drawn in the same order as those of [`GptModel`](crate::GptModel).
    ///
    /// # Panics
    /// If the sizes do not fit together.
    pub fn new(config: &HybridGptConfig, rng: &mut TorchRng, device: &Device) -> Self {
        let base = &config.base;
        if let Some(experts) = &config.experts {
            let (width, expected) = (experts.emb_dim, base.emb_dim);
            assert_eq!(width, expected, "experts.emb_dim is {width}, but must be that of base, which is {expected}");
        }
        Self {
            tok_emb: embedding(base.vocab_size, base.emb_dim, rng, device),
            pos_emb: embedding(base.context_length, base.emb_dim, rng, device),
            drop_emb: Dropout::new(base.drop_rate),
            trf_blocks: config.attention.iter().map(|&kind| HybridBlock::new(kind, config, rng, device)).collect(),
            final_norm: LayerNorm::new(base.emb_dim, device),
            out_head: linear(base.emb_dim, base.vocab_size, false, rng, device),
        }
    }

    /// # Shapes
    /// - `ids`: `[batch, tokens]`;
    /// - result: logits, `[batch, tokens, vocab_size]`.
    ///
    /// # Panics
    /// If there are more tokens than the context has room for.
    pub fn forward(&self, ids: Tensor<2, Int>, mode: &mut Mode) -> Tensor<3> {
        let [_, tokens] = ids.dims();
        let [context_length, _] = self.pos_emb.weight.lazy_shape().dims();
        assert!(tokens <= context_length, "{tokens} tokens do not fit into a context of {context_length}");
        let positions = Tensor::<1, Int>::arange(0..tokens as i64, &ids.device()).unsqueeze(); // [1, tokens]
        let x = self.tok_emb.forward(ids) + self.pos_emb.forward(positions); // [batch, tokens, emb_dim]
        let mut x = self.drop_emb.forward(x, mode);
        for block in &self.trf_blocks {
            x = block.forward(x, mode);
        }
        self.out_head.forward(self.final_norm.forward(x)) // [batch, tokens, vocab_size]
    }
}

/// As [`TransformerBlock`](crate::TransformerBlock), with a choice of its two parts.
///
/// The order of the fields is the order of the random draws.
#[derive(Module, Debug)]
pub struct HybridBlock {
    /// Mixes the positions.
    pub att: HybridAttention,
    /// Works on each position alone.
    pub ff: HybridFeedForward,
    /// Before the attention.
    pub norm1: LayerNorm,
    /// Before the feed-forward network.
    pub norm2: LayerNorm,
    /// Dropout after either of them.
    pub drop_shortcut: Dropout,
}

impl HybridBlock {
    fn new(kind: AttentionKind, config: &HybridGptConfig, rng: &mut TorchRng, device: &Device) -> Self {
        let base = &config.base;
        Self {
            att: HybridAttention::new(kind, base, rng, device),
            ff: match &config.experts {
                Some(experts) => HybridFeedForward::Experts(torch_init(MoeFeedForward::new(experts, device), rng)),
                None => HybridFeedForward::Dense(torch_init(FeedForward::new(base, device), rng)),
            },
            norm1: LayerNorm::new(base.emb_dim, device),
            norm2: LayerNorm::new(base.emb_dim, device),
            drop_shortcut: Dropout::new(base.drop_rate),
        }
    }

    /// # Shapes
    /// - `x`: `[batch, tokens, emb_dim]`; the result has the same.
    pub fn forward(&self, x: Tensor<3>, mode: &mut Mode) -> Tensor<3> {
        let shortcut = x.clone();
        let x = self.att.forward(self.norm1.forward(x), mode);
        let x = self.drop_shortcut.forward(x, mode) + shortcut;

        let shortcut = x.clone();
        let x = self.ff.forward(self.norm2.forward(x));
        self.drop_shortcut.forward(x, mode) + shortcut
    }
}

/// The module behind an [`AttentionKind`].
#[derive(Module, Debug)]
#[allow(missing_docs, reason = "the names are those of the modules inside")]
#[allow(clippy::large_enum_variant, reason = "a model has a few dozen of them")]
pub enum HybridAttention {
    Full(MultiHeadAttention),
    GroupedQuery(GroupedQueryAttention),
    Latent(MultiHeadLatentAttention),
    SlidingWindow(SlidingWindowAttention),
    Gated(GatedMultiHeadAttention),
    DeltaNet(GatedDeltaNet),
}

impl HybridAttention {
    fn new(kind: AttentionKind, base: &GptConfig, rng: &mut TorchRng, device: &Device) -> Self {
        let &GptConfig { emb_dim: d, n_heads, drop_rate, qkv_bias, .. } = base;
        match kind {
            AttentionKind::Full => {
                let config = MultiHeadAttentionConfig::new(d, d, base.context_length, n_heads);
                let config = config.with_dropout(drop_rate).with_qkv_bias(qkv_bias);
                Self::Full(torch_init(MultiHeadAttention::new(&config, device), rng))
            }
            AttentionKind::GroupedQuery(groups) => {
                let config = GroupedQueryAttentionConfig::new(d, d, n_heads, groups);
                let config = config.with_dropout(drop_rate).with_qkv_bias(qkv_bias);
                Self::GroupedQuery(torch_init(GroupedQueryAttention::new(&config, device), rng))
            }
            AttentionKind::Latent(latent_dim) => {
                let config = MultiHeadLatentAttentionConfig::new(d, d, n_heads).with_latent_dim(Some(latent_dim));
                let config = config.with_dropout(drop_rate).with_qkv_bias(qkv_bias);
                Self::Latent(torch_init(MultiHeadLatentAttention::new(&config, device), rng))
            }
            AttentionKind::SlidingWindow(window) => {
                let config = SlidingWindowAttentionConfig::new(d, d, n_heads).with_window(Some(window));
                let config = config.with_dropout(drop_rate).with_qkv_bias(qkv_bias);
                Self::SlidingWindow(torch_init(SlidingWindowAttention::new(&config, device), rng))
            }
            AttentionKind::Gated => {
                let config = GatedMultiHeadAttentionConfig::new(d, d, n_heads);
                let config = config.with_dropout(drop_rate).with_qkv_bias(qkv_bias);
                Self::Gated(torch_init(GatedMultiHeadAttention::new(&config, device), rng))
            }
            AttentionKind::DeltaNet => {
                let config = GatedDeltaNetConfig::new(d, d, n_heads);
                let config = config.with_dropout(drop_rate).with_qkv_bias(qkv_bias);
                Self::DeltaNet(GatedDeltaNet::new(&config, rng, device))
            }
        }
    }

    /// # Shapes
    /// - `x`: `[batch, tokens, emb_dim]`; the result has the same.
    pub fn forward(&self, x: Tensor<3>, mode: &mut Mode) -> Tensor<3> {
        match self {
            Self::Full(attention) => attention.forward(x, mode),
            Self::GroupedQuery(attention) => attention.forward(x, mode),
            Self::Latent(attention) => attention.forward(x, mode),
            Self::SlidingWindow(attention) => attention.forward(x, mode),
            Self::Gated(attention) => attention.forward(x, mode),
            Self::DeltaNet(net) => net.forward(x, mode),
        }
    }
}

/// One network for all tokens, or experts.
#[derive(Module, Debug)]
pub enum HybridFeedForward {
    /// The network of section 4.3.
    Dense(FeedForward),
    /// A router and experts.
    Experts(MoeFeedForward),
}

impl HybridFeedForward {
    /// # Shapes
    /// - `x`: `[batch, tokens, emb_dim]`; the result has the same.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        match self {
            Self::Dense(network) => network.forward(x),
            Self::Experts(experts) => experts.forward(x),
        }
    }
}
