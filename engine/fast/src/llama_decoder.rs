//! Llama, Qwen3 and Gemma 3 on the CPU, limited only by memory bandwidth: one text, one token at a time.
//!
//! [`LlamaCache`](bonus_llama::LlamaCache) shows what a key-value cache is, on every device. [`kernels::decode::llama`] does
//! the same for one text on the CPU, several times faster. Here it gets the weights of a model.

use std::num::NonZero;
use std::ops::Range;
use std::sync::Arc;
use std::thread::available_parallelism;

use bonus_llama::feed_forward;
use bonus_llama::gemma3::embedding_factor;
use bonus_llama::{LlamaBlock, LlamaModel};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use kernels::decode::llama::{Activation, Embedding, LlamaBlockWeights, LlamaDecoder, LlamaWeights, RmsNorm};
use kernels::decode::{Blocks, Columns, Matrix, Precision, Text};
use shared::Linear;

use crate::llama_error::LlamaError;
use crate::prompt::{check_ids, first_pieces};

/// The weights of a model for the decoder; LoRA layers become part of them. Those of 32 bits are shared with the model, not
/// copied.
///
/// `None` if the model is not on the CPU, or not in 32 bits.
pub fn llama_weights(model: &LlamaModel, precision: Precision) -> Option<LlamaWeights> {
    let model = model.valid();
    if model.tok_emb.weight.val().device() != Device::flex() {
        return None;
    }
    weights_from(&model, precision, &InMemory)
}

/// The weights of a model for the decoder in fewer than 32 bits, straight from its file. `model` needs values for its norms
/// only.
///
/// `None` for 32 bits.
pub fn llama_weights_from_file(
    model: &LlamaModel,
    precision: Precision,
    file: &impl LlamaFile,
) -> Option<LlamaWeights> {
    weights_from(model, precision, &InFile(file))
}

/// The matrices of a model in a file.
pub trait LlamaFile {
    /// The columns of the matrix at a path in a [`LlamaModel`]; those of `tok_emb.weight` are the vectors of the tokens.
    fn columns(&self, path: &str) -> Box<dyn Columns + '_>;
}

/// Where the matrices of a model come from.
trait Matrices {
    /// The matrices of some layers, side by side: one, or the matrix of each.
    fn of<const N: usize>(&self, layers: [(&str, &Linear); N], precision: Precision) -> Option<Vec<Matrix>>;

    /// The token embedding as columns, `[emb_dim, vocab_size]`; `None` in 32 bits.
    fn embedding(&self, model: &LlamaModel, precision: Precision) -> Option<Matrix>;
}

/// In a model.
struct InMemory;

impl Matrices for InMemory {
    fn of<const N: usize>(&self, layers: [(&str, &Linear); N], precision: Precision) -> Option<Vec<Matrix>> {
        let values = layers.map(|(_, layer)| layer.weight.val()).to_vec();
        match precision {
            Precision::F32 => values.into_iter().map(Matrix::shared).collect(),
            // One matrix where the weights are copied anyway.
            _ => Some(vec![Matrix::shared(Tensor::cat(values, 1))?.in_precision(precision)]),
        }
    }

    fn embedding(&self, model: &LlamaModel, precision: Precision) -> Option<Matrix> {
        Matrix::shared(model.tok_emb.weight.val())?.transposed_in(precision)
    }
}

/// In a file.
struct InFile<'f, F>(&'f F);

impl<F: LlamaFile> Matrices for InFile<'_, F> {
    fn of<const N: usize>(&self, layers: [(&str, &Linear); N], precision: Precision) -> Option<Vec<Matrix>> {
        let shapes = layers.map(|(_, layer)| layer.weight.lazy_shape().dims::<2>());
        let parts = layers.iter().zip(shapes).map(|((path, _), [_, cols])| (self.0.columns(path), cols)).collect();
        let shape = [shapes[0][0], shapes.iter().map(|[_, cols]| cols).sum()];
        Some(vec![Matrix::from_columns(shape, precision, &SideBySide { parts, rows: shape[0] })?])
    }

    fn embedding(&self, model: &LlamaModel, precision: Precision) -> Option<Matrix> {
        let [vocab_size, emb_dim] = model.tok_emb.weight.lazy_shape().dims();
        Matrix::from_columns([emb_dim, vocab_size], precision, &*self.0.columns("tok_emb.weight"))
    }
}

/// Matrices side by side, with their numbers of columns.
struct SideBySide<'f> {
    parts: Vec<(Box<dyn Columns + 'f>, usize)>,
    rows: usize,
}

impl SideBySide<'_> {
    /// The matrix that has a column of all, and the number of the column in it.
    fn place(&self, mut column: usize) -> (&dyn Columns, usize) {
        for (part, cols) in &self.parts {
            match column.checked_sub(*cols) {
                Some(further) => column = further,
                None => return (&**part, column),
            }
        }
        unreachable!("a column beyond the last matrix")
    }
}

impl Columns for SideBySide<'_> {
    fn fill(&self, columns: Range<usize>, out: &mut [f32]) {
        for (column, out) in columns.zip(out.chunks_exact_mut(self.rows)) {
            let (part, column) = self.place(column);
            part.fill(column..column + 1, out);
        }
    }

    fn blocks(&self, column: usize) -> Option<Blocks<'_>> {
        let (part, column) = self.place(column);
        part.blocks(column)
    }
}

fn weights_from(model: &LlamaModel, precision: Precision, matrices: &impl Matrices) -> Option<LlamaWeights> {
    let config = &model.config;
    let of_head = precision.of_head();
    let head = match &model.out_head {
        Some(head) => Some(matrices.of([("out_head.weight", head)], of_head)?.pop()?),
        None => None,
    };
    let embedding = match (matrices.embedding(model, of_head), head) {
        (Some(columns), None) => Embedding::Head(columns),
        (Some(columns), Some(head)) => Embedding::ColumnsAndHead(columns, head),
        (None, None) => Embedding::Table(Matrix::shared(model.tok_emb.weight.val())?),
        (None, Some(head)) => Embedding::TableAndHead(Matrix::shared(model.tok_emb.weight.val())?, head),
    };
    let ropes = [Some(&model.rope), model.local_rope.as_ref()];
    let block = |(index, block)| block_from(block, index, model.local_rope.is_some(), precision, matrices);
    Some(LlamaWeights {
        embedding,
        embedding_factor: embedding_factor(config),
        ropes: ropes.into_iter().flatten().map(|rope| rope.frequencies.clone()).collect(),
        blocks: model.blocks.iter().enumerate().map(block).collect::<Option<_>>()?,
        final_norm: norm(&model.final_norm),
        n_heads: config.n_heads,
        n_kv_heads: config.n_kv_heads,
        head_dim: config.head_dim,
        context_length: config.context_length,
    })
}

/// `has_local_rope`: whether layers with a window have a rotation of their own, the second one.
fn block_from(
    block: &LlamaBlock,
    index: usize,
    has_local_rope: bool,
    precision: Precision,
    matrices: &impl Matrices,
) -> Option<LlamaBlockWeights> {
    let (att, ff) = (&block.att, &block.ff);
    let path = |name: &str| format!("blocks.{index}.{name}.weight");
    let matrix = |name, layer| matrices.of([(&path(name), layer)], precision)?.pop();
    let [query, key, value] = ["att.w_query", "att.w_key", "att.w_value"].map(path);
    let projections = [(&*query, &att.w_query), (&*key, &att.w_key), (&*value, &att.w_value)];
    Some(LlamaBlockWeights {
        norm1: norm(&block.norm1),
        queries_keys_values: matrices.of(projections, precision)?,
        query_norm: att.q_norm.as_ref().map(norm),
        key_norm: att.k_norm.as_ref().map(norm),
        rope: usize::from(has_local_rope && att.window.is_some()),
        score_factor: att.score_factor as f32,
        window: att.window,
        out: matrix("att.out_proj", &att.out_proj)?,
        post_attention_norm: block.post_attention_norm.as_ref().map(norm),
        norm2: norm(&block.norm2),
        gate: matrix("ff.gate", &ff.gate)?,
        up: matrix("ff.up", &ff.up)?,
        activation: match ff.activation {
            feed_forward::Activation::Silu => Activation::Silu,
            feed_forward::Activation::Gelu => Activation::Gelu,
        },
        down: matrix("ff.down", &ff.down)?,
        post_ff_norm: block.post_ff_norm.as_ref().map(norm),
    })
}

fn norm(norm: &bonus_llama::RmsNorm) -> RmsNorm {
    let added = if norm.one_plus { 1.0 } else { 0.0 };
    let scale = norm.weight.val().into_data().iter::<f32>().map(|weight| weight + added).collect();
    RmsNorm { scale, eps: norm.eps as f32 }
}

/// A [`LlamaDecoder`] and the text that it has read.
pub struct LlamaCpuDecoder {
    decoder: LlamaDecoder,
    text: Text,
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
        let mut decoder = LlamaDecoder::new(weights, threads);
        let text = decoder.open();
        Self { decoder, text, ids: Vec::new() }
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
        self.decoder.truncate(self.text, 0);
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
        self.decoder.truncate(self.text, common);
        self.ids.truncate(common);
        let weights = self.weights().blocks.first().map(|block| &block.out);
        let first = weights.map(|weights| first_pieces(weights, common, ids.len()).collect::<Vec<_>>());
        for piece in first.into_iter().flatten() {
            self.decoder.read_on(self.text, &ids[piece]);
        }
        let logits = self.decoder.read(self.text, &ids[self.decoder.tokens(self.text)..]);
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
        let context_length = self.weights().context_length;
        check_ids(ids, self.weights().vocab_size())?;
        match ids.len() > context_length {
            true => Err(LlamaError::TooLong { tokens: ids.len(), context_length }),
            false => Ok(()),
        }
    }
}
