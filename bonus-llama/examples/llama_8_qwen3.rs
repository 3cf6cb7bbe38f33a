//! What the norm of queries and keys is for: `cargo run -p bonus-llama --example llama_8_qwen3`
//!
//! Weights that grow in training make scores grow with their square. With the norm they do not.

use bonus_llama::attention::attention_weights;
use bonus_llama::qk_norm::{head_norm, norm_heads};
use bonus_llama::{Family, LlamaConfig, RmsNorm};
use burn::tensor::{Device, Tensor};
use ch04_gpt::bonus::sliding_window::window_mask;
use shared::init::randn;
use shared::rng::TorchRng;

fn main() -> anyhow::Result<()> {
    let device = Device::flex();
    let tokens = 16;
    let config = LlamaConfig { family: Family::Qwen3, ..LlamaConfig::preset("tiny")? };
    let norm = head_norm(&config, &device);
    let head = |seed| -> Tensor<4> { randn([1, 1, tokens, config.head_dim], &mut TorchRng::new(seed), &device) };
    let (queries, keys) = (head(1), head(2));

    println!("The largest attention weight of the last of {tokens} tokens");
    println!("queries and keys times   without norm   with norm");
    for factor in [1.0, 2.0, 4.0, 8.0] {
        let largest = |norm: Option<&RmsNorm>| -> f32 {
            let [queries, keys] = [&queries, &keys].map(|x| norm_heads(norm, x.clone() * factor));
            let hidden = window_mask(tokens, tokens, None, &device);
            let weights = attention_weights(queries, keys, hidden, (config.head_dim as f64).powf(-0.5));
            weights.narrow(2, tokens - 1, 1).max().into_scalar()
        };
        println!("{factor:22}{:15.3}{:12.3}", largest(None), largest(norm.as_ref()));
    }

    let qwen = LlamaConfig::preset("qwen3-0.6b")?;
    let (heads, head_dim, width) = (qwen.n_heads, qwen.head_dim, qwen.emb_dim);
    println!("\nQwen3 0.6B: {heads} heads of width {head_dim} are {}, the model is {width} wide", heads * head_dim);
    Ok(())
}
