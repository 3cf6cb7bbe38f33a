//! The network that works on every position on its own (section 4.3).

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use shared::{GptConfig, Linear};

use crate::gelu;

/// Widens each vector to four times its size, applies GELU, and brings it back: `W₂ gelu(W₁ x + b₁) + b₂`.
///
/// The order of the fields is the order of the random draws.
#[derive(Module, Debug)]
pub struct FeedForward {
    /// `emb_dim` to `4 emb_dim`, with bias; the book's `layers[0]`.
    pub expand: Linear,
    /// `4 emb_dim` to `emb_dim`, with bias; the book's `layers[2]`.
    pub contract: Linear,
}

impl FeedForward {
    /// A lazy module; [`torch_init`](shared::init::torch_init) draws its values.
    pub fn new(config: &GptConfig, device: &Device) -> Self {
        let (width, hidden) = (config.emb_dim, 4 * config.emb_dim);
        Self { expand: Linear::new(width, hidden, true, device), contract: Linear::new(hidden, width, true, device) }
    }

    /// # Shapes
    /// - `x`: `[batch, tokens, emb_dim]`; the result has the same.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let hidden = gelu(self.expand.forward(x)); // [batch, tokens, 4 emb_dim]
        self.contract.forward(hidden) // [batch, tokens, emb_dim]
    }
}
