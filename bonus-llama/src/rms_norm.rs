//! RMSNorm, layer normalization without its mean.
//!
//! Chapter 4's layer norm subtracts the mean, divides by the standard deviation, scales and shifts. What steadies the
//! training is the division. RMSNorm keeps only that and the scale:
//!
//! ```text
//! LayerNorm  y = scale · (x - mean) / √(variance + eps) + shift
//! RMSNorm    y = weight · x / √(mean(x²) + eps)
//! ```
//!
//! One reduction instead of two, one vector of parameters instead of two. Zhang and Sennrich, 2019.

use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor};

/// Divides every vector by the root of the mean of its squares, then scales it.
#[derive(Module, Debug)]
pub struct RmsNorm {
    /// Trainable factors, `[width]`.
    pub weight: Param<Tensor<1>>,
    /// Added inside the root: a vector of zeros stays one.
    pub eps: f64,
    /// Whether the factors are `1 + weight`, as in Gemma, where 0 is the weight that changes nothing.
    pub one_plus: bool,
}

impl RmsNorm {
    /// A norm over vectors of width `width` whose weight is 1 everywhere.
    pub fn new(width: usize, eps: f64, device: &Device) -> Self {
        Self { weight: Initializer::Ones.init([width], device), eps, one_plus: false }
    }

    /// Gemma's norm: it scales by `1 + weight`, and its weight is 0 everywhere.
    pub fn one_plus(width: usize, eps: f64, device: &Device) -> Self {
        Self { weight: Initializer::Zeros.init([width], device), eps, one_plus: true }
    }

    /// # Shapes
    /// - `x`: `[..., width]`; the result has the same.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let mean_square = (x.clone() * x.clone()).mean_dim(D - 1); // [..., 1]
        let normalized = x / (mean_square + self.eps).sqrt(); // [..., width]
        let weight = self.weight.val();
        normalized * if self.one_plus { weight + 1.0 } else { weight }.unsqueeze()
    }
}
