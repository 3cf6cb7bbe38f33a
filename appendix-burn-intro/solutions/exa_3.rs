//! # Solution A.3: The parameters of the small network
//!
//! Every linear layer has one weight for each pair of input and output, and one bias for each output:
//! (2 · 30 + 30) + (30 · 20 + 20) + (20 · 2 + 2) = 752.
//!
//! # 解答 A.3：小网络的参数
//!
//! 每个线性层对每一对输入与输出有一个权重，对每个输出有一个偏置：(2 · 30 + 30) + (30 · 20 + 20) + (20 · 2 + 2) = 752。

use appendix_burn_intro::NeuralNetwork;
use burn::module::Module;

/// The number of trainable values in the model.
pub fn counted(model: &NeuralNetwork) -> usize {
    model.num_params()
}

/// The same from the number of inputs and outputs.
pub fn predicted(num_inputs: usize, num_outputs: usize) -> usize {
    let linear = |inputs: usize, outputs: usize| inputs * outputs + outputs;
    linear(num_inputs, 30) + linear(30, 20) + linear(20, num_outputs)
}
