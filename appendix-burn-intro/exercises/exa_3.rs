//! # Exercise A.3: The parameters of the small network
//!
//! How many values does the network of section A.7, with two inputs and two outputs, learn? Count them in the model, and
//! predict them from the sizes: the two numbers must agree for every network.
//!
//! # 练习 A.3：小网络的参数
//!
//! A.7 节的网络有两个输入、两个输出，它要学习多少个数值？在模型中数一数，再由各层大小预测：对任何网络，两个数都必须一致。
//!
//! Check it: `cargo run -- exercise check A.3`

use appendix_burn_intro::NeuralNetwork;
use burn::module::Module;

/// The number of trainable values in the model.
pub fn counted(model: &NeuralNetwork) -> usize {
    todo!("exercise A.3")
}

/// The same from the number of inputs and outputs.
pub fn predicted(num_inputs: usize, num_outputs: usize) -> usize {
    todo!("exercise A.3")
}
