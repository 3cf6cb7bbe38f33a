//! Layer normalization by hand and as a module: `cargo run -p ch04-gpt --example 4_2_layer_norm`

use burn::nn::LinearConfig;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use ch04_gpt::LayerNorm;
use shared::init::{randn, torch_init};
use shared::rng::TorchRng;
use workshop::print_tensor;

fn main() {
    let (device, mut rng) = (Device::flex(), TorchRng::new(123));
    let batch_example: Tensor<2> = randn([2, 5], &mut rng, &device);
    let layer = torch_init(LinearConfig::new(5, 6).init(&device), &mut rng);
    let out = relu(layer.forward(batch_example.clone()));
    print_tensor("Layer outputs", out.clone());

    let (variance, mean) = out.clone().var_mean(1); // [2, 1] each; divides by n - 1
    print_tensor("Mean", mean.clone());
    print_tensor("Variance", variance.clone());

    let by_hand = (out.clone() - mean) / variance.sqrt();
    print_tensor("Normalized by hand", by_hand.clone());
    show_mean_and_variance(by_hand);

    let normalized = LayerNorm::new(6, &device).forward(out);
    print_tensor("LayerNorm(6) of the layer outputs", normalized.clone());
    show_mean_and_variance(normalized);

    let normalized = LayerNorm::new(5, &device).forward(batch_example);
    print_tensor("LayerNorm(5) of the inputs", normalized.clone());
    show_mean_and_variance(normalized);
}

/// The variance twice: with n - 1, as the book's hand-made version has it, and with n, as its module.
fn show_mean_and_variance(x: Tensor<2>) {
    print_tensor("Mean (zero up to rounding)", x.clone().mean_dim(1));
    print_tensor("Variance with n - 1", x.clone().var(1));
    print_tensor("Variance with n", x.var_bias(1));
}
