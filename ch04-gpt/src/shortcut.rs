//! What shortcut connections do to the gradients of a deep network (section 4.4).

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use shared::Linear;

use crate::gelu;

/// A stack of linear layers with GELU, each optionally bridged by a shortcut: `x + gelu(W x + b)`.
///
/// The order of the fields is the order of the random draws.
#[derive(Module, Debug)]
pub struct ExampleDeepNeuralNetwork {
    layers: Vec<Linear>,
    use_shortcut: bool,
}

impl ExampleDeepNeuralNetwork {
    /// One layer for each neighbouring pair of `layer_sizes`: `[3, 3, 1]` gives a layer 3 to 3 and one 3 to 1.
    pub fn new(layer_sizes: &[usize], use_shortcut: bool, device: &Device) -> Self {
        let layers = layer_sizes.windows(2).map(|pair| Linear::new(pair[0], pair[1], true, device)).collect();
        Self { layers, use_shortcut }
    }

    /// A shortcut is taken only where a layer keeps the shape.
    ///
    /// # Shapes
    /// - `x`: `[batch, first layer size]`;
    /// - result: `[batch, last layer size]`.
    pub fn forward(&self, mut x: Tensor<2>) -> Tensor<2> {
        for layer in &self.layers {
            let y = gelu(layer.forward(x.clone()));
            x = if self.use_shortcut && x.dims() == y.dims() { x + y } else { y };
        }
        x
    }

    /// The mean absolute gradient of every layer's weight for the squared error between the output for `x` and 0.
    ///
    /// # Panics
    /// If the model is not on a device that records gradients (`device.autodiff()`).
    pub fn mean_abs_gradients(&self, x: Tensor<2>) -> Vec<f32> {
        let loss = self.forward(x).square().mean();
        let gradients = loss.backward();
        let mean_abs = |layer: &Linear| {
            let gradient = layer.weight.val().grad(&gradients).expect("every layer takes part in the output");
            gradient.abs().mean().into_scalar::<f32>()
        };
        self.layers.iter().map(mean_abs).collect()
    }
}
