//! Generation on the CPU, limited only by memory bandwidth: one text, one token at a time.
//!
//! [`GptCache`](ch04_gpt::bonus::GptCache) shows what a key-value cache is, on every device. [`kernels::decode`] does
//! the same for one text on the CPU, with the same ids, several times faster. Here it gets the weights of a model.

use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use appendix_lora::LoraLayer;
use burn::module::Param;
use burn::tensor::{Device, Tensor};
use ch04_gpt::{GptModel, LayerNorm, TransformerBlock};
use kernels::decode::{BlockWeights, Decoder, Matrix, Norm, Precision, Projection, Text, Weights};
use shared::Linear;

use crate::prompt::first_pieces;

/// The weights of a model for the decoder. Those of 32 bits are shared with the model, not copied; the embeddings, of
/// which a token reads one row, always are.
///
/// `None` if the model is not on the CPU, or has something that the decoder does not support: a LoRA layer, or
/// attention without the causal mask.
pub fn decoder_weights(model: &GptModel, precision: Precision) -> Option<Weights> {
    let tok_emb = model.tok_emb.weight.val();
    if tok_emb.device() != Device::flex() {
        return None;
    }
    Some(Weights {
        tok_emb: Matrix::shared(tok_emb)?,
        pos_emb: Matrix::shared(model.pos_emb.weight.val())?,
        blocks: model.trf_blocks.iter().map(|b| block(b, precision)).collect::<Option<_>>()?,
        final_norm: norm(&model.final_norm),
        head: projection(&model.out_head, precision.of_head())?,
        n_heads: model.trf_blocks.first()?.att.num_heads,
    })
}

fn block(block: &TransformerBlock, precision: Precision) -> Option<BlockWeights> {
    let (att, ff) = (&block.att, &block.ff);
    if !att.causal {
        return None;
    }
    Some(BlockWeights {
        norm1: norm(&block.norm1),
        query: projection(&att.w_query, precision)?,
        key: projection(&att.w_key, precision)?,
        value: projection(&att.w_value, precision)?,
        out: projection(&att.out_proj, precision)?,
        norm2: norm(&block.norm2),
        expand: projection(&ff.expand, precision)?,
        contract: projection(&ff.contract, precision)?,
    })
}

fn projection(layer: &Linear, precision: Precision) -> Option<Projection> {
    if layer.weight.reparameterization::<LoraLayer>().is_some() {
        return None;
    }
    let weight = Matrix::shared(layer.weight.val())?.in_precision(precision);
    Some(Projection { weight, bias: layer.bias.as_ref().map(vector) })
}

fn norm(layer: &LayerNorm) -> Norm {
    Norm { scale: vector(&layer.scale), shift: vector(&layer.shift), eps: layer.eps as f32 }
}

fn vector(param: &Param<Tensor<1>>) -> Vec<f32> {
    param.val().into_data().iter::<f32>().collect()
}

/// A decoder with a thread for every core, but no more than there are heads to share.
pub(crate) fn decoder(weights: Arc<Weights>) -> Decoder {
    let threads = available_parallelism().map_or(1, NonZero::get).min(weights.n_heads);
    Decoder::new(weights, threads)
}

/// A [`Decoder`] and the text that it has read.
pub struct CpuDecoder {
    decoder: Decoder,
    text: Text,
}

impl CpuDecoder {
    /// An empty cache for these weights.
    pub fn new(weights: Arc<Weights>) -> Self {
        let mut decoder = decoder(weights);
        let text = decoder.open();
        Self { decoder, text }
    }

    /// The logits for the token after `ids`, `[vocab_size]`, where earlier calls had the beginning of `ids`.
    ///
    /// The rule is that of [`GptCache::next_logits`](ch04_gpt::bonus::GptCache::next_logits): a text that has outgrown
    /// `context_size` is read again from its last `context_size` tokens on.
    ///
    /// # Panics
    /// If there is no new token, or the context does not fit the model.
    pub fn next_logits(&mut self, ids: &[u32], context_size: usize) -> Vec<f32> {
        let mut read = self.decoder.tokens(self.text);
        let mut seen = ids;
        if ids.len() > context_size {
            self.decoder.truncate(self.text, 0);
            (read, seen) = (0, &ids[ids.len() - context_size..]);
        }
        assert!(read < seen.len(), "{} tokens, but {read} of them are known already", seen.len());
        let weights = self.decoder.weights().blocks.first().map(|block| &block.out.weight);
        let first = weights.map(|weights| first_pieces(weights, read, seen.len()).collect::<Vec<_>>());
        for piece in first.into_iter().flatten() {
            self.decoder.read_on(self.text, &seen[piece]);
        }
        let read = self.decoder.tokens(self.text);
        self.decoder.read(self.text, &seen[read..])
    }
}
