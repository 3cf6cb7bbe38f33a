//! Generation that computes every token once.
//!
//! A cache grows with the text. One with a window keeps the last tokens only: [`GptCache::with_window`].

use burn::module::Module;
use burn::tensor::activation::softmax;
use burn::tensor::{Int, Tensor, s};

use super::attention_cache::{KvCache, attention_cached};
use crate::generate::check_prompt;
use crate::{GptModel, TransformerBlock};

/// The output of a block for new tokens that follow those in `cache`, in evaluation mode.
///
/// # Shapes
/// - `x`: `[batch, new tokens, emb_dim]`; the result has the same.
///
/// # Panics
/// As [`attention_cached`].
pub fn block_cached(block: &TransformerBlock, x: Tensor<3>, cache: &mut KvCache) -> Tensor<3> {
    let x = attention_cached(&block.att, block.norm1.forward(x.clone()), cache) + x;
    block.ff.forward(block.norm2.forward(x.clone())) + x
}

/// What a [`GptModel`] keeps of the text that it generates: the keys and values of every block.
#[derive(Clone, Debug)]
pub struct GptCache {
    blocks: Vec<KvCache>,
    window: Option<usize>,
}

impl GptCache {
    /// An empty cache for `model` that keeps every token.
    pub fn new(model: &GptModel) -> Self {
        Self { blocks: vec![KvCache::default(); model.trf_blocks.len()], window: None }
    }

    /// An empty cache for `model` that makes room for new tokens by dropping the oldest: it holds `window` tokens at
    /// most, the new ones included. A long prompt is read in pieces of that length, so the first tokens of a piece see
    /// fewer than `window` tokens.
    ///
    /// # Panics
    /// If `window` is 0.
    pub fn with_window(model: &GptModel, window: usize) -> Self {
        assert!(window > 0, "a window of 0 tokens has no room for a new one");
        Self { window: Some(window), ..Self::new(model) }
    }

    /// Number of tokens that went into the cache, which is the position of the next one.
    pub fn tokens(&self) -> usize {
        self.blocks.first().map_or(0, KvCache::tokens)
    }

    /// Number of tokens that are kept.
    pub fn kept(&self) -> usize {
        self.blocks.first().map_or(0, KvCache::kept)
    }

    /// The logits for the token after `ids`, where the cache holds the beginning of `ids` from earlier calls.
    ///
    /// As long as the text fits into `context_size` tokens, only those that are new are computed. When it grows longer,
    /// the model sees the last `context_size` tokens, and every token stands at a new position: nothing in the cache
    /// is valid any more, and the whole context is computed again. Unless the cache has a window, the logits are those
    /// of [`generate_text_simple`](crate::generate_text_simple) in both cases.
    ///
    /// # Shapes
    /// - `ids`: `[batch, tokens]`, with more tokens than at the call before;
    /// - result: `[batch, vocab_size]`.
    ///
    /// # Panics
    /// If there is no new token, or the context does not fit the model.
    pub fn next_logits(&mut self, model: &GptModel, ids: &Tensor<2, Int>, context_size: usize) -> Tensor<2> {
        let [_, tokens] = ids.dims();
        let first = if tokens <= context_size {
            self.tokens()
        } else {
            *self = Self { window: self.window, ..Self::new(model) };
            tokens - context_size
        };
        assert!(first < tokens, "{tokens} tokens, but {first} of them are known already");
        let new = ids.clone().slice(s![.., first..]); // [batch, new tokens]
        let pieces = new.split(self.window.unwrap_or(tokens), 1);
        let logits = pieces.into_iter().map(|piece| model.forward_cached(piece, self)).last();
        logits.expect("there is a new token")
    }
}

impl GptModel {
    /// The logits after the last of some new tokens that follow those in `cache`, in evaluation mode.
    ///
    /// # Shapes
    /// - `ids`: `[batch, new tokens]`;
    /// - result: `[batch, vocab_size]`.
    ///
    /// # Panics
    /// If the cache and the new tokens together exceed the context, the new tokens exceed the window of the cache, or
    /// the cache is that of another model or another batch.
    pub fn forward_cached(&self, ids: Tensor<2, Int>, cache: &mut GptCache) -> Tensor<2> {
        let [_, new] = ids.dims();
        let (from, context_length) = (cache.tokens(), self.context_length());
        let to = from + new;
        assert!(to <= context_length, "{to} tokens do not fit into a context of {context_length}");
        let (blocks, caches) = (self.trf_blocks.len(), cache.blocks.len());
        assert_eq!(caches, blocks, "the cache is for {caches} blocks, but the model has {blocks}");
        if let Some(window) = cache.window {
            assert!(new <= window, "{new} tokens at once do not fit into a window of {window}");
            cache.blocks.iter_mut().for_each(|block| block.keep_last(window - new));
        }

        let positions = self.pos_emb.weight.val().slice(s![from..to, ..]).unsqueeze(); // [1, new, emb_dim]
        let mut x = self.tok_emb.forward(ids) + positions; // [batch, new, emb_dim]
        for (block, cache) in self.trf_blocks.iter().zip(&mut cache.blocks) {
            x = block_cached(block, x, cache);
        }
        let last = x.slice(s![.., -1.., ..]).squeeze_dim::<2>(1); // [batch, emb_dim]
        self.out_head.forward(self.final_norm.forward(last)) // [batch, vocab_size]
    }
}

/// [`generate_text_simple`](crate::generate_text_simple) with a cache: the same ids, in a fraction of the time.
///
/// # Shapes
/// - `ids`: `[batch, tokens]`, at least one token;
/// - result: `[batch, tokens + max_new_tokens]`.
///
/// # Panics
/// As `generate_text_simple`.
pub fn generate_text_cached(
    model: &GptModel,
    ids: Tensor<2, Int>,
    max_new_tokens: usize,
    context_size: usize,
) -> Tensor<2, Int> {
    generate_with(GptCache::new(model), model, ids, max_new_tokens, context_size)
}

/// As [`generate_text_cached`] with a cache of `window` tokens (see [`GptCache::with_window`]). Where all of the text
/// fits into the window, the ids are the same. A text that outgrows `context_size` goes on here too.
///
/// # Panics
/// As `generate_text_cached`, and if `window` is 0.
pub fn generate_text_windowed(
    model: &GptModel,
    ids: Tensor<2, Int>,
    max_new_tokens: usize,
    context_size: usize,
    window: usize,
) -> Tensor<2, Int> {
    generate_with(GptCache::with_window(model, window), model, ids, max_new_tokens, context_size)
}

fn generate_with(
    mut cache: GptCache,
    model: &GptModel,
    mut ids: Tensor<2, Int>,
    max_new_tokens: usize,
    context_size: usize,
) -> Tensor<2, Int> {
    check_prompt(&ids, context_size);
    let model = model.valid();
    for _ in 0..max_new_tokens {
        let logits = cache.next_logits(&model, &ids, context_size); // [batch, vocab_size]
        let next = softmax(logits, 1).argmax(1); // [batch, 1]
        ids = Tensor::cat(vec![ids, next], 1);
    }
    ids
}
