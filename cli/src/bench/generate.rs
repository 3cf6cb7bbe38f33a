//! Tokens per second, against the bound that the memory sets: all weights are read once per token.

use std::fmt::Write;
use std::hint::black_box;
use std::num::NonZero;
use std::ops::ControlFlow;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use ch05_pretrain::tokens::ids_to_tensor;
use ch05_pretrain::{GenerateOptions, Generator};
use kernels::decode::Weights;
use serde::Serialize;
use shared::rng::TorchRng;

use super::{Args, Timings, report};

/// Far more than any cache holds.
const BANDWIDTH_BYTES: usize = 512 << 20;

#[derive(Serialize)]
struct Output {
    bench: &'static str,
    tokens_per_s: f64,
    /// These two on a CPU.
    bandwidth_gb_s: Option<f64>,
    bound_tokens_per_s: Option<f64>,
    /// Of the prompt, up to the first token that is written.
    prompt_tokens_per_s: f64,
    peak_bytes: Option<u64>,
}

pub fn run(args: &Args) -> Result<()> {
    let (tokens, prompt, context) = (args.tokens.unwrap_or(200), args.prompt, args.size.context_length);
    let tokens = if args.tokens.is_none() { tokens.min(context.saturating_sub(prompt)) } else { tokens };
    ensure!(
        tokens > 0 && prompt + tokens <= context,
        "a prompt of {prompt} and {tokens} new tokens do not fit into a context of {context}; take fewer"
    );
    let device = args.device.open()?;
    let (model, decoder) = args.weights.apply(::bench::model(&args.size, &device), &device)?;
    let generator = Generator::new(&model, decoder);
    let bytes_per_token = generator.decoder_weights().map(Weights::bytes_per_token);
    let ids: Vec<u32> =
        TorchRng::new(1).randint(0, args.size.vocab_size as i64, prompt).into_iter().map(|id| id as u32).collect();
    let options = GenerateOptions::greedy(tokens + 1, context);

    // The weights are ready, and the first token comes with the prompt, so the clock of the others starts there.
    let mut prompt_seconds = Vec::new();
    let mut token_seconds = Vec::new();
    Timings::of(args.runs, || {
        let (start, mut first, mut last) = (Instant::now(), None, None);
        generator.generate(ids_to_tensor(&ids, &device), &options, &mut TorchRng::new(1), |_| {
            last = Some(Instant::now());
            first = first.or(last);
            ControlFlow::Continue(())
        })?;
        let (first, last) = first.zip(last).context("no token was written")?;
        prompt_seconds.push((first - start).as_secs_f64());
        token_seconds.push((last - first).as_secs_f64());
        Ok(())
    })?;
    let timings = |mut seconds: Vec<f64>| {
        seconds.remove(0); // the warm-up
        seconds.sort_by(f64::total_cmp);
        Timings { seconds }
    };
    let (prompts, texts) = (timings(prompt_seconds), timings(token_seconds));

    let peak_bytes = super::train::peak_bytes(); // before the measurement of the bandwidth takes memory of its own
    let bandwidth = bytes_per_token.map(|_| bandwidth());
    let output = Output {
        bench: "generate",
        tokens_per_s: tokens as f64 / texts.median(),
        bandwidth_gb_s: bandwidth.map(|bandwidth| bandwidth / 1e9),
        bound_tokens_per_s: bandwidth.zip(bytes_per_token).map(|(bandwidth, bytes)| bandwidth / bytes as f64),
        prompt_tokens_per_s: prompt as f64 / prompts.median(),
        peak_bytes,
    };
    let mut text = format!(
        "generate: {:.1} tokens per second after a prompt of {prompt} ({} for {tokens} tokens); prompt {:.0} tokens per \
         second",
        output.tokens_per_s,
        texts.spread(),
        output.prompt_tokens_per_s,
    );
    if let (Some(bandwidth), Some(bytes), Some(bound)) =
        (output.bandwidth_gb_s, bytes_per_token, output.bound_tokens_per_s)
    {
        let (megabytes, share) = (bytes as f64 / 1e6, output.tokens_per_s / bound);
        write!(
            text,
            "; memory {bandwidth:.1} GB/s, weights {megabytes:.0} MB, so at most {bound:.1} tokens per second, of which \
             this is {share:.2}"
        )?;
    }
    report(args, &output, &text)
}

/// Bytes per second that all cores together read from memory, the best of several passes.
fn bandwidth() -> f64 {
    let numbers = vec![1u64; BANDWIDTH_BYTES / size_of::<u64>()];
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let pass = || {
        let start = Instant::now();
        thread::scope(|scope| {
            for part in numbers.chunks(numbers.len().div_ceil(threads)) {
                scope.spawn(|| black_box(part.iter().fold(0u64, |sum, n| sum.wrapping_add(*n))));
            }
        });
        BANDWIDTH_BYTES as f64 / start.elapsed().as_secs_f64()
    };
    (0..8).map(|_| pass()).fold(0.0, f64::max)
}
