//! A key-value cache on the fast operations, for any device and any number of texts.

use burn::tensor::{Int, Tensor, s};
use ch03_attention::bonus::heads::{attend, split_heads};
use ch03_attention::causal_mask::last_rows_of_causal_mask;
use ch04_gpt::{GptModel, TransformerBlock};
use shared::Mode;

use crate::block_cache::BlockCache;
use crate::{Operations, gpu_block};

/// The keys and values of every block for the tokens that a model has seen.
#[derive(Clone)]
pub struct Cache {
    operations: Operations,
    blocks: Vec<BlockCache>,
}

impl Cache {
    /// An empty cache for `model`.
    pub fn new(model: &GptModel) -> Self {
        let blocks = model.trf_blocks.iter().map(|_| BlockCache::default()).collect();
        Self { operations: Operations::of(model), blocks }
    }

    /// The logits for the token after `ids`, where the cache holds the beginning of `ids` from earlier calls. The rule
    /// is that of [`GptCache::next_logits`](ch04_gpt::bonus::GptCache::next_logits).
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
            self.blocks.first().map_or(0, |block| block.kept)
        } else {
            *self = Self::new(model);
            tokens - context_size
        };
        assert!(first < tokens, "{tokens} tokens, but {first} of them are known already");
        self.read(model, ids.clone().slice(s![.., first..]))
    }

    /// The logits after the last of some new tokens, `[batch, vocab_size]`.
    fn read(&mut self, model: &GptModel, ids: Tensor<2, Int>) -> Tensor<2> {
        let [_, new] = ids.dims();
        let from = self.blocks.first().map_or(0, |block| block.kept);
        let (to, context_length) = (from + new, model.context_length());
        assert!(to <= context_length, "{to} tokens do not fit into a context of {context_length}");

        let operations = self.operations;
        let positions = model.pos_emb.weight.val().slice(s![from..to, ..]).unsqueeze(); // [1, new, emb_dim]
        let mut x = operations.embedding(&model.tok_emb, ids) + positions; // [batch, new, emb_dim]
        let on_gpu = operations != Operations::LESSON;
        for (block, cache) in model.trf_blocks.iter().zip(&mut self.blocks) {
            let done = if on_gpu { gpu_block::forward(block, &x, cache) } else { None };
            x = done.unwrap_or_else(|| operations.block_cached(block, x, cache));
        }
        if on_gpu && let Some(logits) = gpu_block::logits(model, &x) {
            return logits;
        }
        let last = x.slice(s![.., -1.., ..]).squeeze_dim::<2>(1); // [batch, emb_dim]
        operations.linear(&model.out_head, operations.layer_norm(&model.final_norm, last)) // [batch, vocab_size]
    }
}

impl Operations {
    /// The output of a block for new tokens that follow those in `cache`, in evaluation mode, `[batch, new, emb_dim]`.
    fn block_cached(&self, block: &TransformerBlock, x: Tensor<3>, cache: &mut BlockCache) -> Tensor<3> {
        let att = &block.att;
        let normed = self.layer_norm(&block.norm1, x.clone());
        let [queries, keys, values] = [&att.w_query, &att.w_key, &att.w_value]
            .map(|layer| split_heads(self.linear(layer, normed.clone()), att.num_heads)); // [batch, heads, new, head_dim]
        let [_, _, new, _] = keys.dims();
        let [keys, values] = cache.extend(keys, values); // [batch, heads, kept, head_dim]
        let hidden = last_rows_of_causal_mask(new, cache.kept, &keys.device()); // [new, kept]
        let context = attend(queries, keys, values, hidden, &att.dropout, &mut Mode::Eval);
        let x = self.linear(&att.out_proj, context) + x;
        self.feed_forward(&block.ff, self.layer_norm(&block.norm2, x.clone())) + x
    }
}
