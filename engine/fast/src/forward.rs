//! The forward pass of a model, with gradients, and how a model gets it: [`GptModel::fast`].

use burn::tensor::{FloatDType, Int, Tensor};
use ch04_gpt::{Forward, GptModel};
use shared::Mode;

use crate::Operations;

/// The same model, computed by the operations of [`kernels`].
pub fn accelerate(model: GptModel) -> GptModel {
    GptModel { fast: Some(forward), ..model }
}

/// [`GptModel::forward`] with all fast operations.
pub fn forward(model: &GptModel, ids: Tensor<2, Int>, mode: &mut Mode) -> Tensor<3> {
    forward_with(&Operations::FAST, model, ids, mode)
}

/// [`GptModel::forward`] with the products of linear layers in numbers of 16 bits, for [`GptModel::fast`]. Parameters,
/// gradients and everything else keep 32 bits.
///
/// # Panics
/// If the type has another number of bits.
pub fn mixed(half: FloatDType) -> Forward {
    match half {
        FloatDType::BF16 => |model, ids, mode| forward_with(&Operations::mixed(FloatDType::BF16), model, ids, mode),
        FloatDType::F16 => |model, ids, mode| forward_with(&Operations::mixed(FloatDType::F16), model, ids, mode),
        other => panic!("mixed precision has numbers of 16 bits, not {other:?}"),
    }
}

/// [`GptModel::forward`] with these operations.
///
/// # Shapes
/// - `ids`: `[batch, tokens]`, every id below `vocab_size`;
/// - result: logits, `[batch, tokens, vocab_size]`.
pub fn forward_with(operations: &Operations, model: &GptModel, ids: Tensor<2, Int>, mode: &mut Mode) -> Tensor<3> {
    let x = hidden_states(operations, model, ids, mode); // [batch, tokens, emb_dim]
    operations.linear(&model.out_head, x) // [batch, tokens, vocab_size]
}

/// The vectors of all tokens after the final norm, `[batch, tokens, emb_dim]`.
pub(crate) fn hidden_states(
    operations: &Operations,
    model: &GptModel,
    ids: Tensor<2, Int>,
    mode: &mut Mode,
) -> Tensor<3> {
    let [_, tokens] = ids.dims();
    let positions = Tensor::<1, Int>::arange(0..tokens as i64, &ids.device()).unsqueeze(); // [1, tokens]
    let x = operations.embedding(&model.tok_emb, ids) + model.pos_emb.forward(positions); // [batch, tokens, emb_dim]
    let mut x = operations.dropout(&model.drop_emb, x, mode);
    for block in &model.trf_blocks {
        x = operations.block(block, x, mode);
    }
    operations.layer_norm(&model.final_norm, x)
}
