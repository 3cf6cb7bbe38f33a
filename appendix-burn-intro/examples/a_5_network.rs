//! Section A.5, a network of three layers: `cargo run -p appendix-burn-intro --example a_5_network`

use appendix_burn_intro::NeuralNetwork;
use burn::module::Module;
use burn::tensor::Device;
use burn::tensor::activation::softmax;
use shared::init::{rand, torch_init};
use shared::rng::TorchRng;
use workshop::print_tensor;

fn main() {
    let device = Device::flex();
    let model = torch_init(NeuralNetwork::new(50, 3, &device), &mut TorchRng::new(123));
    println!("{model}");
    println!("parameters: {}", model.num_params());
    // burn keeps the weight as [inputs, outputs]; PyTorch keeps its transpose.
    let weight = model.hidden_1.weight.val();
    println!("first layer {:?}", weight.dims());
    print_tensor("its corner as PyTorch prints it", weight.transpose().slice([0..3, 0..3]));

    // On a device that does not record, nothing is kept for a backward pass: what PyTorch's no_grad is for.
    let x = rand([1, 50], &mut TorchRng::new(123), &device);
    let logits = model.forward(x); // [1, 3]
    print_tensor("logits", logits.clone());
    print_tensor("probabilities", softmax(logits, 1));
}
