//! Section 3.5.1, hiding the future in two ways: `cargo run -p ch03-attention --example 3_5_causal_mask`

use burn::tensor::Device;
use burn::tensor::activation::softmax;
use ch03_attention::causal_mask::{mask_scores, renormalise, simple_mask};
use ch03_attention::running_example::inputs;
use ch03_attention::{SelfAttentionV2, SelfAttentionV2Config};
use shared::init::torch_init;
use shared::rng::TorchRng;
use workshop::print_tensor;

fn main() {
    let device = Device::flex();
    let inputs = inputs(&device);
    let attention =
        torch_init(SelfAttentionV2::new(&SelfAttentionV2Config::new(3, 2), &device), &mut TorchRng::new(789));
    let queries = attention.w_query.forward(inputs.clone()); // [6, 2]
    let keys = attention.w_key.forward(inputs); // [6, 2]
    let d_k = 2f64;

    let scores = queries.matmul(keys.transpose()); // [6, 6]
    let weights = softmax(scores.clone() / d_k.sqrt(), 1); // [6, 6]
    print_tensor("Attention weights that see everything", weights.clone());

    println!("Way A: mask after softmax\n");
    let mask = simple_mask(6, &device);
    print_tensor("Mask", mask.clone());
    let masked = weights * mask;
    print_tensor("Masked weights", masked.clone());
    print_tensor("Rows divided by their sums", renormalise(masked));

    println!("Way B: mask before softmax\n");
    let masked = mask_scores(scores);
    print_tensor("Masked scores", masked.clone());
    print_tensor("Attention weights", softmax(masked / d_k.sqrt(), 1));
}
