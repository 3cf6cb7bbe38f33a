//! Fine-tuning: chapter 6's two changes, and appendix E's, on a Llama.
//!
//! For a classifier, a new head takes the place of the old one ([`add_classification_head`]). A tied head is the token
//! embedding, and that has to stay, because the ids still come in through it. So the new head is a layer of its own.
//!
//! What is trained is said before or after, as in chapter 6 and appendix E:
//!
//! ```text
//! last block, norm and head           set_trainable(model, Trainable::LastBlock)
//! LoRA in all blocks, and the head    attach_lora_to_blocks(set_trainable(model, Trainable::Head), …)
//! LoRA in all blocks, nothing else    attach_lora_to_blocks(freeze(model), …)
//! ```

use appendix_lora::{LoraLayer, LoraSettings, attach_layers};
use burn::module::Module;
use burn::tensor::Device;
use ch06_classify::{NUM_CLASSES, Trainable};
use shared::init::linear;
use shared::rng::TorchRng;

use crate::{LlamaConfig, LlamaModel};

/// Replaces the output layer by one with a value for each class, `Linear(emb_dim, 2)` with a bias. Its weight and bias are
/// drawn from `rng` as by PyTorch. A head of its own is dropped; a tied one stays where it is, as token embedding.
///
/// The configuration says from now on that the head is not tied. Everything else in it stays, `vocab_size` too, which is
/// the number of ids that come in. [`LlamaConfig::num_params`] then counts a head with a value for each token: ask the
/// model, [`Module::num_params`].
pub fn add_classification_head(model: LlamaModel, rng: &mut TorchRng, device: &Device) -> LlamaModel {
    let head = linear(model.config.emb_dim, NUM_CLASSES, true, rng, device);
    let config = LlamaConfig { tied: false, ..model.config };
    LlamaModel { out_head: Some(head), config, ..model }
}

/// Freezes the model except for the parts that training may change, as in chapter 6: the last blocks, the norm after them,
/// and the head.
///
/// Call it after the head is in place, on a model whose device records gradients. A tied head is no part of its own: it is
/// trained with the token embedding, that is, with [`Trainable::All`].
pub fn set_trainable(model: LlamaModel, trainable: Trainable) -> LlamaModel {
    let mut model = model.set_require_grad(trainable == Trainable::All);
    let blocks = match trainable {
        Trainable::Head | Trainable::All => 0,
        Trainable::LastBlock => 1,
        Trainable::LastTwoBlocks => 2,
    };
    let frozen = model.blocks.len().saturating_sub(blocks);
    for block in model.blocks.split_off(frozen) {
        model.blocks.push(block.set_require_grad(true));
    }
    if blocks > 0 {
        model.final_norm = model.final_norm.set_require_grad(true);
    }
    model.out_head = model.out_head.map(|head| head.set_require_grad(true));
    model
}

/// Attaches a fresh [`LoraLayer`] to the seven matrices of every block: queries, keys, values, output; gate, up, down. Head
/// and embedding get none. The values of A are drawn from `rng` in the order of the model's fields.
///
/// What the model trained before, it goes on training; so freeze first, as in appendix E. The model must not have LoRA
/// layers yet.
///
/// # Panics
/// If the rank is 0.
pub fn attach_lora_to_blocks(
    model: LlamaModel,
    settings: &LoraSettings,
    rng: &mut TorchRng,
    device: &Device,
) -> LlamaModel {
    attach_layers(model, |path, [d_in, d_out]| {
        path.starts_with("blocks.").then(|| LoraLayer::new(d_in, d_out, settings, rng, device))
    })
}
