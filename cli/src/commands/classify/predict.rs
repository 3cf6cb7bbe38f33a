//! `llm classify predict`.

use std::io::{self, Write, stdin, stdout};
use std::process::ExitCode;

use anyhow::{Context, Error, Result, bail, ensure};
use burn::tensor::Device;
use ch06_classify::{Prediction, classify_review};
use serde::Serialize;
use shared::text::lines;
use shared::{LanguageModel, Tokenizer};

use super::opened::{Opened, OpenedClassifier, open};
use crate::errors;
use crate::options::{DeviceArgs, ModelArgs, TypedText, typed_text};
use crate::run_folder::CLASSIFY_FOLDER;
use crate::terminal::{tr, visible, warn};

#[derive(clap::Args)]
#[command(mut_arg("model", |arg| arg.help("Folder with the classifier").default_value(CLASSIFY_FOLDER)))]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// Messages, one each; without any, or with -, standard input is read, one message per line
    #[arg(value_name = "TEXT", value_parser = typed_text)]
    texts: Vec<TypedText>,
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

struct Predictor<M, T> {
    classifier: OpenedClassifier<M, T>,
    device: Device,
    json: bool,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let device = args.device.open()?;
    let json = args.json;
    let texts = given(args.texts)?;
    match open(&args.model.folder, &device)? {
        Opened::Gpt(classifier) => Predictor { classifier: *classifier, device, json }.label_all(texts),
        Opened::Llama(classifier) => Predictor { classifier: *classifier, device, json }.label_all(texts),
    }
}

/// The messages on the command line; none if they come from standard input.
fn given(texts: Vec<TypedText>) -> Result<Vec<String>> {
    if texts == [TypedText::StandardInput] {
        return Ok(Vec::new());
    }
    let text = |text| match text {
        TypedText::Given(text) => Ok(text),
        TypedText::StandardInput => bail!(tr!(
            "- stands for standard input, which has the messages then; give no others with it",
            "- 表示从标准输入读取消息，不能同时给出其他消息"
        )),
    };
    texts.into_iter().map(text).collect()
}

impl<M: LanguageModel, T: Tokenizer> Predictor<M, T> {
    /// Classifies these messages, or without any those on standard input.
    fn label_all(&self, texts: Vec<String>) -> Result<ExitCode> {
        let from_arguments = !texts.is_empty();
        let messages: Box<dyn Iterator<Item = io::Result<String>>> = match from_arguments {
            true => Box::new(texts.into_iter().map(Ok)),
            false => Box::new(lines(stdin().lock())),
        };
        let (mut shown, mut all_shown) = (0, true);
        for (i, message) in messages.enumerate() {
            match message {
                Ok(text) if text.trim().is_empty() && !from_arguments => continue,
                Err(error) if error.kind() != io::ErrorKind::InvalidData => {
                    return Err(error).with_context(|| tr!("cannot read standard input", "无法读取标准输入"));
                }
                message => {
                    let shows = self.label(i + 1, message)?;
                    (shown, all_shown) = (shown + 1, all_shown && shows);
                }
            }
        }
        ensure!(
            shown > 0,
            tr!(
                "there are no messages: give some as arguments or on standard input",
                "没有消息：请把消息写成参数，或从标准输入给出"
            )
        );
        Ok(if all_shown { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Classifies one message and prints the result, or says why it cannot be classified, which costs no other message its
    /// label. Returns whether there is a result.
    fn label(&self, number: usize, message: io::Result<String>) -> Result<bool> {
        let Self { classifier: OpenedClassifier { model, tokenizer, max_length, readout }, device, .. } = self;
        let prediction = message.map_err(Error::from).and_then(|text| {
            let prediction = classify_review(&text, model, tokenizer, *max_length, *readout, device)?;
            Ok((text, prediction))
        });
        match prediction {
            Ok((text, prediction)) => self.show(number, &text, &prediction)?,
            Err(error) => {
                let reason = errors::message(&error);
                warn(tr!("error: message {number}: {reason}", "错误：第 {number} 条消息：{reason}"));
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn show(&self, number: usize, text: &str, prediction: &Prediction) -> Result<()> {
        let Self { classifier: OpenedClassifier { model, max_length, .. }, json, .. } = self;
        if prediction.truncated {
            let (tokens, counted) = (prediction.tokens, max_length.unwrap_or(model.context_length()));
            warn(tr!(
                "note: message {number} has {tokens} tokens; only the first {counted} count",
                "注意：第 {number} 条消息有 {tokens} 个词元，只计入前 {counted} 个"
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
            writeln!(out, "{:<8}  {:.3}  {}", prediction.label.answer(), ham.max(spam), visible(text))?;
        }
        Ok(())
    }
}
