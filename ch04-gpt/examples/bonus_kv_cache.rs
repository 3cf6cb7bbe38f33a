//! The time that a key-value cache saves: `cargo run -p ch04-gpt --example bonus_kv_cache`
//!
//! A small model with random weights continues a text twice. Without a cache a token costs more the longer the text is.

use std::time::Instant;

use burn::tensor::{Device, Int, Tensor};
use ch04_gpt::bonus::{generate_text_cached, generate_text_windowed};
use ch04_gpt::{GptModel, generate_text_simple};
use shared::{GptConfig, init::torch_init, rng::TorchRng};

/// Window of the last run.
const WINDOW: usize = 32;

fn main() -> anyhow::Result<()> {
    let device = Device::flex();
    let config = GptConfig { vocab_size: 1000, context_length: 256, ..GptConfig::preset("tiny")? };
    let model = torch_init(GptModel::new(&config, &device), &mut TorchRng::new(123));
    let prompt = Tensor::<2, Int>::from_ints([[6, 36, 61, 34]], &device);
    let context = config.context_length;

    println!("milliseconds per token       without cache     cache   window of {WINDOW}");
    for new_tokens in [30, 60, 120, 240] {
        let (expected, without) =
            timed(new_tokens, || generate_text_simple(&model, prompt.clone(), new_tokens, context));
        let (found, cached) = timed(new_tokens, || generate_text_cached(&model, prompt.clone(), new_tokens, context));
        anyhow::ensure!(found == expected, "the cache changed the text");
        let windowed = || generate_text_windowed(&model, prompt.clone(), new_tokens, context, WINDOW);
        let (found, windowed) = timed(new_tokens, windowed);
        let same = found.iter().zip(&expected).take_while(|(found, expected)| found == expected).count();
        println!(
            "{new_tokens:4} new tokens{without:27.2}{cached:10.2}{windowed:15.2}   the first {same} ids are equal"
        );
    }
    println!("\nWithout a window, the ids are the same with and without the cache.");
    Ok(())
}

/// The ids, and the milliseconds that each new one took.
fn timed(new_tokens: usize, generate: impl Fn() -> Tensor<2, Int>) -> (Vec<u32>, f64) {
    let start = Instant::now();
    let ids = generate().into_data().iter().collect();
    (ids, start.elapsed().as_secs_f64() * 1e3 / new_tokens as f64)
}
