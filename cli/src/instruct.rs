//! `llm instruct`: fine-tune a model on instructions, let it answer, talk to it, have its answers judged (chapter 7).

mod chat;
mod evaluate;
mod respond;
mod train;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use ch02_text::VOCAB_SIZE;
use ch04_gpt::GptModel;
use ch05_pretrain::open_model;
use ch07_instruct::PromptFormat;
use clap::Subcommand;
use kernels::Kernels;
use serde::{Deserialize, Serialize};
use shared::GptConfig;
use shared::files::write_whole;

#[derive(Subcommand)]
pub enum Command {
    /// Teach a model to follow instructions; without --model a tiny one, pretrained on the embedded story first
    Train(train::Args),
    /// Let a model answer the test entries of a data set, into a JSON file
    Respond(respond::Args),
    /// Talk to a model in the terminal
    Chat(chat::Args),
    /// Have answers scored by a larger model behind Ollama
    Evaluate(evaluate::Args),
}

pub fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Train(args) => train::run(args),
        Command::Respond(args) => respond::run(args),
        Command::Chat(args) => chat::run(args),
        Command::Evaluate(args) => evaluate::run(args),
    }
}

/// What a model was fine-tuned with; a file beside the model.
#[derive(Serialize, Deserialize)]
struct Tuning {
    format: PromptFormat,
}

/// Name of that file.
pub const TUNING_FILE: &str = "instruct.json";

impl Tuning {
    fn save(&self, folder: &Path) -> Result<()> {
        Ok(write_whole(&folder.join(TUNING_FILE), &serde_json::to_vec_pretty(self)?)?)
    }
}

/// The prompt format of the model in `folder`: as asked for, else as it was fine-tuned with, else the book's.
fn prompt_format(asked: Option<PromptFormat>, folder: &Path) -> Result<PromptFormat> {
    match asked {
        Some(format) => Ok(format),
        None => Ok(tuned_format(folder).context("give --format")?.unwrap_or(PromptFormat::Alpaca)),
    }
}

/// The prompt format that the model in `folder` was fine-tuned with; `None` if it was not fine-tuned here.
pub fn tuned_format(folder: &Path) -> Result<Option<PromptFormat>> {
    let path = folder.join(TUNING_FILE);
    let Ok(json) = fs::read(&path) else { return Ok(None) };
    let tuning: Tuning =
        serde_json::from_slice(&json).with_context(|| format!("{} does not name a prompt format", path.display()))?;
    Ok(Some(tuning.format))
}

/// Opens a model that reads text.
pub fn open_text_model(folder: &Path, device: &Device) -> Result<(GptConfig, GptModel)> {
    let (config, model) = open_model(folder, device)?;
    ensure!(
        config.vocab_size == VOCAB_SIZE,
        "the model in {} has {} token ids, not GPT-2's {VOCAB_SIZE}, so it cannot read text",
        folder.display(),
        config.vocab_size
    );
    Ok((config, model.with_kernels(Kernels::Fused)))
}
