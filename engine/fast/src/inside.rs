//! The look inside of chapter 4's bonus by the fast operations, with gradients: [`GptModel::look_inside`] and
//! [`LlamaModel::look_inside`], step by step.

use bonus_llama::{LlamaBlock, LlamaModel};
use burn::tensor::{Int, Tensor};
use ch03_attention::MultiHeadAttention;
use ch03_attention::bonus::heads::{split_heads, weights};
use ch03_attention::causal_mask::causal_mask;
use ch04_gpt::{GptModel, TransformerBlock};
use kernels::fits;
use shared::{LanguageModel, Mode};

use crate::Operations;
use crate::llama_forward;

/// A model that can be looked into.
pub trait Inspect: LanguageModel {
    /// Each token's own vector, whatever its position: a row of the embedding table, in Gemma 3 multiplied with its factor.
    ///
    /// # Shapes
    /// - `ids`: `[batch, tokens]`;
    /// - result: `[batch, tokens, emb_dim]`.
    fn token_vectors(&self, ids: Tensor<2, Int>) -> Tensor<3>;

    /// The hidden states of these tokens, before the first block and after each one.
    ///
    /// # Shapes
    /// - `vectors`: those of the tokens, `[batch, tokens, emb_dim]`; each result has the same.
    ///
    /// # Panics
    /// If there are more tokens than the context has room for.
    fn hidden_states(&self, vectors: Tensor<3>) -> Vec<Tensor<3>>;

    /// Whether no token sees those after it.
    fn is_causal(&self) -> bool;

    /// The attention weights of each block, from the hidden states that enter it: the lesson's formula for the queries and keys of
    /// fast projections.
    ///
    /// # Shapes
    /// - `hidden_states`: `[batch, tokens, emb_dim]` each, with or without those after the last block;
    /// - each result: `[batch, heads, tokens, tokens]`, one row per query.
    fn attention_weights(&self, hidden_states: &[Tensor<3>]) -> Vec<Tensor<4>>;

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

    fn hidden_states(&self, vectors: Tensor<3>) -> Vec<Tensor<3>> {
        let [_, tokens, _] = vectors.dims();
        let operations = Operations::of(self);
        let mut states = vec![vectors + self.position_vectors(tokens)];
        for block in &self.trf_blocks {
            states.push(operations.block(block, states[states.len() - 1].clone(), &mut Mode::Eval));
        }
        states
    }

    fn attention_weights(&self, hidden_states: &[Tensor<3>]) -> Vec<Tensor<4>> {
        let operations = Operations::of(self);
        let blocks = self.trf_blocks.iter().zip(hidden_states);
        let of_block = |(block, x): (&TransformerBlock, &Tensor<3>)| {
            let ([_, tokens, _], MultiHeadAttention { w_query, w_key, num_heads, causal, .. }) = (x.dims(), &block.att);
            let hidden = causal_mask(tokens, &x.device());
            let hidden = if *causal { hidden } else { hidden.zeros_like() };
            let x = operations.layer_norm(&block.norm1, x.clone());
            let [queries, keys] =
                [w_query, w_key].map(|layer| split_heads(operations.linear(layer, x.clone()), *num_heads));
            weights(queries, keys, hidden)
        };
        blocks.map(of_block).collect()
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

    fn hidden_states(&self, vectors: Tensor<3>) -> Vec<Tensor<3>> {
        let [_, tokens, _] = vectors.dims();
        let rotations = self.rotations(0..tokens, &vectors.device());
        let block = if fits(&vectors) { llama_forward::block } else { LlamaBlock::forward };
        let mut states = vec![vectors];
        for layer in &self.blocks {
            states.push(block(layer, states[states.len() - 1].clone(), rotations.of(layer)));
        }
        states
    }

    fn attention_weights(&self, hidden_states: &[Tensor<3>]) -> Vec<Tensor<4>> {
        let Some([_, tokens, _]) = hidden_states.first().map(|x| x.dims()) else { return Vec::new() };
        let rotations = self.rotations(0..tokens, &hidden_states[0].device());
        let blocks = self.blocks.iter().zip(hidden_states);
        let weights = blocks.map(|(block, x)| match fits(x) {
            true => llama_forward::attention_weights(block, x.clone(), rotations.of(block)),
            false => block.att.attention_weights(block.norm1.forward(x.clone()), rotations.of(block)),
        });
        weights.collect()
    }

    fn is_causal(&self) -> bool {
        true
    }

    fn read(&self, hidden_states: Tensor<3>) -> Tensor<3> {
        if fits(&hidden_states) { llama_forward::read(self, hidden_states) } else { self.logits(hidden_states) }
    }
}
