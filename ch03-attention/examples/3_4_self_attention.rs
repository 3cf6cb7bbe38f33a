//! Section 3.4, self-attention with trainable weights: `cargo run -p ch03-attention --example 3_4_self_attention`
//!
//! Queries, keys and values step by step, then both versions of the module.

use burn::tensor::activation::softmax;
use burn::tensor::{Device, s};
use ch03_attention::running_example::inputs;
use ch03_attention::{SelfAttentionV1, SelfAttentionV2, SelfAttentionV2Config};
use shared::init::{rand, torch_init};
use shared::rng::TorchRng;
use workshop::print_tensor;

fn main() {
    let device = Device::flex();
    let inputs = inputs(&device); // [6, 3]
    let (d_in, d_out) = (3, 2);

    println!("3.4.1 Step by step, seed 123\n");
    let mut rng = TorchRng::new(123);
    let w_query = rand([d_in, d_out], &mut rng, &device);
    let w_key = rand([d_in, d_out], &mut rng, &device);
    let w_value = rand([d_in, d_out], &mut rng, &device);
    print_tensor("W_query", w_query.clone());
    print_tensor("W_key", w_key.clone());
    print_tensor("W_value", w_value.clone());

    let query_2 = inputs.clone().slice(s![1..2, ..]).matmul(w_query); // [1, d_out]
    let keys = inputs.clone().matmul(w_key); // [6, d_out]
    let values = inputs.clone().matmul(w_value); // [6, d_out]
    print_tensor("Query of the second token", query_2.clone());
    print_tensor("Keys of all tokens", keys.clone());
    print_tensor("Values of all tokens", values.clone());

    let scores_2 = query_2.matmul(keys.transpose()); // [1, 6]
    println!("Score of the second token for itself: {:.4}\n", scores_2.clone().slice(s![0, 1]).into_scalar::<f32>());
    print_tensor("Its scores for all tokens", scores_2.clone());
    let weights_2 = softmax(scores_2 / (d_out as f64).sqrt(), 1); // [1, 6]
    print_tensor("Its attention weights", weights_2.clone());
    print_tensor("Its context vector", weights_2.matmul(values));

    println!("3.4.2 As a module\n");
    let v1 = SelfAttentionV1::new(d_in, d_out, &mut TorchRng::new(123), &device);
    print_tensor("SelfAttentionV1, seed 123", v1.forward(inputs.clone()));
    let v2 =
        torch_init(SelfAttentionV2::new(&SelfAttentionV2Config::new(d_in, d_out), &device), &mut TorchRng::new(789));
    print_tensor("SelfAttentionV2, seed 789", v2.forward(inputs));
}
