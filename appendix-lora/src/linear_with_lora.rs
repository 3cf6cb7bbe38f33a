//! A linear layer and its addition, side by side (section E.4, listing E.6).

use burn::module::Module;
use burn::tensor::Tensor;
use shared::Linear;

use crate::LoraLayer;

/// `y = x W + b + scale · (x A) B`.
///
/// It shows the idea. The models do not hold this type: their [`Linear`] has a slot for the two matrices, so that one
/// model type serves with and without LoRA. A test holds both to the same numbers.
#[derive(Module, Debug)]
pub struct LinearWithLora {
    /// The layer as it was.
    pub linear: Linear,
    /// What is learnt.
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
