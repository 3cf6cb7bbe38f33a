//! An addition for every linear layer of a model (section E.4).

use burn::module::Module;
use burn::tensor::Device;
use shared::rng::TorchRng;

use crate::{LinearLayers, LoraLayer, LoraSettings};

/// Stops the training of every parameter that the model has now. The order matters: first freeze, then
/// [`replace_linear_with_lora`], so that A and B alone are trained.
pub fn freeze<M: Module>(model: M) -> M {
    model.no_grad()
}

/// Gives every linear layer of the model a fresh addition; for GPT that is six in each block, and the output layer.
/// Embeddings and norms have none. The values of A are drawn from `rng` in the order of the layers.
///
/// The model computes the same as before until it is trained, because every B is 0.
///
/// # Panics
/// If the rank is 0.
pub fn replace_linear_with_lora<M: LinearLayers>(
    mut model: M,
    settings: &LoraSettings,
    rng: &mut TorchRng,
    device: &Device,
) -> M {
    for (_, layer) in model.linear_layers_mut() {
        let [d_in, d_out] = layer.weight.lazy_shape().dims();
        layer.low_rank = Some(LoraLayer::new(d_in, d_out, settings, rng, device).into());
    }
    model
}
