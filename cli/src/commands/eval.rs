//! `llm eval`: loss and perplexity of a model on a text.

use std::fmt::Display;
use std::io::{Write, stdout};
use std::process::ExitCode;

use anyhow::{Result, ensure};
use burn::tensor::Device;
use ch02_text::long_text;
use fast::precision::{rounded, rounded_llama};
use model_files::inspect::{text_loss, text_loss_windows};
use model_files::open_tokenizer;
use shared::LanguageModel;

use crate::llama;
use crate::model_hints::open_model;
use crate::options::{DeviceArgs, MODEL_HELP, ModelArgs, TextArgs, WeightsArgs};
use crate::terminal::{Interrupt, Progress, grouped, positive, tr};

/// Models after GPT-2 have long contexts; so long a window costs time and memory, and hardly lowers the loss.
const LONGEST_WINDOW: usize = 1024;

#[derive(clap::Args)]
#[command(
    mut_arg("weights", |arg| arg.help("Precision of the weights, to measure what a lower one costs")),
    mut_arg("model", |arg| arg.help(MODEL_HELP).value_name("PATH")),
)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    text: TextArgs,
    #[command(flatten)]
    weights: WeightsArgs,
    #[command(flatten)]
    device: DeviceArgs,
    /// Number of tokens that the model sees at once [default: its context, at most 1024]
    #[arg(long, value_name = "N", value_parser = positive)]
    window: Option<usize>,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let source = args.text.source();
    let text = source.read()?;
    let path = args.model.folder.as_path();
    if llama::is_llama(path) {
        args.device.ensure_cpu()?;
        let device = Device::flex();
        let opened = llama::open(path, &device)?;
        let ids = opened.tokenizer.ok_or_else(|| llama::no_tokenizer(path))?.encode_document(&text);
        let model = rounded_llama(opened.model, args.weights.precision.on_cpu()?);
        return args.measure(&fast::accelerate_llama(model), &ids, source.name(), &device);
    }
    let device = args.device.open()?;
    let (config, model) = open_model(path, &device)?;
    let tokenizer = open_tokenizer(path, config.vocab_size)?;
    let (mut model, decoder) = args.weights.precision.apply(model, &device)?;
    if let Some(precision) = decoder {
        model = rounded(model, precision);
    }
    args.measure(&model, &long_text::encode(&tokenizer, &text), source.name(), &device)
}

impl Args {
    /// Prints the loss on the ids of the text with this name.
    fn measure(
        &self,
        model: &impl LanguageModel,
        ids: &[u32],
        name: impl Display,
        device: &Device,
    ) -> Result<ExitCode> {
        ensure!(
            ids.len() >= 2,
            tr!(
                "{name} has {} token, but a prediction needs at least 2",
                "{name} 只有 {} 个词元，而预测至少需要 2 个",
                ids.len()
            )
        );
        let window = self.window(model.context_length())?;
        Interrupt::end_at_once()?;
        let mut progress = Progress::new(0, text_loss_windows(ids.len(), window) as u64);
        let result = text_loss(model, ids, window, device, |loss| progress.step(|| format!("loss {loss:.3}")));
        progress.finish();
        let mut out = stdout().lock();
        if self.json {
            writeln!(out, "{}", serde_json::to_string(&result)?)?;
        } else {
            writeln!(out, "loss        {:.4}", result.loss)?;
            writeln!(out, "perplexity  {:.2}", result.perplexity)?;
            writeln!(out, "tokens      {}", grouped(result.tokens))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Number of tokens that a model of this context length sees at once.
    fn window(&self, context_length: usize) -> Result<usize> {
        let Some(window) = self.window else { return Ok(context_length.min(LONGEST_WINDOW)) };
        ensure!(
            window <= context_length,
            tr!(
                "--window is {window}, but the model sees at most {context_length} tokens",
                "--window 是 {window}，而模型最多只能看到 {context_length} 个词元"
            )
        );
        Ok(window)
    }
}
