//! A published model from its file: opening, a prompt, new tokens.

use std::fmt::{Display, Formatter};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use fast::LlamaCpuDecoder;
use kernels::decode::Precision;
use pretrained::{Weights, tokenizer};
use serde::Serialize;

use crate::bandwidth::Bound;
use crate::peak_memory::peak_bytes;
use crate::{BenchError, Timings};

/// Tokens of the prompt whose reading is measured.
const PROMPT: usize = 512;

/// Tokens of the prompt before the new tokens.
const SHORT_PROMPT: usize = 16;

/// New tokens.
const TOKENS: usize = 200;

/// The result.
#[derive(Serialize)]
pub struct Measurement {
    bench: &'static str,
    /// From the file to the first token possible, tokenizer included.
    open_s: f64,
    tokens_per_s: f64,
    bandwidth_gb_s: f64,
    share_of_bound: f64,
    prompt_tokens_per_s: f64,
    peak_bytes: Option<u64>,
    /// New tokens, for comparing texts.
    ids: Vec<u32>,
}

/// Measures the model in a GGUF file or a folder from Hugging Face. New tokens are computed on `threads` threads, prompts on
/// all.
///
/// # Errors
/// If the model cannot be opened, or its context is too short.
pub fn measure(path: &Path, precision: Precision, threads: usize, runs: usize) -> Result<Measurement, BenchError> {
    let start = Instant::now();
    let Weights { config, weights, .. } = pretrained::weights(path, precision)?;
    let vocab_size = config.vocab_size;
    tokenizer(path, vocab_size)?;
    let mut decoder = LlamaCpuDecoder::with_threads(Arc::new(weights), threads);
    let open_s = start.elapsed().as_secs_f64();

    // Far apart in the vocabulary; the ids in bench/llamacpp/bench.mjs are the same.
    let ids: Vec<u32> = (0..PROMPT).map(|i| (100 + i * 7919 % (vocab_size - 100)) as u32).collect();
    let prompts = Timings::of(runs, || {
        decoder.clear();
        decoder.next_logits(&ids).map(drop)
    })?;
    let (mut written, mut seconds) = (Vec::new(), Vec::new());
    for _ in 0..=runs {
        written = ids[..SHORT_PROMPT].to_vec();
        decoder.clear();
        seconds.push(write(&mut decoder, &mut written, || ())?);
    }
    let peak_bytes = peak_bytes(); // before the measurement of the memory takes some of its own
    let texts = Timings::new(seconds.split_off(1));
    let mut bound = Bound::new(decoder.weights().bytes_per_token());
    decoder.clear();
    write(&mut decoder, &mut ids[..SHORT_PROMPT].to_vec(), || bound.after_a_token())?;
    Ok(Measurement {
        bench: "models",
        open_s,
        tokens_per_s: TOKENS as f64 / texts.median(),
        bandwidth_gb_s: bound.bandwidth() / 1e9,
        share_of_bound: bound.share(),
        prompt_tokens_per_s: PROMPT as f64 / prompts.median(),
        peak_bytes,
        ids: written.split_off(SHORT_PROMPT),
    })
}

/// Adds the most likely tokens, and returns the seconds from the first of them to the last.
fn write(decoder: &mut LlamaCpuDecoder, ids: &mut Vec<u32>, mut on_token: impl FnMut()) -> Result<f64, BenchError> {
    let mut start = Instant::now();
    for token in 0..=TOKENS {
        let logits = decoder.next_logits(ids)?;
        let best = logits.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(id, _)| id);
        ids.push(best as u32);
        if token == 0 {
            start = Instant::now();
        }
        on_token();
    }
    Ok(start.elapsed().as_secs_f64())
}

impl Display for Measurement {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let &Self { open_s, tokens_per_s, share_of_bound, prompt_tokens_per_s, peak_bytes, .. } = self;
        write!(
            f,
            "opened in {open_s:.3} s; {tokens_per_s:.1} new tokens per second ({share_of_bound:.2} of what the memory \
             allows); prompt {prompt_tokens_per_s:.0} tokens per second"
        )?;
        match peak_bytes {
            Some(bytes) => write!(f, "; at most {:.0} MB of memory", bytes as f64 / 1e6),
            None => Ok(()),
        }
    }
}
