//! `llm eval`: loss and perplexity of a model on a text.

use std::io::{Write, stdout};
use std::process::ExitCode;

use anyhow::{Result, ensure};
use ch02_text::long_text;
use fast::precision::rounded;
use model_files::inspect::{text_loss, text_loss_windows};
use model_files::open_tokenizer;

use crate::model_hints::open_model;
use crate::options::{DeviceArgs, ModelArgs, TextArgs, WeightsArgs};
use crate::terminal::{Interrupt, Progress, grouped, tr};

#[derive(clap::Args)]
#[command(mut_arg("weights", |arg| arg.help("Precision of the weights, to measure what a lower one costs")))]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    text: TextArgs,
    #[command(flatten)]
    weights: WeightsArgs,
    #[command(flatten)]
    device: DeviceArgs,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let source = args.text.source();
    let text = source.read()?;
    let device = args.device.open()?;
    let (config, model) = open_model(&args.model.folder, &device)?;
    let tokenizer = open_tokenizer(&args.model.folder, config.vocab_size)?;
    let (mut model, decoder) = args.weights.precision.apply(model, &device)?;
    if let Some(precision) = decoder {
        model = rounded(model, precision);
    }
    let ids = long_text::encode(&tokenizer, &text);
    ensure!(
        ids.len() >= 2,
        tr!(
            "{} has {} token, but a prediction needs at least 2",
            "{} 只有 {} 个词元，而预测至少需要 2 个",
            source.name(),
            ids.len()
        )
    );

    Interrupt::end_at_once()?;
    let mut progress = Progress::new(0, text_loss_windows(ids.len(), config.context_length) as u64);
    let result = text_loss(&model, &ids, &device, |loss| progress.step(|| format!("loss {loss:.3}")));
    progress.finish();
    let mut out = stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&result)?)?;
    } else {
        writeln!(out, "loss        {:.4}", result.loss)?;
        writeln!(out, "perplexity  {:.2}", result.perplexity)?;
        writeln!(out, "tokens      {}", grouped(result.tokens))?;
    }
    Ok(ExitCode::SUCCESS)
}
