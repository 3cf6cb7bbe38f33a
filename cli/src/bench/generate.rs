//! Tokens per second, against the bound that the memory sets: all weights are read once per token.

use std::fmt::Write;
use std::hint::black_box;
use std::num::NonZero;
use std::ops::ControlFlow;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use ch05_pretrain::GenerateOptions;
use ch05_pretrain::tokens::ids_to_tensor;
use kernels::decode::Weights;
use serde::Serialize;
use shared::rng::TorchRng;

use super::{Args, Timings, median, report, warm_ups};

/// Far more than any cache holds.
const PROBE_BYTES: usize = 512 << 20;

/// Tokens between two measurements of the memory.
const TOKENS_PER_PROBE: usize = 10;

#[derive(Serialize)]
struct Output {
    bench: &'static str,
    tokens_per_s: f64,
    /// These three on a CPU, if there are enough tokens to measure the memory in between.
    bandwidth_gb_s: Option<f64>,
    bound_tokens_per_s: Option<f64>,
    share_of_bound: Option<f64>,
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
    let generator = args.weights.generator(::bench::model(&args.size, &device), &device)?;
    let bytes_per_token = generator.decoder_weights().map(Weights::bytes_per_token);
    let ids: Vec<u32> =
        TorchRng::new(1).randint(0, args.size.vocab_size as i64, prompt).into_iter().map(|id| id as u32).collect();
    let options = GenerateOptions::greedy(tokens + 1, context);

    // The weights are ready, and the first token comes with the prompt, so the clock of the others starts there.
    let mut prompt_seconds = Vec::new();
    let mut token_seconds = Vec::new();
    let warm_ups = warm_ups(&device);
    let write = || {
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
    };
    Timings::with(warm_ups, args.runs, || (), write)?;
    let timings = |seconds: Vec<f64>| Timings::new(seconds[warm_ups..].to_vec());
    let (prompts, texts) = (timings(prompt_seconds), timings(token_seconds));

    let peak_bytes = super::train::peak_bytes(); // before the measurement of the memory takes some of its own
    let bound = match bytes_per_token {
        Some(bytes) if tokens >= TOKENS_PER_PROBE => {
            let mut bound = Bound::new(bytes);
            generator.generate(ids_to_tensor(&ids, &device), &options, &mut TorchRng::new(1), |_| {
                bound.after_a_token();
                ControlFlow::Continue(())
            })?;
            Some(bound)
        }
        _ => None,
    };
    let output = Output {
        bench: "generate",
        tokens_per_s: tokens as f64 / texts.median(),
        bandwidth_gb_s: bound.as_ref().map(|bound| bound.bandwidth() / 1e9),
        bound_tokens_per_s: bound.as_ref().map(Bound::tokens_per_s),
        share_of_bound: bound.as_ref().map(Bound::share),
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
    if let Some(bound) = bound {
        let (bandwidth, megabytes) = (bound.bandwidth() / 1e9, bound.bytes_per_token as f64 / 1e6);
        let (most, share) = (bound.tokens_per_s(), bound.share());
        write!(
            text,
            "; memory {bandwidth:.1} GB/s, weights {megabytes:.0} MB, so at most {most:.1} tokens per second, of which \
             {share:.2} were reached"
        )?;
    }
    report(args, &output, &text)
}

/// What the bandwidth of the memory allows, measured while a text is written: every few tokens the writing waits for a
/// pass over other memory. The bandwidth of a machine that is shared changes from second to second.
struct Bound {
    bytes_per_token: usize,
    numbers: Vec<u64>,
    tokens: usize,
    start: Instant,
    /// Tokens per second, and bytes per second directly afterwards.
    pairs: Vec<[f64; 2]>,
}

impl Bound {
    fn new(bytes_per_token: usize) -> Self {
        let numbers = vec![1; PROBE_BYTES / size_of::<u64>()];
        Self { bytes_per_token, numbers, tokens: 0, start: Instant::now(), pairs: Vec::new() }
    }

    /// To be called after every token. The time before the first one is not that of a token.
    fn after_a_token(&mut self) {
        if self.tokens > 0 && self.tokens.is_multiple_of(TOKENS_PER_PROBE) {
            let tokens_per_s = TOKENS_PER_PROBE as f64 / self.start.elapsed().as_secs_f64();
            let bandwidth = self.measure();
            self.pairs.push([tokens_per_s, bandwidth]);
        }
        if self.tokens.is_multiple_of(TOKENS_PER_PROBE) {
            self.start = Instant::now();
        }
        self.tokens += 1;
    }

    /// Bytes per second that all cores together read from memory, each in one stream or in several, whichever is faster.
    fn measure(&self) -> f64 {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let pass = |sum: fn(&[u64]) -> u64| {
            let start = Instant::now();
            thread::scope(|scope| {
                for part in self.numbers.chunks(self.numbers.len().div_ceil(threads)) {
                    scope.spawn(move || black_box(sum(part)));
                }
            });
            PROBE_BYTES as f64 / start.elapsed().as_secs_f64()
        };
        pass(sum_in_streams::<1>).max(pass(sum_in_streams::<8>))
    }

    fn bandwidth(&self) -> f64 {
        median(self.pairs.iter().map(|[_, bandwidth]| *bandwidth).collect())
    }

    fn tokens_per_s(&self) -> f64 {
        self.bandwidth() / self.bytes_per_token as f64
    }

    fn share(&self) -> f64 {
        let bytes = self.bytes_per_token as f64;
        median(self.pairs.iter().map(|[tokens, bandwidth]| tokens * bytes / bandwidth).collect())
    }
}

/// The sum of some numbers that are read in streams side by side; a few at the end of them are left out.
fn sum_in_streams<const STREAMS: usize>(numbers: &[u64]) -> u64 {
    let (lines, _) = numbers.as_chunks::<8>();
    let length = lines.len() / STREAMS;
    let streams: [_; STREAMS] = std::array::from_fn(|i| &lines[i * length..][..length]);
    let mut sums = [0u64; 8];
    for place in 0..length {
        for stream in streams {
            sums.iter_mut().zip(stream[place]).for_each(|(sum, n)| *sum = sum.wrapping_add(n));
        }
    }
    sums.iter().fold(0, |all, sum| all.wrapping_add(*sum))
}
