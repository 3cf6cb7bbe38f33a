//! The weights of a model of the Llama kind as the decoder needs them.

use std::ops::Range;

use super::rope::Rotation;
use super::{Activation, RmsNorm};
use crate::decode::Matrix;
use crate::decode::attention::Span;
use crate::decode::input::Input;

/// The weights of a transformer block.
#[derive(Debug)]
pub struct LlamaBlockWeights {
    /// Before the attention.
    pub norm1: RmsNorm,
    /// Matrices that together, side by side, are the projections to the queries of all heads, to the keys, and to the values:
    /// `[emb_dim, (n_heads + 2 n_kv_heads) head_dim]`. One matrix is fastest; three can be shared with the model.
    pub queries_keys_values: Vec<Matrix>,
    /// Over each query head before it rotates (Qwen3, Gemma 3).
    pub query_norm: Option<RmsNorm>,
    /// Over each key head before it rotates (Qwen3, Gemma 3).
    pub key_norm: Option<RmsNorm>,
    /// Which of [`LlamaWeights::ropes`] rotates queries and keys.
    pub rope: usize,
    /// Attention scores are multiplied with it before softmax.
    pub score_factor: f32,
    /// Maximum number of tokens that a token sees, itself included; all without it.
    pub window: Option<usize>,
    /// Output projection of the attention, `[n_heads head_dim, emb_dim]`.
    pub out: Matrix,
    /// Behind the attention, before its result is added (Gemma 3).
    pub post_attention_norm: Option<RmsNorm>,
    /// Before the feed-forward network.
    pub norm2: RmsNorm,
    /// The gate of the feed-forward network, `[emb_dim, hidden]`.
    pub gate: Matrix,
    /// What the gate is multiplied with, `[emb_dim, hidden]`.
    pub up: Matrix,
    /// The function of the gate.
    pub activation: Activation,
    /// Second layer of the feed-forward network, `[hidden, emb_dim]`.
    pub down: Matrix,
    /// Behind the feed-forward network, before its result is added (Gemma 3).
    pub post_ff_norm: Option<RmsNorm>,
}

/// The token embedding and the output layer.
#[derive(Debug)]
pub enum Embedding {
    /// One table for both, whose rows are the embeddings: `[vocab_size, emb_dim]`.
    Table(Matrix),
    /// One matrix for both, whose columns are the embeddings: `[emb_dim, vocab_size]`.
    Head(Matrix),
    /// A table, `[vocab_size, emb_dim]`, and an output layer, `[emb_dim, vocab_size]`.
    TableAndHead(Matrix, Matrix),
    /// A matrix whose columns are the embeddings, and an output layer, both `[emb_dim, vocab_size]`.
    ColumnsAndHead(Matrix, Matrix),
}

/// A whole model.
#[derive(Debug)]
pub struct LlamaWeights {
    /// The token embedding and the output layer.
    pub embedding: Embedding,
    /// Embeddings are multiplied with it.
    pub embedding_factor: f32,
    /// Frequencies of the rotations, in radians per position, `head_dim / 2` numbers each.
    pub ropes: Vec<Vec<f64>>,
    /// The transformer blocks, first one first; at least one.
    pub blocks: Vec<LlamaBlockWeights>,
    /// After the last block.
    pub final_norm: RmsNorm,
    /// Query heads per block.
    pub n_heads: usize,
    /// Heads of keys and values per block; divides `n_heads`.
    pub n_kv_heads: usize,
    /// Width of a head, even.
    pub head_dim: usize,
    /// Maximum number of tokens in the context.
    pub context_length: usize,
}

impl LlamaBlockWeights {
    /// What the attention does with the scores.
    pub(super) fn span(&self) -> Span {
        Span { factor: self.score_factor, window: self.window.unwrap_or(usize::MAX) }
    }
}

impl LlamaWeights {
    /// Width of the token vectors.
    pub fn emb_dim(&self) -> usize {
        self.final_norm.scale.len()
    }

    /// Number of ids in the vocabulary.
    pub fn vocab_size(&self) -> usize {
        match &self.embedding {
            Embedding::Table(table) => table.rows(),
            Embedding::Head(head) | Embedding::TableAndHead(_, head) | Embedding::ColumnsAndHead(_, head) => {
                head.cols()
            }
        }
    }

    /// Number of query heads that share a head of keys and values.
    pub(super) fn group(&self) -> usize {
        self.n_heads / self.n_kv_heads
    }

    /// The vector of a token, `[emb_dim]`.
    pub(super) fn embed(&self, id: u32, x: &mut [f32]) {
        match &self.embedding {
            Embedding::Table(table) | Embedding::TableAndHead(table, _) => x.copy_from_slice(&table.row(id as usize)),
            Embedding::Head(columns) | Embedding::ColumnsAndHead(columns, _) => columns.column(id as usize, x),
        }
        x.iter_mut().for_each(|x| *x *= self.embedding_factor);
    }

    /// Adds to `y`, `[n, ids]`, the logits of some ids for `n` vectors after the last norm.
    pub(super) fn add_logits(&self, n: usize, x: &[f32], ids: Range<usize>, y: &mut [f32]) {
        match &self.embedding {
            Embedding::Table(table) => table.add_row_products(x, ids, y),
            Embedding::Head(head) | Embedding::TableAndHead(_, head) | Embedding::ColumnsAndHead(_, head) => {
                let (width, stride) = (self.emb_dim(), ids.len());
                head.add_products(&Input::new(head, n, x, width, 0..width), ids, y, stride);
            }
        }
    }

    /// Norms and rotates a vector of queries, keys or values, whose number counts the heads of all three.
    pub(super) fn finish_head(&self, block: &LlamaBlockWeights, head: usize, rotation: &Rotation, vector: &mut [f32]) {
        let norm = match head {
            head if head < self.n_heads => &block.query_norm,
            head if head < self.n_heads + self.n_kv_heads => &block.key_norm,
            _ => return,
        };
        if let Some(norm) = norm {
            norm.overwrite(vector);
        }
        rotation.apply(vector);
    }

    /// Bytes that are read for every token: all matrices, the token embedding only where it is the output layer too.
    pub fn bytes_per_token(&self) -> usize {
        let of_block = |b: &LlamaBlockWeights| {
            let others = [&b.out, &b.gate, &b.up, &b.down].map(Matrix::bytes);
            b.queries_keys_values.iter().map(Matrix::bytes).sum::<usize>() + others.iter().sum::<usize>()
        };
        let head = match &self.embedding {
            Embedding::Table(head)
            | Embedding::Head(head)
            | Embedding::TableAndHead(_, head)
            | Embedding::ColumnsAndHead(_, head) => head,
        };
        self.blocks.iter().map(of_block).sum::<usize>() + head.bytes()
    }
}
