//! The activation function of GPT-2 (section 4.3).

use burn::tensor::Tensor;
use shared::tanh;

/// Gaussian error linear unit in the approximation that GPT-2 was trained with:
///
/// `0.5 x (1 + tanh(sqrt(2/π) (x + 0.044715 x³)))`
///
/// Unlike ReLU it is smooth and lets a little through for negative inputs. Hendrycks and Gimpel, 2016.
pub fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    // x * x * x and not a power function: the gradient of powf is NaN for negative x on GPUs.
    let cubed = x.clone() * x.clone() * x.clone();
    let inner = (x.clone() + cubed * 0.044715) * (2.0 / std::f64::consts::PI).sqrt();
    x * 0.5 * (tanh(inner) + 1.0)
}
