//! Layer normalization (section 4.2).

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};

/// Brings every vector to mean 0 and variance 1, then lets training scale and shift it:
///
/// `y = scale * (x - mean) / sqrt(variance + eps) + shift`
///
/// Mean and variance are those of the last dimension, so a vector's result does not depend on the rest of the batch.
/// The variance divides by n, not by n - 1, as in GPT-2.
#[derive(Module, Debug)]
pub struct LayerNorm {
    /// Trainable factors, `[emb_dim]`, at first 1.
    pub scale: Param<Tensor<1>>,
    /// Trainable offsets, `[emb_dim]`, at first 0.
    pub shift: Param<Tensor<1>>,
    /// Prevents a division by zero.
    pub eps: f64,
}

impl LayerNorm {
    /// A norm over vectors of width `emb_dim`.
    pub fn new(emb_dim: usize, device: &Device) -> Self {
        Self {
            scale: Param::from_tensor(Tensor::ones([emb_dim], device)),
            shift: Param::from_tensor(Tensor::zeros([emb_dim], device)),
            eps: 1e-5,
        }
    }

    /// # Shapes
    /// - `x`: `[..., emb_dim]`; the result has the same.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let (variance, mean) = x.clone().var_mean_bias(D - 1); // [..., 1]
        let normalized = (x - mean) / (variance + self.eps).sqrt(); // [..., emb_dim]
        normalized * self.scale.val().unsqueeze() + self.shift.val().unsqueeze()
    }
}
