//! A logistic regression as a computation graph (sections A.3 and A.4).
//!
//! ```text
//! x₁, w₁ → u = x₁ w₁ → z = u + b → a = σ(z) → loss = -(y ln a + (1 - y) ln(1 - a))
//! ```

use burn::tensor::Tensor;
use burn::tensor::activation::sigmoid;

/// The intermediate results of the forward pass, `[1]` each.
#[derive(Clone, Debug)]
pub struct Forward {
    /// The net input.
    pub z: Tensor<1>,
    /// The probability of class 1.
    pub a: Tensor<1>,
    /// The binary cross entropy.
    pub loss: Tensor<1>,
}

/// The forward pass (listing A.2). All arguments are `[1]`; `y` is 0 or 1.
pub fn forward(x1: Tensor<1>, w1: Tensor<1>, b: Tensor<1>, y: Tensor<1>) -> Forward {
    let z = x1 * w1 + b;
    let a = sigmoid(z.clone());
    let loss = -(y.clone() * a.clone().log() + (-y + 1.0) * (-a.clone() + 1.0).log());
    Forward { z, a, loss }
}

/// The gradients of the loss by the chain rule, from right to left: `[∂loss/∂w₁, ∂loss/∂b]`.
///
/// ```text
/// ∂loss/∂a = -y/a + (1 - y)/(1 - a)     ∂a/∂z = a (1 - a)     ∂z/∂w₁ = x₁     ∂z/∂b = 1
/// ```
pub fn gradients_by_hand(x1: f64, w1: f64, b: f64, y: f64) -> [f64; 2] {
    let z = x1 * w1 + b;
    let a = 1.0 / (1.0 + (-z).exp());
    let loss_by_a = -y / a + (1.0 - y) / (1.0 - a);
    let a_by_z = a * (1.0 - a);
    let loss_by_z = loss_by_a * a_by_z;
    [loss_by_z * x1, loss_by_z]
}
