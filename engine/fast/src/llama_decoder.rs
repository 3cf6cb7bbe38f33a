//! Llama, Qwen3 and Gemma 3 on the CPU, limited only by memory bandwidth: one text, one token at a time.
//!
//! [`LlamaCache`](bonus_llama::LlamaCache) shows what a key-value cache is, on every device. [`kernels::decode::llama`] does
//! the same for one text on the CPU, several times faster. Here it gets the weights of a model.

use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use bonus_llama::feed_forward;
use bonus_llama::gemma3::embedding_factor;
use bonus_llama::{LlamaBlock, LlamaModel};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use kernels::decode::llama::{Activation, LlamaBlockWeights, LlamaDecoder, LlamaWeights, RmsNorm};
use kernels::decode::{Matrix, Precision};
use shared::Linear;

use crate::llama_error::LlamaError;
use crate::prompt::PromptError;

/// The weights of a model for the decoder; LoRA layers become part of them. Those of 32 bits are shared with the model, not
/// copied; the embedding, of which a token reads one row, always is.
///
/// `None` if the model is not on the CPU, or not in 32 bits.
pub fn llama_weights(model: &LlamaModel, precision: Precision) -> Option<LlamaWeights> {
    let model = model.valid();
    let config = &model.config;
    let table = model.tok_emb.weight.val();
    if table.device() != Device::flex() {
        return None;
    }
    let tok_emb = Matrix::shared(table)?;
    let head = match &model.out_head {
        Some(head) => Some(matrix(head, precision)?),
        None => tok_emb.transposed_in(precision),
    };
    let ropes = [Some(&model.rope), model.local_rope.as_ref()];
    Some(LlamaWeights {
        tok_emb,
        embedding_factor: embedding_factor(config),
        ropes: ropes.into_iter().flatten().map(|rope| rope.frequencies.clone()).collect(),
        blocks: model.blocks.iter().map(|b| block(b, model.local_rope.is_some(), precision)).collect::<Option<_>>()?,
        final_norm: norm(&model.final_norm),
        head,
        n_heads: config.n_heads,
        n_kv_heads: config.n_kv_heads,
        head_dim: config.head_dim,
        context_length: config.context_length,
    })
}

/// `has_local_rope`: whether layers with a window have a rotation of their own, the second one.
fn block(block: &LlamaBlock, has_local_rope: bool, precision: Precision) -> Option<LlamaBlockWeights> {
    let (att, ff) = (&block.att, &block.ff);
    Some(LlamaBlockWeights {
        norm1: norm(&block.norm1),
        queries_keys_values: side_by_side([&att.w_query, &att.w_key, &att.w_value], precision)?,
        query_norm: att.q_norm.as_ref().map(norm),
        key_norm: att.k_norm.as_ref().map(norm),
        rope: usize::from(has_local_rope && att.window.is_some()),
        score_factor: att.score_factor as f32,
        window: att.window,
        out: matrix(&att.out_proj, precision)?,
        post_attention_norm: block.post_attention_norm.as_ref().map(norm),
        norm2: norm(&block.norm2),
        gate: matrix(&ff.gate, precision)?,
        up: matrix(&ff.up, precision)?,
        activation: match ff.activation {
            feed_forward::Activation::Silu => Activation::Silu,
            feed_forward::Activation::Gelu => Activation::Gelu,
        },
        down: matrix(&ff.down, precision)?,
        post_ff_norm: block.post_ff_norm.as_ref().map(norm),
    })
}

fn matrix(layer: &Linear, precision: Precision) -> Option<Matrix> {
    Some(Matrix::shared(layer.weight.val())?.in_precision(precision))
}

/// One matrix below 32 bits, where the weights are copied anyway.
fn side_by_side(layers: [&Linear; 3], precision: Precision) -> Option<Vec<Matrix>> {
    match precision {
        Precision::F32 => layers.into_iter().map(|layer| matrix(layer, precision)).collect(),
        _ => {
            let together = Tensor::cat(layers.map(|layer| layer.weight.val()).to_vec(), 1);
            Some(vec![Matrix::shared(together)?.in_precision(precision)])
        }
    }
}

fn norm(norm: &bonus_llama::RmsNorm) -> RmsNorm {
    let added = if norm.one_plus { 1.0 } else { 0.0 };
    let scale = norm.weight.val().into_data().iter::<f32>().map(|weight| weight + added).collect();
    RmsNorm { scale, eps: norm.eps as f32 }
}

/// A [`LlamaDecoder`] and the text that it has read.
pub struct LlamaCpuDecoder {
    decoder: LlamaDecoder,
    ids: Vec<u32>,
}

impl LlamaCpuDecoder {
    /// An empty cache for these weights, with a thread for every core.
    pub fn new(weights: Arc<LlamaWeights>) -> Self {
        Self::with_threads(weights, available_parallelism().map_or(1, NonZero::get))
    }

    /// An empty cache for these weights. A new token is computed on this many threads; long prompts are read on those of
    /// rayon's pool.
    ///
    /// # Panics
    /// If `threads` is 0.
    pub fn with_threads(weights: Arc<LlamaWeights>, threads: usize) -> Self {
        Self { decoder: LlamaDecoder::new(weights, threads), ids: Vec::new() }
    }

    /// The weights.
    pub fn weights(&self) -> &LlamaWeights {
        self.decoder.weights()
    }

    /// The text that is cached.
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// Forgets the text, so that all of the next one is computed. The numbers are the same without this.
    pub fn clear(&mut self) {
        self.ids.clear();
        self.decoder.truncate(0);
    }

    /// The logits for the token after `ids`, `[vocab_size]`. Of `ids`, the beginning that the cached text has in common with
    /// it is not computed again, except for the last token.
    ///
    /// # Errors
    /// If there is no id, an id is not in the vocabulary, or there are more than the context has room for. Then nothing is
    /// read.
    pub fn next_logits(&mut self, ids: &[u32]) -> Result<Vec<f32>, LlamaError> {
        self.check(ids)?;
        let common = self.reusable(ids);
        self.decoder.truncate(common);
        self.ids.truncate(common);
        let logits = self.decoder.read(&ids[common..]);
        self.ids.extend_from_slice(&ids[common..]);
        Ok(logits)
    }

    /// Number of tokens at the beginning of `ids` that need not be computed again.
    pub fn reusable(&self, ids: &[u32]) -> usize {
        let same = self.ids.iter().zip(ids).take_while(|(cached, id)| cached == id).count();
        same.min(ids.len().saturating_sub(1))
    }

    /// Checks a text that the model is to continue.
    ///
    /// # Errors
    /// As [`next_logits`](Self::next_logits).
    pub fn check(&self, ids: &[u32]) -> Result<(), LlamaError> {
        let (vocab_size, context_length) = (self.weights().vocab_size(), self.weights().context_length);
        if ids.is_empty() {
            return Err(PromptError::Empty.into());
        }
        if let Some(&id) = ids.iter().find(|&&id| id as usize >= vocab_size) {
            return Err(PromptError::UnknownId { id, vocab_size }.into());
        }
        match ids.len() > context_length {
            true => Err(LlamaError::TooLong { tokens: ids.len(), context_length }),
            false => Ok(()),
        }
    }
}
