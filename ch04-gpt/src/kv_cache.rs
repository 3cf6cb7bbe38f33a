//! Generation that computes every token once (bonus of chapter 4).

use burn::module::Module;
use burn::tensor::activation::softmax;
use burn::tensor::{Int, Tensor, s};
use ch03_attention::KvCache;

use crate::{GptModel, TransformerBlock};

impl TransformerBlock {
    /// The output for new tokens that follow those in `cache`, in evaluation mode.
    ///
    /// # Shapes
    /// - `x`: `[batch, new tokens, emb_dim]`; the result has the same.
    pub fn forward_cached(&self, x: Tensor<3>, cache: &mut KvCache) -> Tensor<3> {
        let x = self.att.forward_cached(self.norm1.forward(x.clone()), cache) + x;
        self.ff.forward(self.norm2.forward(x.clone())) + x
    }
}

/// What a [`GptModel`] remembers of the text it is writing: the keys and values of every block.
#[derive(Clone, Debug)]
pub struct GptCache {
    blocks: Vec<KvCache>,
}

impl GptCache {
    /// An empty cache for `model`.
    pub fn new(model: &GptModel) -> Self {
        Self { blocks: vec![KvCache::default(); model.trf_blocks.len()] }
    }

    /// Number of tokens that are kept.
    pub fn tokens(&self) -> usize {
        self.blocks.first().map_or(0, KvCache::tokens)
    }

    /// The logits for the token after `ids`, where the cache holds the beginning of `ids` from earlier calls.
    ///
    /// As long as the text fits into `context_size` tokens, only those that are new are computed. When it grows longer,
    /// the model sees the last `context_size` tokens, and every token stands at a new position: nothing that was kept
    /// is right any more, and the whole window is computed anew. The logits are those of
    /// [`generate_text_simple`](crate::generate_text_simple) in both cases.
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
            *self = Self::new(model);
            tokens - context_size
        };
        assert!(first < tokens, "{tokens} tokens, but {first} of them are known already");
        model.forward_cached(ids.clone().slice(s![.., first..]), self)
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
    /// If the cache and the new tokens together exceed the context.
    pub fn forward_cached(&self, ids: Tensor<2, Int>, cache: &mut GptCache) -> Tensor<2> {
        let [_, new] = ids.dims();
        let (from, context_length) = (cache.tokens(), self.context_length());
        let to = from + new;
        assert!(to <= context_length, "{to} tokens do not fit into a context of {context_length}");

        let positions = Tensor::<1, Int>::arange(from as i64..to as i64, &ids.device()).unsqueeze(); // [1, new]
        let mut x = self.tok_emb.forward(ids) + self.pos_emb.forward(positions); // [batch, new, emb_dim]
        for (block, cache) in self.trf_blocks.iter().zip(&mut cache.blocks) {
            x = block.forward_cached(x, cache);
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
    mut ids: Tensor<2, Int>,
    max_new_tokens: usize,
    context_size: usize,
) -> Tensor<2, Int> {
    assert!(context_size > 0, "a context of 0 tokens shows nothing to the model");
    let model = model.valid();
    let mut cache = GptCache::new(&model);
    for _ in 0..max_new_tokens {
        let logits = cache.next_logits(&model, &ids, context_size); // [batch, vocab_size]
        let next = softmax(logits, 1).argmax(1); // [batch, 1]
        ids = Tensor::cat(vec![ids, next], 1);
    }
    ids
}
