//! Section 3.5.1, hiding the future in two ways: `cargo run -p ch03-attention --example 3_5_causal_mask`

mod print;

use burn::tensor::Device;
use burn::tensor::activation::softmax;
use ch03_attention::SelfAttentionV2Config;
use ch03_attention::causal_mask::{mask_scores, renormalise, simple_mask};
use ch03_attention::running_example::inputs;
use print::print;
use shared::init::torch_init;
use shared::rng::TorchRng;

fn main() {
    let device = Device::flex();
    let inputs = inputs(&device);
    let attention = torch_init(SelfAttentionV2Config::new(3, 2).init(&device), &mut TorchRng::new(789));
    let queries = attention.w_query.forward(inputs.clone()); // [6, 2]
    let keys = attention.w_key.forward(inputs); // [6, 2]
    let d_k = 2f64;

    let scores = queries.matmul(keys.transpose()); // [6, 6]
    let weights = softmax(scores.clone() / d_k.sqrt(), 1); // [6, 6]
    print("Attention weights that see everything", weights.clone());

    println!("Way A: mask after softmax\n");
    let mask = simple_mask(6, &device);
    print("Mask", mask.clone());
    let masked = weights * mask;
    print("Masked weights", masked.clone());
    print("Rows divided by their sums", renormalise(masked));

    println!("Way B: mask before softmax\n");
    let masked = mask_scores(scores);
    print("Masked scores", masked.clone());
    print("Attention weights", softmax(masked / d_k.sqrt(), 1));
}
