//! `llm instruct`: fine-tune a model on instructions, let it answer, talk to it, have its answers judged (chapter 7).

mod chat;
mod evaluate;
mod respond;
mod train;

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use ch02_text::VOCAB_SIZE;
use ch04_gpt::GptModel;
use ch05_pretrain::open_model;
use ch07_instruct::PromptFormat;
use clap::Subcommand;
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

const TUNING_FILE: &str = "instruct.json";

impl Tuning {
    fn save(&self, folder: &Path) -> Result<()> {
        Ok(write_whole(&folder.join(TUNING_FILE), &serde_json::to_vec_pretty(self)?)?)
    }
}

/// The prompt format of the model in `folder`: as asked for, else as it was fine-tuned with, else the book's.
fn prompt_format(asked: Option<PromptFormat>, folder: &Path) -> Result<PromptFormat> {
    let path = folder.join(TUNING_FILE);
    match (asked, fs::read(&path)) {
        (Some(format), _) => Ok(format),
        (None, Ok(json)) => {
            let tuning: Tuning = serde_json::from_slice(&json)
                .with_context(|| format!("{} does not name a prompt format; give --format", path.display()))?;
            Ok(tuning.format)
        }
        (None, Err(_)) => Ok(PromptFormat::Alpaca),
    }
}

/// Opens a model that reads text.
fn open_text_model(folder: &Path, device: &Device) -> Result<(GptConfig, GptModel)> {
    let (config, model) = open_model(folder, device)?;
    ensure!(
        config.vocab_size == VOCAB_SIZE,
        "the model in {} has {} token ids, not GPT-2's {VOCAB_SIZE}, so it cannot read text",
        folder.display(),
        config.vocab_size
    );
    Ok((config, model))
}

/// Whether Ctrl-C was pressed.
#[derive(Clone)]
struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on the first Ctrl-C is only remembered, so that a job ends where nothing is lost. Another one, before
    /// the first was looked at, ends the program at once.
    fn watch() -> Result<Self> {
        let flag = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&flag);
        ctrlc::set_handler(move || {
            if seen.swap(true, Ordering::SeqCst) {
                std::process::exit(130);
            }
        })
        .context("cannot watch for Ctrl-C")?;
        Ok(Self(flag))
    }

    fn is_pressed(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Until the next [`take`](Self::take), Ctrl-C ends the program at once: for times when nothing can be lost.
    fn let_through(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it was pressed since the last look.
    fn take(&self) -> bool {
        self.0.swap(false, Ordering::SeqCst)
    }
}
