//! What weights with fewer bits lose. For a model of `llm pretrain`, the perplexity on its story: each token is predicted from
//! those before it in its window, which the decoder reads as a prompt. For a published model, the mean loss on the first 700
//! tokens of The Verdict, read token by token, and how often the most likely token is the one that 32 bits give.
//! `cargo run --release -p bench --example weights -- runs/pretrain`, or with a `.gguf` file

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use burn::tensor::Device;
use fast::LlamaCpuDecoder;
use fast::cpu_decoder::decoder_weights;
use kernels::decode::{Decoder, Precision};
use model_files::{llama_config, open_model, open_tokenizer};
use pretrained::is_pretrained;
use shared::data;

const PRECISIONS: [Precision; 4] = [Precision::F32, Precision::Bf16, Precision::Int8, Precision::Int4];

/// Number of tokens before the first that counts. Shorter prompts are read token by token.
const SHORTEST_PROMPT: usize = 25;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("error: give the folder of a model, as `llm pretrain` writes it, or a published model");
        return ExitCode::FAILURE;
    };
    let measure = if is_pretrained(&folder) { losses } else { perplexities };
    match measure(&folder) {
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
    for precision in PRECISIONS {
        let weights = decoder_weights(&model, precision).ok_or("the decoder does not know such a model")?;
        let mut decoder = Decoder::new(Arc::new(weights), 2);
        let text = decoder.open();
        let (mut loss, mut tokens) = (0.0, 0);
        // The windows that the model has learnt from, each with the token behind it.
        for start in (0..ids.len()).step_by(config.context_length) {
            let window = &ids[start..ids.len().min(start + config.context_length + 1)];
            for (index, &target) in window.iter().enumerate().skip(SHORTEST_PROMPT) {
                decoder.truncate(text, 0);
                loss += cross_entropy(&decoder.read(text, &window[..index]), target);
                tokens += 1;
            }
        }
        println!("{precision:?}: perplexity {:.5} over {tokens} tokens", (loss / f64::from(tokens)).exp());
    }
    Ok(())
}

/// Tokens of the text that a published model reads.
const TEXT: usize = 700;

fn losses(path: &Path) -> Result<(), Box<dyn Error>> {
    let vocab_size = llama_config(path)?.vocab_size;
    let tokenizer = pretrained::tokenizer(path, vocab_size)?.ok_or("the model has no tokenizer")?;
    let mut ids = tokenizer.encode(&data::find("the-verdict")?.text()?);
    ids.truncate(TEXT);
    let mut exact = Vec::new();
    for precision in PRECISIONS {
        let mut decoder = LlamaCpuDecoder::new(Arc::new(pretrained::weights(path, precision)?.weights));
        let (mut loss, mut likely) = (0.0, Vec::new());
        for end in 1..ids.len() {
            let logits = decoder.next_logits(&ids[..end])?;
            loss += cross_entropy(&logits, ids[end]);
            likely.push(logits.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map(|(id, _)| id));
        }
        let tokens = likely.len();
        if precision == Precision::F32 {
            exact = likely.clone();
        }
        let same = likely.iter().zip(&exact).filter(|(found, exact)| found == exact).count();
        let (loss, share) = (loss / tokens as f64, 100.0 * same as f64 / tokens as f64);
        println!(
            "{precision:?}: loss {loss:.5} over {tokens} tokens; {share:.2} % of the most likely tokens are the same"
        );
    }
    Ok(())
}

fn cross_entropy(logits: &[f32], target: u32) -> f64 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|logit| f64::from(logit - largest).exp()).sum();
    sum.ln() - f64::from(logits[target as usize] - largest)
}
