//! Generation that computes every token once.
//!
//! The cache of chapter 4's bonus, for a Llama. Two things are new. Keys are kept as they are after the rotation, so
//! the first new token must be rotated by its own position, the number of tokens before it. And a layer with a window
//! keeps only what later tokens see; the positions count on, whatever was dropped.

use burn::module::Module;
use burn::tensor::{Int, Tensor, s};
use ch04_gpt::bonus::KvCache;

use crate::LlamaModel;

/// What a [`LlamaModel`] keeps of the text so far: the keys and values of every block.
#[derive(Clone, Debug)]
pub struct LlamaCache {
    /// One for each block, first one first.
    pub blocks: Vec<KvCache>,
}

impl LlamaCache {
    /// An empty cache for `model`.
    pub fn new(model: &LlamaModel) -> Self {
        Self { blocks: vec![KvCache::default(); model.blocks.len()] }
    }

    /// Number of tokens that went into the cache, which is the position of the next one.
    pub fn tokens(&self) -> usize {
        self.blocks.first().map_or(0, KvCache::tokens)
    }
}

impl LlamaModel {
    /// The logits after each of some new tokens that follow those in `cache`. The numbers are those of
    /// [`forward`](Self::forward) for the whole text.
    ///
    /// # Shapes
    /// - `ids`: `[batch, new tokens]`;
    /// - result: `[batch, new tokens, vocab_size]`.
    ///
    /// # Panics
    /// If the cache and the new tokens together exceed `context_length`, or the cache is that of another model or
    /// another batch.
    pub fn forward_cached(&self, ids: Tensor<2, Int>, cache: &mut LlamaCache) -> Tensor<3> {
        let ([_, new], from) = (ids.dims(), cache.tokens());
        let (blocks, caches) = (self.blocks.len(), cache.blocks.len());
        assert_eq!(caches, blocks, "the cache is for {caches} blocks, but the model has {blocks}");
        let rotations = self.rotations(from..from + new, &ids.device());
        let mut x = self.embed(ids);
        for (block, cache) in self.blocks.iter().zip(&mut cache.blocks) {
            x = block.forward_cached(x, rotations.of(block), cache);
        }
        self.logits(x)
    }
}

/// Appends `max_new_tokens` tokens to every row of `ids`, each time the one that the model finds most likely. No
/// gradients are recorded, whatever device the model is on.
///
/// # Shapes
/// - `ids`: `[batch, tokens]`, at least one token;
/// - result: `[batch, tokens + max_new_tokens]`.
///
/// # Panics
/// If there is no token to begin with, or the text outgrows `context_length`.
pub fn generate_greedy(model: &LlamaModel, mut ids: Tensor<2, Int>, max_new_tokens: usize) -> Tensor<2, Int> {
    let [_, tokens] = ids.dims();
    assert!(tokens > 0, "the prompt is empty: give the model at least one token to continue");
    let model = model.valid();
    let mut cache = LlamaCache::new(&model);
    for _ in 0..max_new_tokens {
        let new = ids.clone().slice(s![.., cache.tokens()..]); // [batch, new tokens]
        let logits = model.forward_cached(new, &mut cache); // [batch, new tokens, vocab_size]
        let next = logits.slice(s![.., -1.., ..]).squeeze_dim::<2>(1).argmax(1); // [batch, 1]
        ids = Tensor::cat(vec![ids, next], 1);
    }
    ids
}
