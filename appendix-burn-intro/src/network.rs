//! A network with two hidden layers (section A.5, listing A.4).

use burn::module::Module;
use burn::nn::{Linear, LinearConfig, Relu};
use burn::tensor::{Device, Tensor};

/// Linear, ReLU, linear, ReLU, linear. What PyTorch keeps in a `Sequential` are fields here; `forward` defines the order.
///
/// The fields stand in the order in which PyTorch draws their values.
#[derive(Module, Debug)]
pub struct NeuralNetwork {
    /// Inputs to 30 hidden values.
    pub hidden_1: Linear,
    /// 30 to 20 hidden values.
    pub hidden_2: Linear,
    /// 20 hidden values to the outputs.
    pub output: Linear,
    /// max(x, 0), after both hidden layers.
    pub relu: Relu,
}

impl NeuralNetwork {
    /// A network whose weights burn draws when they are first used; [`torch_init`](shared::init::torch_init) draws PyTorch's.
    pub fn new(num_inputs: usize, num_outputs: usize, device: &Device) -> Self {
        Self {
            hidden_1: LinearConfig::new(num_inputs, 30).init(device),
            hidden_2: LinearConfig::new(30, 20).init(device),
            output: LinearConfig::new(20, num_outputs).init(device),
            relu: Relu::new(),
        }
    }

    /// The logits. Apply softmax to get probabilities; the loss takes the logits as they are.
    ///
    /// # Shapes
    /// - `x`: `[batch, num_inputs]`;
    /// - result: `[batch, num_outputs]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let x = self.relu.forward(self.hidden_1.forward(x)); // [batch, 30]
        let x = self.relu.forward(self.hidden_2.forward(x)); // [batch, 20]
        self.output.forward(x) // [batch, num_outputs]
    }
}
