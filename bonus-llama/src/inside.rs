//! A look inside: chapter 4's bonus of that name, for these models.

use burn::tensor::{Int, Tensor};
use ch04_gpt::bonus::Inside;

use crate::LlamaModel;

impl LlamaModel {
    /// Passes `ids` through the model, and keeps what [`forward`](Self::forward) forgets. [`logits`](Self::logits) of a hidden
    /// state is the logit lens.
    ///
    /// # Shapes
    /// - `ids`: `[batch, tokens]`, every id below `vocab_size`.
    ///
    /// # Panics
    /// If there are more tokens than `context_length`.
    pub fn look_inside(&self, ids: Tensor<2, Int>) -> Inside {
        let [_, tokens] = ids.dims();
        let rotations = self.rotations(0..tokens, &ids.device());
        let mut x = self.embed(ids);
        let mut inside = Inside { hidden_states: vec![x.clone()], attention_weights: Vec::new() };
        for block in &self.blocks {
            let rotation = rotations.of(block);
            inside.attention_weights.push(block.att.attention_weights(block.norm1.forward(x.clone()), rotation));
            x = block.forward(x, rotation);
            inside.hidden_states.push(x.clone());
        }
        inside
    }
}
