//! A look inside: what each head attends to, and what the model would say after every block.
//!
//! A GPT never leaves its vector space between the embedding and the output layer: every block adds something to the hidden
//! state `h` of each token. So the state after any block can be read by the last two steps of the model, which were made for
//! the state after the last one:
//!
//! ```text
//! h₀ = token embedding + position embedding
//! hᵢ = blockᵢ(hᵢ₋₁)                              i = 1 … n_layers
//! lensᵢ = softmax(norm(hᵢ)·W_out)                the prediction of the next token after i blocks
//! ```
//!
//! This is the logit lens (nostalgebraist, "interpreting GPT: the logit lens", 2020). `lens` of the last block is the model's own
//! prediction. One can watch a prediction take shape; but nobody has trained the states in between to be read like this.
//!
//! The other thing to look at are the attention weights of every head. They say where a head takes its values from, not what it
//! does with them.

use burn::tensor::{Int, Tensor, s};
use shared::Mode;

use crate::GptModel;

/// What happens inside of a model while it reads, in evaluation mode.
#[derive(Clone, Debug)]
pub struct Inside {
    /// The hidden states `h`, `[batch, tokens, emb_dim]`: before the first block, and after each one.
    pub hidden_states: Vec<Tensor<3>>,
    /// The attention weights of each block, `[batch, heads, tokens, tokens]`, one row per query.
    pub attention_weights: Vec<Tensor<4>>,
}

impl GptModel {
    /// The vectors that enter the first block: a token's own, and that of its position.
    ///
    /// # Shapes
    /// - `ids`: `[batch, tokens]`;
    /// - result: `[batch, tokens, emb_dim]`.
    ///
    /// # Panics
    /// If there are more tokens than [`context_length`](Self::context_length).
    pub fn embed(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        let [_, tokens] = ids.dims();
        self.tok_emb.forward(ids) + self.position_vectors(tokens)
    }

    /// The vectors of the first positions.
    ///
    /// # Shapes
    /// - result: `[1, tokens, emb_dim]`.
    ///
    /// # Panics
    /// If there are more tokens than [`context_length`](Self::context_length).
    pub fn position_vectors(&self, tokens: usize) -> Tensor<3> {
        let context_length = self.context_length();
        assert!(tokens <= context_length, "{tokens} tokens do not fit into a context of {context_length}");
        self.pos_emb.weight.val().slice(s![..tokens, ..]).unsqueeze()
    }

    /// What comes after the last block, the norm and the output layer, for the hidden states after any block: the logit lens.
    ///
    /// # Shapes
    /// - `x`: `[batch, tokens, emb_dim]`;
    /// - result: `[batch, tokens, vocab_size]`.
    pub fn logits(&self, x: Tensor<3>) -> Tensor<3> {
        self.out_head.forward(self.final_norm.forward(x))
    }

    /// Passes `ids` through the model, and keeps what [`forward`](Self::forward) forgets.
    ///
    /// # Shapes
    /// - `ids`: `[batch, tokens]`, every id below `vocab_size`.
    ///
    /// # Panics
    /// If there are more tokens than [`context_length`](Self::context_length).
    pub fn look_inside(&self, ids: Tensor<2, Int>) -> Inside {
        let mut x = self.embed(ids);
        let mut inside = Inside { hidden_states: vec![x.clone()], attention_weights: Vec::new() };
        for block in &self.trf_blocks {
            let weights = block.att.attention_weights(block.norm1.forward(x.clone()), &mut Mode::Eval);
            x = block.forward(x, &mut Mode::Eval);
            inside.attention_weights.push(weights);
            inside.hidden_states.push(x.clone());
        }
        inside
    }
}
