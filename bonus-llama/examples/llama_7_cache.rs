//! The time that a key-value cache saves: `cargo run -p bonus-llama --example llama_7_cache`
//!
//! A small model with random weights continues a text twice.

use std::time::Instant;

use bonus_llama::{LlamaConfig, LlamaModel, generate_greedy};
use burn::tensor::{Device, Int, Tensor, s};
use shared::Mode;
use shared::init::torch_init;
use shared::rng::TorchRng;

fn main() -> anyhow::Result<()> {
    let device = Device::flex();
    let config = LlamaConfig { vocab_size: 1000, ..LlamaConfig::preset("tiny")? };
    let model = torch_init(LlamaModel::new(&config, &device), &mut TorchRng::new(123));
    let prompt = Tensor::<2, Int>::from_ints([[6, 36, 61, 34]], &device);

    println!("milliseconds per token       without cache     cache");
    for new_tokens in [30, 60, 120, 240] {
        let (expected, without) = timed(new_tokens, || without_cache(&model, prompt.clone(), new_tokens));
        let (found, cached) = timed(new_tokens, || generate_greedy(&model, prompt.clone(), new_tokens));
        anyhow::ensure!(found == expected, "the cache changed the text");
        println!("{new_tokens:4} new tokens{without:27.2}{cached:10.2}");
    }
    println!("\nThe ids are the same with and without the cache.");
    Ok(())
}

/// The whole text is computed again for every token.
fn without_cache(model: &LlamaModel, mut ids: Tensor<2, Int>, max_new_tokens: usize) -> Tensor<2, Int> {
    for _ in 0..max_new_tokens {
        let logits = model.forward(ids.clone(), &mut Mode::Eval); // [1, tokens, vocab_size]
        let next = logits.slice(s![.., -1.., ..]).squeeze_dim::<2>(1).argmax(1); // [1, 1]
        ids = Tensor::cat(vec![ids, next], 1);
    }
    ids
}

/// The ids, and the milliseconds that each new one took.
fn timed(new_tokens: usize, generate: impl Fn() -> Tensor<2, Int>) -> (Vec<u32>, f64) {
    let start = Instant::now();
    let ids = generate().into_data().iter().collect();
    (ids, start.elapsed().as_secs_f64() * 1e3 / new_tokens as f64)
}
