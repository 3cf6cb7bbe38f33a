//! Writing at the speed of the memory, on the CPU: what [`generate`](fn@crate::generate) uses instead of chapter 4's cache.
//!
//! [`GptCache`](ch04_gpt::GptCache) shows what a key-value cache is, on every device. The crate `kernels` has the same
//! thing for one text on the CPU, with the same ids, at several times the speed. Here a model is handed to it.

use std::num::NonZero;
use std::sync::Arc;

use burn::module::Param;
use burn::tensor::{Device, Tensor};
use ch04_gpt::{GptModel, LayerNorm};
use kernels::decode::{Block, Decoder, Matrix, Norm, Precision, Projection, Weights};
use shared::Linear;

/// The weights of a model for the decoder. Those of 32 bits are shared with the model, not copied; the embeddings, of
/// which a token reads one row, always are.
///
/// `None` if the model is not on the CPU, or has something that the decoder does not know: a low-rank addition, or tokens
/// that see what comes after them.
pub fn decoder_weights(model: &GptModel, precision: Precision) -> Option<Weights> {
    let projection = |layer: &Linear| {
        if layer.low_rank.is_some() {
            return None;
        }
        let weight = Matrix::shared(layer.weight.val())?.in_precision(precision);
        Some(Projection { weight, bias: layer.bias.as_ref().map(vector) })
    };
    let block = |block: &ch04_gpt::TransformerBlock| {
        block.att.causal.then_some(())?;
        Some(Block {
            norm1: norm(&block.norm1),
            query: projection(&block.att.w_query)?,
            key: projection(&block.att.w_key)?,
            value: projection(&block.att.w_value)?,
            out: projection(&block.att.out_proj)?,
            norm2: norm(&block.norm2),
            expand: projection(&block.ff.expand)?,
            contract: projection(&block.ff.contract)?,
        })
    };
    let tok_emb = model.tok_emb.weight.val();
    if tok_emb.device() != Device::flex() {
        return None;
    }
    Some(Weights {
        tok_emb: Matrix::shared(tok_emb)?,
        pos_emb: Matrix::shared(model.pos_emb.weight.val())?,
        blocks: model.trf_blocks.iter().map(block).collect::<Option<_>>()?,
        final_norm: norm(&model.final_norm),
        head: projection(&model.out_head)?,
        n_heads: model.trf_blocks.first()?.att.num_heads,
    })
}

fn norm(layer: &LayerNorm) -> Norm {
    Norm { scale: vector(&layer.scale), shift: vector(&layer.shift), eps: layer.eps as f32 }
}

fn vector(param: &Param<Tensor<1>>) -> Vec<f32> {
    param.val().into_data().iter::<f32>().collect()
}

/// A [`Decoder`] and the text that it has read.
pub struct FastCache {
    decoder: Decoder,
}

impl FastCache {
    /// An empty cache for these weights, with a thread for every core, but no more than there are heads to share.
    pub fn new(weights: Arc<Weights>) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(weights.n_heads);
        Self { decoder: Decoder::new(weights, threads) }
    }

    /// The logits for the token after `ids`, `[vocab_size]`, where earlier calls had the beginning of `ids`.
    ///
    /// The rule is that of [`GptCache::next_logits`](ch04_gpt::GptCache::next_logits): a text that has outgrown
    /// `context_size` is read anew from its last `context_size` tokens on.
    ///
    /// # Panics
    /// If there is no new token, or the context does not fit the model.
    pub fn next_logits(&mut self, ids: &[u32], context_size: usize) -> Vec<f32> {
        let first = if ids.len() <= context_size {
            self.decoder.tokens()
        } else {
            self.decoder.clear();
            ids.len() - context_size
        };
        self.decoder.read(&ids[first..])
    }
}
