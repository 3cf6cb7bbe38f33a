//! `llm eval` and `llm info`.

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use burn::module::Module;
use ch02_text::{Gpt2Tokenizer, VOCAB_SIZE};
use ch05_pretrain::inspect::{parameters, text_loss, text_loss_windows};
use ch05_pretrain::open_model;
use shared::data::{self, read_text};
use shared::device::DeviceChoice;
use shared::progress::Progress;

use crate::grouped;
use crate::precision::{WeightPrecision, rounded};

#[derive(clap::Args)]
pub struct EvalArgs {
    /// Folder with the model
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Text file to measure the model on
    #[arg(long, value_name = "FILE", conflicts_with = "dataset")]
    text: Option<PathBuf>,
    /// Data set to measure it on, see `llm data list`
    #[arg(long, value_name = "NAME", default_value = "lamp")]
    dataset: String,
    /// Precision of the weights: what is lost by those of `llm generate --weights`
    #[arg(long, value_name = "P", value_enum, default_value = "f32")]
    weights: WeightPrecision,
    /// Where to compute: auto, cpu, ndarray, wgpu, vulkan, metal or cuda
    #[arg(long, value_name = "D", default_value = "auto")]
    device: DeviceChoice,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
pub struct InfoArgs {
    /// Folder with the model
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
}

/// Loss and perplexity of a model on a text.
pub fn eval(args: EvalArgs) -> Result<ExitCode> {
    let (name, text) = match &args.text {
        Some(file) => (file.display().to_string(), read_text(file)?.into()),
        None => (args.dataset.clone(), data::find(&args.dataset)?.text()?),
    };
    let device = args.device.open()?;
    let (config, model) = open_model(&args.model, &device)?;
    let (mut model, decoder) = args.weights.apply(model, &device)?;
    if let Some(precision) = decoder {
        model = rounded(model, precision);
    }
    ensure!(
        config.vocab_size == VOCAB_SIZE,
        "this model has {} token ids, not GPT-2's {VOCAB_SIZE}, so it cannot read text",
        config.vocab_size
    );
    let ids = Gpt2Tokenizer::new().encode_with_end_of_text(&text);
    ensure!(ids.len() >= 2, "{name} has {} token, but a prediction needs at least 2", ids.len());

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

/// What a model is made of.
pub fn info(args: InfoArgs) -> Result<ExitCode> {
    let (config, model) = open_model(&args.model, &DeviceChoice::Cpu.open()?)?;
    let mut out = stdout().lock();
    writeln!(out, "{}\n", serde_json::to_string_pretty(&config)?)?;
    let list = parameters(&model);
    let width = list.iter().map(|parameter| parameter.name.len()).max().unwrap_or(0);
    for parameter in &list {
        let (name, shape) = (&parameter.name, format!("{:?}", parameter.shape));
        writeln!(out, "{name:<width$}  {shape:<15} {:>13}", grouped(parameter.len()))?;
    }
    writeln!(out, "\nparameters               {:>13}", grouped(model.num_params()))?;
    writeln!(out, "with a tied output layer {:>13}", grouped(model.num_params_tied()))?;
    writeln!(out, "memory in float32        {:>10.2} MB", model.size_mb())?;
    Ok(ExitCode::SUCCESS)
}
