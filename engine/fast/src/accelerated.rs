//! What a training run needs of a model besides its forward pass: whether that is a fast one, and a fast loss.

use bonus_llama::LlamaModel;
use burn::tensor::Tensor;
use ch02_text::Batch;
use ch04_gpt::GptModel;
use shared::{Dropout, LanguageModel, Mode};

use crate::{calc_loss_batch, llama_loss_batch};

/// A model whose forward pass this crate can replace.
pub trait Accelerated: LanguageModel {
    /// Whether it is replaced.
    fn is_accelerated(&self) -> bool;

    /// Whether what follows a text in its row, such as padding, changes nothing before it: the mask is causal, and there is no
    /// dropout, whose draws depend on the length of the row.
    fn ignores_what_follows(&self) -> bool;

    /// [`ch05_pretrain::calc_loss_batch`] by the fast operations.
    fn fast_loss(&self, batch: Batch, mode: &mut Mode) -> Tensor<1>;
}

impl Accelerated for GptModel {
    fn is_accelerated(&self) -> bool {
        self.fast.is_some()
    }

    fn ignores_what_follows(&self) -> bool {
        let draws = |dropout: &Dropout| dropout.rate > 0.0;
        !draws(&self.drop_emb)
            && self
                .trf_blocks
                .iter()
                .all(|block| block.att.causal && !draws(&block.att.dropout) && !draws(&block.drop_shortcut))
    }

    fn fast_loss(&self, batch: Batch, mode: &mut Mode) -> Tensor<1> {
        calc_loss_batch(self, batch, mode)
    }
}

impl Accelerated for LlamaModel {
    fn is_accelerated(&self) -> bool {
        self.fast.is_some()
    }

    fn ignores_what_follows(&self) -> bool {
        true
    }

    fn fast_loss(&self, batch: Batch, mode: &mut Mode) -> Tensor<1> {
        llama_loss_batch(self, batch, mode)
    }
}
