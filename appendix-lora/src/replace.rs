//! An addition for every linear layer of a model (section E.4).

use burn::module::Module;
use burn::tensor::Device;
use ch04_gpt::GptModel;
use shared::Linear;
use shared::rng::TorchRng;

use crate::{LoraLayer, LoraSettings};

/// Stops the training of every parameter that the model has now. The order matters: first freeze, then
/// [`replace_linear_with_lora`], so that A and B alone are trained.
pub fn freeze(model: GptModel) -> GptModel {
    model.no_grad()
}

/// Gives every linear layer of the model a fresh addition: six in each block, and the output layer. Embeddings and
/// norms have none. The values of A are drawn from `rng` in the order of the layers.
///
/// The model computes the same as before until it is trained, because every B is 0.
///
/// # Panics
/// If the rank is 0.
pub fn replace_linear_with_lora(
    mut model: GptModel,
    settings: &LoraSettings,
    rng: &mut TorchRng,
    device: &Device,
) -> GptModel {
    for (_, layer) in linear_layers_mut(&mut model) {
        let [d_in, d_out] = layer.weight.lazy_shape().dims();
        layer.low_rank = Some(LoraLayer::new(d_in, d_out, settings, rng, device).into());
    }
    model
}

/// The linear layers with their names in the book's model, in the order in which the book visits them.
pub fn linear_layers_mut(model: &mut GptModel) -> Vec<(String, &mut Linear)> {
    let mut layers = Vec::new();
    for (i, block) in model.trf_blocks.iter_mut().enumerate() {
        let (att, ff) = (&mut block.att, &mut block.ff);
        let of_block =
            [&mut att.w_query, &mut att.w_key, &mut att.w_value, &mut att.out_proj, &mut ff.expand, &mut ff.contract];
        layers.extend(BLOCK_NAMES.iter().zip(of_block).map(|(name, layer)| (format!("trf_blocks.{i}.{name}"), layer)));
    }
    layers.push((HEAD_NAME.to_string(), &mut model.out_head));
    layers
}

/// As [`linear_layers_mut`], to look at.
pub fn linear_layers(model: &GptModel) -> Vec<(String, &Linear)> {
    let mut layers = Vec::new();
    for (i, block) in model.trf_blocks.iter().enumerate() {
        let (att, ff) = (&block.att, &block.ff);
        let of_block = [&att.w_query, &att.w_key, &att.w_value, &att.out_proj, &ff.expand, &ff.contract];
        layers.extend(BLOCK_NAMES.iter().zip(of_block).map(|(name, layer)| (format!("trf_blocks.{i}.{name}"), layer)));
    }
    layers.push((HEAD_NAME.to_string(), &model.out_head));
    layers
}

const BLOCK_NAMES: [&str; 6] =
    ["att.W_query", "att.W_key", "att.W_value", "att.out_proj", "ff.layers.0", "ff.layers.2"];
const HEAD_NAME: &str = "out_head";
