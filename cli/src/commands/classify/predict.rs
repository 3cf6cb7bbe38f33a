//! `llm classify predict`.

use std::io::{Write, stdin, stdout};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch06_classify::classify_review;
use model_files::{ClassifierConfig, load_classifier};
use serde::Serialize;

use crate::options::{DeviceArgs, ModelArgs};
use crate::terminal::warn;

#[derive(clap::Args)]
#[command(mut_arg("model", |arg| arg.help("Folder with the classifier")))]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// Messages; without any, standard input is read, one message per line
    #[arg(value_name = "TEXT")]
    texts: Vec<String>,
    /// Print a line of JSON for each message
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    device: DeviceArgs,
}

/// What `--json` prints for a message.
#[derive(Serialize)]
struct Output<'a> {
    text: &'a str,
    label: &'static str,
    probabilities: Probabilities,
    tokens: usize,
    truncated: bool,
}

#[derive(Serialize)]
struct Probabilities {
    ham: f32,
    spam: f32,
}

struct Predictor {
    config: ClassifierConfig,
    model: GptModel,
    tokenizer: Gpt2Tokenizer,
    device: Device,
    json: bool,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let device = args.device.open()?;
    let (config, model) = load_classifier(&args.model.folder, &device)?;
    let model = fast::accelerate(model);
    let predictor = Predictor { config, model, tokenizer: Gpt2Tokenizer::new(), device, json: args.json };
    if !args.texts.is_empty() {
        args.texts.iter().enumerate().try_for_each(|(i, text)| predictor.show(i + 1, text))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut shown = 0;
    for (i, line) in stdin().lines().enumerate() {
        let line = line.with_context(|| format!("cannot read line {} of standard input", i + 1))?;
        if !line.trim().is_empty() {
            predictor.show(i + 1, &line)?;
            shown += 1;
        }
    }
    ensure!(shown > 0, "there are no messages: give some as arguments or on standard input");
    Ok(ExitCode::SUCCESS)
}

impl Predictor {
    /// Classifies one message and prints the result.
    fn show(&self, number: usize, text: &str) -> Result<()> {
        let Self { config, model, tokenizer, device, json } = self;
        let prediction = classify_review(text, model, tokenizer, config.max_length, config.readout, device)
            .with_context(|| format!("message {number}"))?;
        if prediction.truncated {
            let counted = config.max_length.unwrap_or(config.model.context_length);
            warn(format_args!(
                "note: message {number} has {} tokens; only the first {counted} count",
                prediction.tokens
            ));
        }
        let [ham, spam] = prediction.probabilities;
        let mut out = stdout().lock();
        if *json {
            let output = Output {
                text,
                label: prediction.label.name(),
                probabilities: Probabilities { ham, spam },
                tokens: prediction.tokens,
                truncated: prediction.truncated,
            };
            writeln!(out, "{}", serde_json::to_string(&output)?)?;
        } else {
            writeln!(out, "{:<8}  {:.3}  {text}", prediction.label.answer(), ham.max(spam))?;
        }
        Ok(())
    }
}
