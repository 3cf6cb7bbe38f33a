//! The additions become part of the weights.

use burn::tensor::Tensor;

use crate::LinearLayers;

/// Adds `scale · A B` to every weight and takes the additions away. The model computes the same as before (up to
/// rounding), is as fast as without LoRA, and can be saved like any other.
pub fn merge_lora<M: LinearLayers>(mut model: M) -> M {
    for (_, layer) in model.linear_layers_mut() {
        let Some(low_rank) = layer.low_rank.take() else { continue };
        let change = low_rank.a.val().matmul(low_rank.b.val()).detach() * low_rank.scale; // [d_in, d_out]
        layer.weight = layer.weight.clone().map(|weight| {
            if weight.is_require_grad() {
                Tensor::from_inner(weight.inner() + change.inner()).require_grad()
            } else {
                weight + change
            }
        });
    }
    model
}
