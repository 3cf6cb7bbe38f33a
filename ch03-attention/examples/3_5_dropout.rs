//! Section 3.5.2, dropout on attention weights: `cargo run -p ch03-attention --example 3_5_dropout`

mod print;

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};
use ch03_attention::SelfAttentionV2Config;
use ch03_attention::causal_mask::mask_scores;
use ch03_attention::running_example::inputs;
use print::print;
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{Dropout, Mode};

fn main() {
    let device = Device::flex();
    let dropout = Dropout::new(0.5);

    let ones = Tensor::<2>::ones([6, 6], &device);
    print("Ones after dropout", dropout.forward(ones.clone(), &mut Mode::Train(&mut TorchRng::new(123))));
    print("Ones after dropout in evaluation", dropout.forward(ones, &mut Mode::Eval));

    let inputs = inputs(&device);
    let attention = torch_init(SelfAttentionV2Config::new(3, 2).init(&device), &mut TorchRng::new(789));
    let scores = attention.w_query.forward(inputs.clone()).matmul(attention.w_key.forward(inputs).transpose());
    let weights = softmax(mask_scores(scores) / 2f64.sqrt(), 1); // [6, 6]
    print("Causal weights", weights.clone());
    print("Causal weights after dropout", dropout.forward(weights, &mut Mode::Train(&mut TorchRng::new(123))));
}
