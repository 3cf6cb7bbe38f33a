//! Section 3.4.1, why scores are divided by √d_k: `cargo run -p ch03-attention --example 3_4_scaling`
//!
//! Random queries, each with six random keys of the same width, from narrow to wide. What softmax makes of their
//! scores, before and after the division.

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor};
use shared::init::randn;
use shared::rng::TorchRng;

const QUERIES: usize = 1000;
const KEYS: usize = 6;

fn main() {
    let device = Device::flex();
    println!("The largest of six attention weights, and its slope w·(1 - w)\n");
    println!("        std of      plain scores      divided by √d_k");
    println!(" d_k    scores    weight    slope     weight    slope");
    for d_k in [1, 4, 16, 64, 256, 1024] {
        let mut rng = TorchRng::new(123);
        let queries: Tensor<3> = randn([QUERIES, 1, d_k], &mut rng, &device);
        let keys: Tensor<3> = randn([QUERIES, KEYS, d_k], &mut rng, &device);
        let scores = queries.matmul(keys.transpose()).reshape([QUERIES, KEYS]);

        let std: f32 = scores.clone().reshape([QUERIES * KEYS]).var(0).sqrt().into_scalar();
        let [plain, plain_slope] = largest_weight(scores.clone());
        let [scaled, scaled_slope] = largest_weight(scores / (d_k as f64).sqrt());
        println!("{d_k:4} {std:9.2} {plain:9.3} {plain_slope:8.3} {scaled:10.3} {scaled_slope:8.3}");
    }
}

/// The largest weight of a row and the slope of softmax there, both as means over all rows of `scores`.
fn largest_weight(scores: Tensor<2>) -> [f32; 2] {
    let largest = softmax(scores, 1).max_dim(1); // [queries, 1]
    let slope = largest.clone() - largest.clone() * largest.clone(); // w - w²
    [largest.mean().into_scalar(), slope.mean().into_scalar()]
}
