//! The whole model: chapter 4's GPT without position table, dropout and biases.

use std::ops::Range;

use burn::module::Module;
use burn::nn::{Embedding, EmbeddingConfig};
use burn::tensor::{Device, Int, Tensor};
use shared::linear::product;
use shared::{LanguageModel, Linear, Mode};

use crate::block::block_norm;
use crate::config::LlamaConfig;
use crate::gemma3::{embedding_factor, local_rope};
use crate::rope::{Rope, Rotation};
use crate::{LlamaBlock, RmsNorm};

/// Token ids become vectors, pass through the blocks, and come out as one score (logit) per token of the vocabulary.
///
/// In small models the token embedding is a large part of the weights, so the output layer uses the same table,
/// transposed (a tied head): `logits = x Eᵀ`. One parameter, two uses, and training sees both.
///
/// The order of the fields is the order of the random draws.
#[derive(Module, Debug)]
pub struct LlamaModel {
    /// A vector for each token id, `[vocab_size, emb_dim]`.
    pub tok_emb: Embedding,
    /// The transformer blocks, first one first.
    pub blocks: Vec<LlamaBlock>,
    /// The norm after the last block.
    pub final_norm: RmsNorm,
    /// From vectors to logits, without bias; `None` if the head is tied.
    pub out_head: Option<Linear>,
    /// The sizes.
    #[module(skip)]
    pub config: LlamaConfig,
    /// The rotation of queries and keys.
    #[module(skip)]
    pub rope: Rope,
    /// The rotation in layers with a window (Gemma 3).
    #[module(skip)]
    pub local_rope: Option<Rope>,
    /// Other code for [`forward`](Self::forward), if a caller has set it.
    #[module(skip)]
    pub fast: Option<LlamaForward>,
}

/// Code that computes the logits of a model in its own way: the numbers are those of [`LlamaModel::forward`].
pub type LlamaForward = fn(&LlamaModel, Tensor<2, Int>, &mut Mode) -> Tensor<3>;

impl LlamaModel {
    /// A lazy model; [`torch_init`](shared::init::torch_init) draws its values, or a loader sets them.
    ///
    /// # Panics
    /// If the configuration is not valid, with the text of [`LlamaConfig::validate`].
    pub fn new(config: &LlamaConfig, device: &Device) -> Self {
        config.validate().unwrap_or_else(|error| panic!("{error}"));
        let &LlamaConfig { vocab_size, emb_dim, n_layers, .. } = config;
        Self {
            tok_emb: EmbeddingConfig::new(vocab_size, emb_dim).init(device),
            blocks: (0..n_layers).map(|layer| LlamaBlock::new(config, layer, device)).collect(),
            final_norm: block_norm(config, device),
            out_head: (!config.tied).then(|| Linear::new(emb_dim, vocab_size, false, device)),
            config: config.clone(),
            rope: Rope::new(config.head_dim, config.rope_base, config.rope_scaling.as_ref()),
            local_rope: local_rope(config),
            fast: None,
        }
    }

    /// A Llama has no dropout: training and evaluation compute the same. The mode is here for the loops of chapters 5
    /// to 7, which pass one on.
    ///
    /// # Shapes
    /// - `ids`: `[batch, tokens]`, every id below `vocab_size`;
    /// - result: logits, `[batch, tokens, vocab_size]`.
    ///
    /// # Panics
    /// If there are more tokens than `context_length`.
    pub fn forward(&self, ids: Tensor<2, Int>, mode: &mut Mode) -> Tensor<3> {
        if let Some(fast) = self.fast {
            return fast(self, ids, mode);
        }

        let [_, tokens] = ids.dims();
        let rotations = self.rotations(0..tokens, &ids.device());
        let mut x = self.embed(ids);
        for block in &self.blocks {
            x = block.forward(x, rotations.of(block));
        }
        self.logits(x)
    }

    /// The vectors that enter the first block.
    ///
    /// # Shapes
    /// - `ids`: `[batch, tokens]`;
    /// - result: `[batch, tokens, emb_dim]`.
    pub fn embed(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        self.tok_emb.forward(ids) * embedding_factor(&self.config)
    }

    /// What comes after the last block: the norm and the output layer.
    ///
    /// # Shapes
    /// - `x`: `[batch, tokens, emb_dim]`;
    /// - result: `[batch, tokens, vocab_size]`.
    pub fn logits(&self, x: Tensor<3>) -> Tensor<3> {
        let x = self.final_norm.forward(x);
        match &self.out_head {
            Some(head) => head.forward(x),
            None => product(x, self.tok_emb.weight.val().transpose(), None),
        }
    }

    /// The rotations of the tokens at some positions, once for all blocks.
    ///
    /// # Panics
    /// If the positions exceed `context_length`.
    pub fn rotations(&self, positions: Range<usize>, device: &Device) -> Rotations {
        let (end, context_length) = (positions.end, self.config.context_length);
        assert!(end <= context_length, "{end} tokens do not fit into a context of {context_length}");
        Rotations {
            local: self.local_rope.as_ref().map(|rope| rope.rotation(positions.clone(), device)),
            full: self.rope.rotation(positions, device),
        }
    }
}

impl LanguageModel for LlamaModel {
    fn forward(&self, ids: Tensor<2, Int>, mode: &mut Mode) -> Tensor<3> {
        self.forward(ids, mode)
    }

    fn context_length(&self) -> usize {
        self.config.context_length
    }

    fn vocab_size(&self) -> usize {
        self.config.vocab_size
    }
}

/// The rotation of some tokens in both kinds of layers.
#[derive(Clone, Debug)]
pub struct Rotations {
    full: Rotation,
    local: Option<Rotation>,
}

impl Rotations {
    /// The one of a block.
    pub fn of(&self, block: &LlamaBlock) -> &Rotation {
        match (&self.local, block.att.window) {
            (Some(local), Some(_)) => local,
            _ => &self.full,
        }
    }
}
