//! A published model from its file: opening, a prompt, new tokens.

use std::fmt::{Display, Formatter};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use fast::{LlamaGenerator, LlamaOptions};
use kernels::decode::Precision;
use pretrained::{Pretrained, open_to_generate};
use serde::Serialize;
use shared::rng::TorchRng;

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
    /// These two in an optimized build only: without optimization, reading memory takes longer than it has to.
    bandwidth_gb_s: Option<f64>,
    share_of_bound: Option<f64>,
    prompt_tokens_per_s: f64,
    peak_bytes: Option<u64>,
    /// New tokens, for comparing texts.
    ids: Vec<u32>,
}

/// Measures the model in a GGUF file or a folder from Hugging Face, on all cores.
///
/// # Errors
/// If the model cannot be opened, or its context is too short.
pub fn measure(path: &Path, precision: Precision, runs: usize) -> Result<Measurement, BenchError> {
    let start = Instant::now();
    let Pretrained { config, model, .. } = open_to_generate(path, precision)?;
    let weights = Arc::new(model);
    let mut generator = LlamaGenerator::from(Arc::clone(&weights));
    let open_s = start.elapsed().as_secs_f64();

    let (mut prompts, mut texts, mut ids) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..=runs {
        prompts.push(generate(&mut generator, &prompt(run, PROMPT, config.vocab_size), 1, || ())?.to_first);
        let text = generate(&mut generator, &prompt(run, SHORT_PROMPT, config.vocab_size), TOKENS + 1, || ())?;
        texts.push(text.after_first);
        ids = text.ids;
    }
    let peak_bytes = peak_bytes(); // before the measurement of the memory takes some of its own
    let mut bound = (!cfg!(debug_assertions)).then(|| Bound::new(weights.bytes_per_token()));
    if let Some(bound) = &mut bound {
        let prompt = prompt(runs + 1, SHORT_PROMPT, config.vocab_size);
        generate(&mut generator, &prompt, TOKENS, || bound.after_a_token())?;
    }
    // The first run warms up.
    let [prompts, texts] = [prompts, texts].map(|mut seconds| Timings::new(seconds.split_off(1)));
    Ok(Measurement {
        bench: "models",
        open_s,
        tokens_per_s: TOKENS as f64 / texts.median(),
        bandwidth_gb_s: bound.as_ref().map(|bound| bound.bandwidth() / 1e9),
        share_of_bound: bound.as_ref().map(Bound::share),
        prompt_tokens_per_s: PROMPT as f64 / prompts.median(),
        peak_bytes,
        ids,
    })
}

/// Ids that lie far apart in the vocabulary, as in bench/llamacpp/bench.mjs. Every run has others, so that nothing is known from
/// the run before.
fn prompt(run: usize, tokens: usize, vocab_size: usize) -> Vec<u32> {
    (run..run + tokens).map(|i| (100 + i * 7919 % (vocab_size - 100)) as u32).collect()
}

/// A text, and the seconds from the prompt to its first token and from there to its last.
struct Text {
    ids: Vec<u32>,
    to_first: f64,
    after_first: f64,
}

/// Continues a prompt with the most likely tokens.
fn generate(
    generator: &mut LlamaGenerator,
    prompt: &[u32],
    tokens: usize,
    mut on_token: impl FnMut(),
) -> Result<Text, BenchError> {
    let (start, mut first) = (Instant::now(), None);
    let generated = generator.generate(prompt, &LlamaOptions::greedy(tokens), &mut TorchRng::new(1), |_| {
        first.get_or_insert_with(Instant::now);
        on_token();
        ControlFlow::Continue(())
    })?;
    let first = first.ok_or(BenchError::NoToken)?;
    Ok(Text { ids: generated.ids, to_first: (first - start).as_secs_f64(), after_first: first.elapsed().as_secs_f64() })
}

impl Display for Measurement {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let &Self { open_s, tokens_per_s, share_of_bound, prompt_tokens_per_s, peak_bytes, .. } = self;
        write!(
            f,
            "opened in {open_s:.3} s; {tokens_per_s:.1} new tokens per second; prompt {prompt_tokens_per_s:.0} tokens per \
             second"
        )?;
        if let Some(share) = share_of_bound {
            write!(f, "; {share:.2} of what the memory allows")?;
        }
        match peak_bytes {
            Some(bytes) => write!(f, "; at most {:.0} MB of memory", bytes as f64 / 1e6),
            None => Ok(()),
        }
    }
}
