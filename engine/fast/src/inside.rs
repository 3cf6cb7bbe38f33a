//! The look inside of chapter 4's bonus by the fast operations, with gradients: [`GptModel::look_inside`] and
//! [`LlamaModel::look_inside`] in one pass, which leaves out what nobody looks at.

mod attention;
mod lens;

use std::ops::Range;

use bonus_llama::{LlamaBlock, LlamaModel, Rotation};
use burn::tensor::{Int, Tensor, s};
use ch03_attention::bonus::heads::{merge_heads, split_heads, weights};
use ch03_attention::causal_mask::causal_mask;
use ch04_gpt::bonus::Inside;
use ch04_gpt::{GptModel, TransformerBlock};
use kernels::{Heads, causal_attention, fits, shared_attention};
use shared::{LanguageModel, Linear};

use crate::{Operations, llama_forward};

pub use attention::in_steps;
pub use lens::likely_tokens;

/// What is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The tokens whose hidden state after the last block is wanted: nothing else of them goes through most of that block.
    pub last: Range<usize>,
    /// Number of tokens, from the first one on, whose attention weights to each other are wanted; 0 for none.
    pub weights: usize,
}

/// A model that can be looked into.
pub trait Inspect: LanguageModel + Sync {
    /// Each token's own vector, whatever its position: a row of the embedding table, in Gemma 3 multiplied with its factor.
    ///
    /// # Shapes
    /// - `ids`: `[batch, tokens]`;
    /// - result: `[batch, tokens, emb_dim]`.
    fn token_vectors(&self, ids: Tensor<2, Int>) -> Tensor<3>;

    /// What happens inside to tokens with these vectors. The attention weights record no gradients.
    ///
    /// # Shapes
    /// - `vectors`: `[batch, tokens, emb_dim]`;
    /// - hidden states: the same, after the last block `[batch, wanted.last, emb_dim]`;
    /// - attention weights: `[batch, heads, wanted.weights, wanted.weights]`, one row per query; no tensors if none are wanted.
    ///
    /// # Panics
    /// If there are more tokens than the context has room for, or fewer than are wanted.
    fn inside(&self, vectors: Tensor<3>, wanted: &Wanted) -> Inside;

    /// Whether no token sees those after it.
    fn is_causal(&self) -> bool;

    /// The logits of hidden states after any block: the logit lens.
    ///
    /// # Shapes
    /// - `hidden_states`: `[batch, tokens, emb_dim]`;
    /// - result: `[batch, tokens, vocab_size]`.
    fn read(&self, hidden_states: Tensor<3>) -> Tensor<3>;
}

impl Inspect for GptModel {
    fn token_vectors(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        self.tok_emb.forward(ids)
    }

    fn inside(&self, vectors: Tensor<3>, wanted: &Wanted) -> Inside {
        let ([_, tokens, _], operations) = (vectors.dims(), Operations::of(self));
        let x = vectors + self.position_vectors(tokens);
        pass(&self.trf_blocks, x, wanted, |block, x, rows, n| gpt_block(&operations, block, x, rows, n))
    }

    fn is_causal(&self) -> bool {
        self.trf_blocks.iter().all(|block| block.att.causal)
    }

    fn read(&self, hidden_states: Tensor<3>) -> Tensor<3> {
        let operations = Operations::of(self);
        operations.linear(&self.out_head, operations.layer_norm(&self.final_norm, hidden_states))
    }
}

impl Inspect for LlamaModel {
    fn token_vectors(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        self.embed(ids)
    }

    fn inside(&self, vectors: Tensor<3>, wanted: &Wanted) -> Inside {
        let [_, tokens, _] = vectors.dims();
        let rotations = self.rotations(0..tokens, &vectors.device());
        let of_block = if fits(&vectors) { llama_block } else { lesson_llama_block };
        pass(&self.blocks, vectors, wanted, |block, x, rows, n| of_block(block, x, rotations.of(block), rows, n))
    }

    fn is_causal(&self) -> bool {
        true
    }

    fn read(&self, hidden_states: Tensor<3>) -> Tensor<3> {
        if fits(&hidden_states) { llama_forward::read(self, hidden_states) } else { self.logits(hidden_states) }
    }
}

/// Computes something on a thread of the pool of threads. A pass through a model has hundreds of products; when they begin on
/// another thread, each of them has to wake the pool up, and to wait for it.
pub fn on_pool<T: Send>(compute: impl FnOnce() -> T + Send) -> T {
    rayon::scope(|_| compute())
}

/// What comes out of a block, and its attention weights.
type BlockInside = (Tensor<3>, Option<Tensor<4>>);

/// Passes `x` through the blocks. `of_block` gets the rows whose output is needed, and the number of tokens whose weights are.
fn pass<B>(
    blocks: &[B],
    x: Tensor<3>,
    wanted: &Wanted,
    of_block: impl Fn(&B, Tensor<3>, &Range<usize>, usize) -> BlockInside,
) -> Inside {
    let [_, tokens, _] = x.dims();
    let mut inside = Inside { hidden_states: vec![x.clone()], attention_weights: Vec::new() };
    let mut x = x;
    for (i, block) in blocks.iter().enumerate() {
        let rows = if i + 1 == blocks.len() { wanted.last.clone() } else { 0..tokens };
        let (y, weights) = of_block(block, x, &rows, wanted.weights);
        inside.hidden_states.push(y.clone());
        inside.attention_weights.extend(weights);
        x = y;
    }
    inside
}

/// [`TransformerBlock::forward`]. The attention of all tokens takes little time; what comes after it is most of a block.
fn gpt_block(
    operations: &Operations,
    block: &TransformerBlock,
    x: Tensor<3>,
    rows: &Range<usize>,
    n: usize,
) -> BlockInside {
    let (att, [_, tokens, _]) = (&block.att, x.dims());
    let normed = operations.layer_norm(&block.norm1, x.clone());
    let projected = |layer: &Linear| operations.linear(layer, normed.clone());
    let [queries, keys, values] = [&att.w_query, &att.w_key, &att.w_value].map(projected);
    let (context, weights) = if operations.attention && att.causal && fits(&queries) {
        let factor = 1.0 / (att.head_dim as f32).sqrt();
        let heads = Heads { queries: att.num_heads, keys: att.num_heads, factor, window: None };
        let weights = attention::weights(&queries, &keys, heads, n);
        (causal_attention(queries, keys, values, att.num_heads, None), weights)
    } else {
        let hidden = causal_mask(tokens, &queries.device());
        let hidden = if att.causal { hidden } else { hidden.zeros_like() };
        let [queries, keys, values] = [queries, keys, values].map(|x| split_heads(x, att.num_heads));
        let weights = weights(queries, keys, hidden);
        (merge_heads(weights.clone().matmul(values)), among_first(weights, n))
    };
    let x = some(x, rows) + operations.linear(&att.out_proj, some(context, rows));
    let computed = operations.feed_forward(&block.ff, operations.layer_norm(&block.norm2, x.clone()));
    (x + computed, weights)
}

/// [`LlamaBlock::forward`].
fn llama_block(block: &LlamaBlock, x: Tensor<3>, rotation: &Rotation, rows: &Range<usize>, n: usize) -> BlockInside {
    let [queries, keys, values] = llama_forward::projections(block, x.clone(), rotation);
    let heads = llama_forward::heads(&block.att);
    let weights = attention::weights(&queries, &keys, heads, n);
    let context = shared_attention(queries, keys, values, heads);
    (llama_forward::after_attention(block, some(x, rows), some(context, rows)), weights)
}

/// The same as in the lesson, for tensors that the fast operations do not take.
fn lesson_llama_block(
    block: &LlamaBlock,
    x: Tensor<3>,
    rotation: &Rotation,
    rows: &Range<usize>,
    n: usize,
) -> BlockInside {
    let weights = block.att.attention_weights(block.norm1.forward(x.clone()), rotation);
    (some(block.forward(x, rotation), rows), among_first(weights, n))
}

/// Some of the tokens.
fn some(x: Tensor<3>, rows: &Range<usize>) -> Tensor<3> {
    let [_, tokens, _] = x.dims();
    if *rows == (0..tokens) { x } else { x.slice(s![.., rows.clone(), ..]) }
}

/// The weights of the first tokens among each other.
fn among_first(weights: Tensor<4>, n: usize) -> Option<Tensor<4>> {
    (n > 0).then(|| weights.inner().slice(s![.., .., ..n, ..n]))
}
