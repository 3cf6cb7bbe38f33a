//! Section 3.5.2, dropout on attention weights: `cargo run -p ch03-attention --example 3_5_dropout`

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};
use ch03_attention::causal_mask::mask_scores;
use ch03_attention::running_example::inputs;
use ch03_attention::{SelfAttentionV2, SelfAttentionV2Config};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{Dropout, Mode};
use workshop::print_tensor;

fn main() {
    let device = Device::flex();
    let dropout = Dropout::new(0.5);

    let ones = Tensor::<2>::ones([6, 6], &device);
    print_tensor("Ones after dropout", dropout.forward(ones.clone(), &mut Mode::Train(&mut TorchRng::new(123))));
    print_tensor("Ones after dropout in evaluation", dropout.forward(ones, &mut Mode::Eval));

    let inputs = inputs(&device);
    let attention =
        torch_init(SelfAttentionV2::new(&SelfAttentionV2Config::new(3, 2), &device), &mut TorchRng::new(789));
    let scores = attention.w_query.forward(inputs.clone()).matmul(attention.w_key.forward(inputs).transpose());
    let weights = softmax(mask_scores(scores) / 2f64.sqrt(), 1); // [6, 6]
    print_tensor("Causal weights", weights.clone());
    print_tensor("Causal weights after dropout", dropout.forward(weights, &mut Mode::Train(&mut TorchRng::new(123))));
}
