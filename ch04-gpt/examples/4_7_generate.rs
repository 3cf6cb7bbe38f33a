//! An untrained model continues a text: `cargo run -p ch04-gpt --example 4_7_generate`
//!
//! A number after `--` says how many tokens: `cargo run -p ch04-gpt --example 4_7_generate -- 6`

use burn::tensor::{Device, Int, Tensor};
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::{GptModel, generate_text_simple};
use shared::{GptConfig, init::torch_init, rng::TorchRng};

fn main() -> anyhow::Result<()> {
    let max_new_tokens = std::env::args().nth(1).map_or(Ok(10), |n| n.parse())?;
    let device = Device::flex();
    let config = GptConfig::preset("124M")?;
    let model = torch_init(GptModel::new(&config, &device), &mut TorchRng::new(123));

    let start_context = "Hello, I am";
    let tokenizer = Gpt2Tokenizer::new();
    let encoded = tokenizer.encode(start_context)?;
    let encoded_tensor = Tensor::<1, Int>::from_ints(encoded.as_slice(), &device).unsqueeze();

    banner("IN");
    println!("\nInput text: {start_context}");
    println!("Encoded input text: {encoded:?}");
    println!("encoded_tensor.shape: {:?}", encoded_tensor.dims());

    let out = generate_text_simple(&model, encoded_tensor, max_new_tokens, config.context_length);
    let ids: Vec<u32> = out.into_data().iter().collect();

    println!("\n");
    banner("OUT");
    println!("\nOutput: {ids:?}");
    println!("Output length: {}", ids.len());
    println!("Output text: {}", tokenizer.decode(&ids)?);
    Ok(())
}

fn banner(word: &str) {
    let line = "=".repeat(50);
    println!("{line}\n{:22}{word}\n{line}", "");
}
