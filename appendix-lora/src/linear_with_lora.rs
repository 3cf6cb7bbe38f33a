//! A linear layer and its LoRA layer, side by side (section E.4, listing E.6).

use burn::module::Module;
use burn::tensor::Tensor;
use shared::Linear;

use crate::LoraLayer;

/// `y = x W + b + scale · (x A) B`: the book's `LinearWithLoRA`.
///
/// It shows the idea. In the models, [`attach_lora`](crate::attach_lora) attaches the same [`LoraLayer`] to the weight of
/// the layer instead, `y = x (W + scale · A B) + b`, so that one model type serves with and without LoRA. A test compares
/// both.
#[derive(Module, Debug)]
pub struct LinearWithLora {
    /// The layer, frozen.
    pub linear: Linear,
    /// The change, trained.
    pub lora: LoraLayer,
}

impl LinearWithLora {
    /// # Shapes
    /// - `x`: `[..., d_in]`;
    /// - result: `[..., d_out]`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        self.linear.forward(x.clone()) + self.lora.forward(x)
    }
}
