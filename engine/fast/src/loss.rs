//! The loss of chapter 5 by the fast operation.

use burn::tensor::{Int, Tensor};
use ch02_text::Batch;
use ch04_gpt::GptModel;
use shared::{IGNORE_INDEX, Mode};

/// [`shared::cross_entropy`]. Shapes and result are the same.
pub fn cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>) -> Tensor<1> {
    if kernels::fits(&logits) {
        kernels::cross_entropy(logits, targets, IGNORE_INDEX.into())
    } else {
        shared::cross_entropy(logits, targets)
    }
}

/// [`ch05_pretrain::calc_loss_batch`].
pub fn calc_loss_batch(model: &GptModel, batch: Batch, mode: &mut Mode) -> Tensor<1> {
    let logits = model.forward(batch.inputs, mode); // [batch, tokens, vocab_size]
    cross_entropy(logits.flatten(0, 1), batch.targets.flatten(0, 1))
}
