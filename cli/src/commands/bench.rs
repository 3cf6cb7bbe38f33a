//! `llm bench`: how fast this machine trains, generates text, opens a model and tokenizes.

use std::error::Error;
use std::fmt::Display;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, ensure};
use bench::{BATCH, generate, load, model, models, serve, tokenize, train};
use burn::module::Module;
use burn::tensor::Device;
use clap::ValueEnum;
use serde::Serialize;
use server::{LoadedModel, OpenModel};
use shared::GptConfig;

use crate::commands::serve::PARALLEL;
use crate::llama::is_llama;
use crate::options::{DeviceArgs, PrecisionArgs, WeightsArgs};
use crate::terminal::{positive, tr};

/// New tokens for each client of a server, if --tokens is not given.
const SERVED_TOKENS: usize = 48;

/// Tokens of the prompt beside which a short one must not wait.
const LONG_PROMPT: usize = 1000;

#[derive(clap::Args)]
#[command(mut_arg("device", |arg| arg.default_value("cpu").help(
    "Where `train` and `generate` compute: auto, cpu, ndarray, wgpu, vulkan, metal or cuda. Comparisons with the \
     processor's own speed are shown for cpu only"
)))]
pub struct Args {
    /// What to measure; without it everything, one after the other
    #[arg(value_enum)]
    what: Option<What>,
    /// A Llama, Qwen3 or Gemma 3 to measure, as a folder from Hugging Face or a .gguf file: opening, a prompt of 512 tokens and
    /// 200 new tokens
    #[arg(long, value_name = "PATH", conflicts_with_all = ["what", "size", "tokens", "batch", "prompt", "precision"])]
    model: Option<PathBuf>,
    /// Size of the model: tiny, 124M, 355M, 774M or 1558M
    #[arg(long, value_name = "S", default_value = "124M", value_parser = GptConfig::preset)]
    size: GptConfig,
    /// Measured repetitions, after those that warm up
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = positive)]
    runs: usize,
    /// Number of tokens: in a training sequence (default 256), to generate (default 200), or in an answer of the server (default 48)
    #[arg(long, value_name = "N", value_parser = positive)]
    tokens: Option<usize>,
    /// Sequences in a batch of `train`
    #[arg(long, value_name = "N", default_value_t = BATCH, value_parser = positive)]
    batch: usize,
    /// Tokens in the prompt of `generate` and `serve`
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = positive)]
    prompt: usize,
    #[command(flatten)]
    precision: PrecisionArgs,
    #[command(flatten)]
    weights: WeightsArgs,
    #[command(flatten)]
    device: DeviceArgs,
    /// Print one line of JSON for each measurement
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// One training step, with dropout and AdamW
    Train,
    /// Generation with a key-value cache, against the bandwidth of the memory
    Generate,
    /// Opening a saved model, against reading its file
    Load,
    /// Text to ids
    Tokenize,
    /// A server with 1 to 64 clients at once
    Serve,
}

pub fn run(args: Args) -> Result<ExitCode> {
    if let Some(path) = &args.model {
        args.device.ensure_cpu()?;
        ensure_llama(path)?;
        args.report(&models::measure(path, args.weights.precision.on_cpu()?, args.runs)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let all = [What::Train, What::Generate, What::Load, What::Tokenize, What::Serve];
    for what in all.into_iter().filter(|what| args.what.is_none_or(|only| only == *what)) {
        match what {
            What::Train => args.report(&args.train()?)?,
            What::Generate => args.report(&args.generate()?)?,
            What::Load => args.report(&load::measure(&args.size, args.runs)?)?,
            What::Tokenize => args.report(&tokenize::measure(args.runs)?)?,
            What::Serve => args.report(&args.serve()?)?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Other models are measured by their size alone.
fn ensure_llama(path: &Path) -> Result<()> {
    ensure!(
        is_llama(path),
        tr!(
            "{} holds no Llama, Qwen3 or Gemma 3; GPT-2's sizes are measured with --size",
            "{} 中没有 Llama、Qwen3 或 Gemma 3；GPT-2 的各种大小用 --size 测量",
            path.display()
        )
    );
    Ok(())
}

impl Args {
    fn train(&self) -> Result<train::Measurement> {
        let device = self.device.open()?;
        let settings = train::TrainSettings {
            size: self.size.clone(),
            tokens: self.tokens,
            texts: self.batch,
            runs: self.runs,
            forward: self.precision.forward(&device)?,
        };
        Ok(train::measure(&settings, &device)?)
    }

    fn generate(&self) -> Result<generate::Measurement> {
        let device = self.device.open()?;
        let settings = generate::GenerateSettings { prompt: self.prompt, tokens: self.tokens, runs: self.runs };
        settings.check(&self.size)?; // before the model is made
        let generator = self.weights.precision.generator(model(&self.size, &device), &device)?;
        Ok(generate::measure(&settings, &self.size, &generator, &device)?)
    }

    fn serve(&self) -> Result<serve::Measurement> {
        let (device, precision, size) = (self.device.open()?, self.weights.precision, self.size.clone());
        let tokens = self.tokens.unwrap_or(SERVED_TOKENS);
        let long_prompt = LONG_PROMPT.min(size.context_length.saturating_sub(1));
        let settings = serve::ServeSettings { prompt: self.prompt, tokens, parallel: PARALLEL, long_prompt };
        let open = move |device: &Device| -> Result<_, Box<dyn Error + Send + Sync>> {
            let model = model(&size, device);
            let (weights, parameters) = (precision.to_possible_value(), model.num_params());
            let weights = weights.map(|value| value.get_name().to_string()).unwrap_or_default();
            let loaded = LoadedModel::Gpt(precision.generator(model, device)?);
            Ok((serve::card(&size, &weights, parameters), loaded))
        };
        let open = move || Ok::<_, anyhow::Error>((device, vec![Box::new(open) as OpenModel]));
        Ok(serve::measure(&settings, open)?)
    }

    /// Prints one result: as JSON, or as text for people.
    fn report(&self, measurement: &(impl Serialize + Display)) -> Result<()> {
        let mut out = stdout().lock();
        if self.json {
            writeln!(out, "{}", serde_json::to_string(measurement)?)?;
        } else {
            writeln!(out, "{measurement}")?;
        }
        Ok(out.flush()?)
    }
}
