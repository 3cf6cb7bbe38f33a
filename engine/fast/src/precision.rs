//! Weights with fewer bits.

use bonus_llama::{LlamaBlock, LlamaModel};
use burn::module::Param;
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use ch04_gpt::{GptModel, TransformerBlock};
use kernels::decode::{Matrix, Precision};
use shared::Linear;

use crate::forward::mixed;

/// A device that has no numbers of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this device has no numbers of type {half:?}; take {}f32", if *.has_f16 { "f16 or " } else { "" })]
pub struct UnsupportedType {
    half: FloatDType,
    has_f16: bool,
}

/// Checks that `device` can compute with numbers of this type.
///
/// # Errors
/// If it cannot; the message names the types that it has.
pub fn check_type(half: FloatDType, device: &Device) -> Result<(), UnsupportedType> {
    if device.supports_dtype(half) {
        return Ok(());
    }
    Err(UnsupportedType { half, has_f16: device.supports_dtype(FloatDType::F16) })
}

/// The model whose linear layers keep their weights in numbers of this type, and compute with it.
///
/// # Errors
/// If the device has no such numbers.
pub fn halve(mut model: GptModel, half: FloatDType, device: &Device) -> Result<GptModel, UnsupportedType> {
    check_type(half, device)?;
    for layer in linear_layers(&mut model) {
        layer.weight = layer.weight.clone().map(|weight| weight.cast(half));
    }
    Ok(GptModel { fast: Some(mixed(half)), ..model })
}

/// The model whose linear weights are rounded to `precision`: what the CPU's decoder computes with, for the model's own
/// forward pass.
pub fn rounded(mut model: GptModel, precision: Precision) -> GptModel {
    if precision == Precision::F32 {
        return model;
    }
    for block in &mut model.trf_blocks {
        layers_of_block(block).into_iter().for_each(|layer| round(layer, precision));
    }
    round(&mut model.out_head, precision.of_head());
    model
}

/// The same for a Llama. Its decoder also reads the token embedding in fewer bits.
pub fn rounded_llama(mut model: LlamaModel, precision: Precision) -> LlamaModel {
    if precision == Precision::F32 {
        return model;
    }
    for block in &mut model.blocks {
        layers_of_llama_block(block).into_iter().for_each(|layer| round(layer, precision));
    }
    if let Some(head) = &mut model.out_head {
        round(head, precision.of_head());
    }
    let table = model.tok_emb.weight.val();
    let ([vocab_size, emb_dim], device) = (table.dims(), table.device());
    // The vectors of the tokens are the columns of the head.
    if let Some(columns) = Matrix::shared(table).and_then(|table| table.transposed_in(precision.of_head())) {
        let mut values = vec![0.0; vocab_size * emb_dim];
        values.chunks_mut(emb_dim).enumerate().for_each(|(id, vector)| columns.column(id, vector));
        let values = TensorData::new(values, [vocab_size, emb_dim]);
        model.tok_emb.weight = Param::from_tensor(Tensor::from_data(values, &device));
    }
    model
}

fn layers_of_llama_block(block: &mut LlamaBlock) -> [&mut Linear; 7] {
    let (att, ff) = (&mut block.att, &mut block.ff);
    let (query, key, value, out) = (&mut att.w_query, &mut att.w_key, &mut att.w_value, &mut att.out_proj);
    [query, key, value, out, &mut ff.gate, &mut ff.up, &mut ff.down]
}

fn round(layer: &mut Linear, precision: Precision) {
    let weight = layer.weight.val();
    let (shape, device) = (weight.dims(), weight.device());
    if let Some(matrix) = Matrix::shared(weight) {
        let values = matrix.in_precision(precision).values().into_owned();
        layer.weight = Param::from_tensor(Tensor::from_data(TensorData::new(values, shape), &device));
    }
}

/// The linear layers of a model.
fn linear_layers(model: &mut GptModel) -> impl Iterator<Item = &mut Linear> {
    let GptModel { trf_blocks, out_head, .. } = model;
    trf_blocks.iter_mut().flat_map(layers_of_block).chain([out_head])
}

fn layers_of_block(block: &mut TransformerBlock) -> [&mut Linear; 6] {
    let (att, ff) = (&mut block.att, &mut block.ff);
    [&mut att.w_query, &mut att.w_key, &mut att.w_value, &mut att.out_proj, &mut ff.expand, &mut ff.contract]
}
