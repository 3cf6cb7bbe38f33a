//! Measures a training step of SmolLM2-135M: `bench/run --models` calls it for the whole model and for LoRA layers of rank 16.
//! `cargo run --release -p bench --example train_llama -- lora`

use std::error::Error;
use std::process::ExitCode;

use bench::BATCH;
use bench::train_llama::{LlamaTrainSettings, measure};
use bonus_llama::LlamaConfig;
use burn::tensor::Device;

fn main() -> ExitCode {
    kernels::memory::keep_freed_memory();
    match run() {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<String, Box<dyn Error>> {
    let usage = "give full or lora, and perhaps the number of runs and --json";
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let json =
        arguments.iter().position(|argument| argument == "--json").map(|index| arguments.remove(index)).is_some();
    let lora_rank = match arguments.first().map(String::as_str) {
        Some("full") => None,
        Some("lora") => Some(16),
        _ => return Err(usage.into()),
    };
    let runs = arguments.get(1).map_or(Ok(5), |runs| runs.parse())?;
    let config = LlamaConfig::preset("smollm2-135m")?;
    let settings = LlamaTrainSettings { config, lora_rank, tokens: None, texts: BATCH, runs };
    let measurement = measure(&settings, &Device::flex())?;
    Ok(if json { serde_json::to_string(&measurement)? } else { measurement.to_string() })
}
