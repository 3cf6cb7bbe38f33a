//! From a language model to a classifier (section 6.5).
//!
//! The body of the model stays; only the output layer is replaced. It gave a logit to each of 50,257 tokens, now it gives
//! one to each of two classes. The lower layers represent language in general and need no further training: they are
//! frozen, and training changes the last block, the norm after it, and the new head.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use ch04_gpt::GptModel;
use serde::{Deserialize, Serialize};
use shared::init::linear;
use shared::rng::TorchRng;

use crate::NUM_CLASSES;

/// What training may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trainable {
    /// The head alone.
    Head,
    /// The last block, the norm after it and the head, as in the book.
    #[default]
    LastBlock,
    /// The last two blocks, the norm and the head.
    LastTwoBlocks,
    /// Everything (exercise 6.2).
    All,
}

impl Trainable {
    /// All of them with their names on a command line.
    pub const ALL: [(&'static str, Self); 4] = [
        ("last-block", Self::LastBlock),
        ("last-two-blocks", Self::LastTwoBlocks),
        ("all", Self::All),
        ("head", Self::Head),
    ];
}

/// Replaces the output layer by one with a value for each class. Its weight and bias are drawn from `rng` as those of
/// `torch.nn.Linear(emb_dim, 2)`.
pub fn add_classification_head(model: GptModel, rng: &mut TorchRng, device: &Device) -> GptModel {
    let [emb_dim] = model.final_norm.scale.lazy_shape().dims();
    let head = linear(emb_dim, NUM_CLASSES, true, rng, device);
    GptModel { out_head: head, ..model }
}

/// Freezes the model except for the parts that training may change. The optimizer skips frozen parameters, and no
/// gradients are computed below the lowest trainable part.
///
/// Call it after the head is in place, on a model whose device records gradients.
pub fn set_trainable(model: GptModel, trainable: Trainable) -> GptModel {
    let mut model = model.map(&mut RequireGrad(trainable == Trainable::All));
    let blocks = match trainable {
        Trainable::Head | Trainable::All => 0,
        Trainable::LastBlock => 1,
        Trainable::LastTwoBlocks => 2,
    };
    let frozen = model.trf_blocks.len().saturating_sub(blocks);
    let trainable_blocks = model.trf_blocks.split_off(frozen);
    model.trf_blocks.extend(trainable_blocks.into_iter().map(unfreeze));
    if blocks > 0 {
        model.final_norm = unfreeze(model.final_norm);
    }
    model.out_head = unfreeze(model.out_head);
    model
}

fn unfreeze<M: Module>(module: M) -> M {
    module.map(&mut RequireGrad(true))
}

struct RequireGrad(bool);

impl ModuleMapper for RequireGrad {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.set_require_grad(self.0)
    }
}

/// Number of trainable parameters.
pub fn num_trainable(model: &impl Module) -> usize {
    let mut count = Count(0);
    model.visit(&mut count);
    count.0
}

struct Count(usize);

impl ModuleVisitor for Count {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.val().is_require_grad() {
            self.0 += param.lazy_shape().num_elements();
        }
    }
}

/// Switches the causal mask off, so that every token attends to the whole message (bonus). A classifier reads a message
/// that is complete already, so there is no future to hide.
pub fn without_causal_mask(mut model: GptModel) -> GptModel {
    for block in &mut model.trf_blocks {
        block.att.causal = false;
    }
    model
}
