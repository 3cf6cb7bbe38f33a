//! The network that works on every position by itself (section 4.3).

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use kernels::Kernels;
use shared::{GptConfig, Linear};

use crate::gelu;

/// Widens each vector to four times its size, applies GELU, and brings it back: `W₂ gelu(W₁ x + b₁) + b₂`.
#[derive(Module, Debug)]
pub struct FeedForward {
    /// `emb_dim` to `4 emb_dim`, with bias.
    pub expand: Linear,
    /// `4 emb_dim` to `emb_dim`, with bias.
    pub contract: Linear,
    /// Which code computes it.
    #[module(skip)]
    pub kernels: Kernels,
}

impl FeedForward {
    /// Puts the network together; [`torch_init`](shared::init::torch_init) gives it values.
    pub fn new(config: &GptConfig, device: &Device) -> Self {
        let (width, hidden) = (config.emb_dim, 4 * config.emb_dim);
        Self {
            expand: Linear::new(width, hidden, true, device),
            contract: Linear::new(hidden, width, true, device),
            kernels: Kernels::Plain,
        }
    }

    /// The same network, computed by `kernels`.
    pub fn with_kernels(self, kernels: Kernels) -> Self {
        Self { expand: self.expand.with_kernels(kernels), contract: self.contract.with_kernels(kernels), kernels }
    }

    /// # Shapes
    /// - `x`: `[batch, tokens, emb_dim]`; the result has the same.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let hidden = self.expand.forward(x); // [batch, tokens, 4 emb_dim]
        let hidden = if self.kernels.fuse(&hidden) { kernels::gelu(hidden) } else { gelu(hidden) };
        self.contract.forward(hidden) // [batch, tokens, emb_dim]
    }
}
