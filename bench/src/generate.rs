//! Tokens per second, against the bound that the memory sets.

use std::fmt::{Display, Formatter};
use std::ops::ControlFlow;
use std::time::Instant;

use burn::tensor::Device;
use ch05_pretrain::GenerateOptions;
use ch05_pretrain::tokens::ids_to_tensor;
use fast::Generator;
use kernels::decode::Weights;
use serde::Serialize;
use shared::GptConfig;
use shared::rng::TorchRng;

use crate::bandwidth::{Bound, TOKENS_PER_PROBE};
use crate::peak_memory::peak_bytes;
use crate::timings::warm_ups;
use crate::{BenchError, Timings};

/// New tokens by default, if the context holds them.
const DEFAULT_TOKENS: usize = 200;

/// What to measure.
pub struct GenerateSettings {
    /// Tokens of the prompt.
    pub prompt: usize,
    /// New tokens; 200 by default, or as many as the context holds.
    pub tokens: Option<usize>,
    /// Measured repetitions.
    pub runs: usize,
}

impl GenerateSettings {
    /// The number of new tokens for a model of this size.
    ///
    /// # Errors
    /// If the text does not fit into the model's context.
    pub fn check(&self, size: &GptConfig) -> Result<usize, BenchError> {
        let (prompt, context_length) = (self.prompt, size.context_length);
        let tokens = self.tokens.unwrap_or(DEFAULT_TOKENS.min(context_length.saturating_sub(prompt)));
        if tokens == 0 || prompt + tokens > context_length {
            return Err(BenchError::TextTooLong { prompt, tokens, context_length });
        }
        Ok(tokens)
    }
}

/// The result.
#[derive(Serialize)]
pub struct Measurement {
    bench: &'static str,
    tokens_per_s: f64,
    /// These three on a CPU, if there are enough tokens to measure the memory in between.
    bandwidth_gb_s: Option<f64>,
    bound_tokens_per_s: Option<f64>,
    share_of_bound: Option<f64>,
    /// Of the prompt, up to the first new token.
    prompt_tokens_per_s: f64,
    peak_bytes: Option<u64>,
    #[serde(skip)]
    prompt: usize,
    #[serde(skip)]
    tokens: usize,
    #[serde(skip)]
    bytes_per_token: Option<usize>,
    #[serde(skip)]
    texts: Timings,
}

/// Measures how fast `generator`, which has a model of this size on `device`, continues a random prompt.
///
/// # Errors
/// If the text does not fit into the model's context.
pub fn measure(
    settings: &GenerateSettings,
    size: &GptConfig,
    generator: &Generator,
    device: &Device,
) -> Result<Measurement, BenchError> {
    let (prompt, tokens) = (settings.prompt, settings.check(size)?);
    let ids = TorchRng::new(1).randint(0, size.vocab_size as i64, prompt);
    let ids: Vec<u32> = ids.into_iter().map(|id| id as u32).collect();
    let options = GenerateOptions::greedy(tokens + 1, size.context_length);
    let generate = |on_token: &mut dyn FnMut()| {
        generator.generate(ids_to_tensor(&ids, device), &options, &mut TorchRng::new(1), |_| {
            on_token();
            ControlFlow::Continue(())
        })
    };

    let (prompts, texts) = time(settings.runs, warm_ups(device), |on_token| generate(on_token).map(|_| ()))?;
    let peak_bytes = peak_bytes(); // before the measurement of the memory takes some of its own
    let bytes_per_token = generator.decoder_weights().map(Weights::bytes_per_token);
    let mut bound = bytes_per_token.filter(|_| tokens >= TOKENS_PER_PROBE).map(Bound::new);
    if let Some(bound) = &mut bound {
        generate(&mut || bound.after_a_token())?;
    }
    Ok(Measurement {
        bench: "generate",
        tokens_per_s: tokens as f64 / texts.median(),
        bandwidth_gb_s: bound.as_ref().map(|bound| bound.bandwidth() / 1e9),
        bound_tokens_per_s: bound.as_ref().map(Bound::tokens_per_s),
        share_of_bound: bound.as_ref().map(Bound::share),
        prompt_tokens_per_s: prompt as f64 / prompts.median(),
        peak_bytes,
        prompt,
        tokens,
        bytes_per_token,
        texts,
    })
}

/// The times of the prompt, up to the first token, and of the tokens after it: the weights are ready then.
fn time<E>(
    runs: usize,
    warm_ups: usize,
    generate: impl Fn(&mut dyn FnMut()) -> Result<(), E>,
) -> Result<(Timings, Timings), BenchError>
where
    BenchError: From<E>,
{
    let (mut prompts, mut texts) = (Vec::new(), Vec::new());
    let run = || {
        let (start, mut first, mut last) = (Instant::now(), None, None);
        generate(&mut || {
            last = Some(Instant::now());
            first = first.or(last);
        })?;
        let (first, last) = first.zip(last).ok_or(BenchError::NoToken)?;
        prompts.push((first - start).as_secs_f64());
        texts.push((last - first).as_secs_f64());
        Ok::<_, BenchError>(())
    };
    Timings::with(warm_ups, runs, || (), run)?;
    let timings = |seconds: Vec<f64>| Timings::new(seconds[warm_ups..].to_vec());
    Ok((timings(prompts), timings(texts)))
}

impl Display for Measurement {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { tokens_per_s, prompt_tokens_per_s, prompt, tokens, texts, .. } = self;
        write!(
            f,
            "generate: {tokens_per_s:.1} tokens per second after a prompt of {prompt} ({} for {tokens} tokens); prompt \
             {prompt_tokens_per_s:.0} tokens per second",
            texts.spread(),
        )?;
        if let (Some(bytes), Some(bandwidth), Some(bound), Some(share)) =
            (self.bytes_per_token, self.bandwidth_gb_s, self.bound_tokens_per_s, self.share_of_bound)
        {
            write!(
                f,
                "; memory {bandwidth:.1} GB/s, weights {:.0} MB, so at most {bound:.1} tokens per second, of which \
                 {share:.2} were reached",
                bytes as f64 / 1e6
            )?;
        }
        Ok(())
    }
}
