//! What weights with fewer bits lose: the perplexity of a trained model on its story. Each token is predicted from those
//! before it in its window, which the decoder reads as a prompt.
//! `cargo run --release -p bench --example weights -- runs/pretrain`

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use burn::tensor::Device;
use fast::cpu_decoder::decoder_weights;
use kernels::decode::{Decoder, Precision};
use model_files::{open_model, open_tokenizer};
use shared::data;

/// Number of tokens before the first that counts. Shorter prompts are read token by token.
const SHORTEST_PROMPT: usize = 25;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("error: give the folder of a model, as `llm pretrain` writes it");
        return ExitCode::FAILURE;
    };
    match perplexities(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn perplexities(folder: &Path) -> Result<(), Box<dyn Error>> {
    let (config, model) = open_model(folder, &Device::flex())?;
    let ids = open_tokenizer(folder, config.vocab_size)?.encode_with_end_of_text(&data::find("lamp")?.text()?);
    for precision in [Precision::F32, Precision::Bf16, Precision::Int8] {
        let weights = decoder_weights(&model, precision).ok_or("the decoder does not know such a model")?;
        let mut decoder = Decoder::new(Arc::new(weights), 2);
        let (mut loss, mut tokens) = (0.0, 0);
        // The windows that the model has learnt from, each with the token behind it.
        for start in (0..ids.len()).step_by(config.context_length) {
            let window = &ids[start..ids.len().min(start + config.context_length + 1)];
            for (index, &target) in window.iter().enumerate().skip(SHORTEST_PROMPT) {
                decoder.clear();
                loss += cross_entropy(&decoder.read(&window[..index]), target);
                tokens += 1;
            }
        }
        println!("{precision:?}: perplexity {:.5} over {tokens} tokens", (loss / f64::from(tokens)).exp());
    }
    Ok(())
}

fn cross_entropy(logits: &[f32], target: u32) -> f64 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|logit| f64::from(logit - largest).exp()).sum();
    sum.ln() - f64::from(logits[target as usize] - largest)
}
