//! Models in folders: opening one that reads text, and the prompt format that it was fine-tuned with.

use std::path::Path;

use anyhow::{Context, Result};
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch07_instruct::PromptFormat;
use model_files::open_tokenizer;
use serde::{Deserialize, Serialize};
use shared::files::write_whole;
use shared::{GptConfig, text};

use crate::model_hints::open_model;
use crate::run_folder::TUNING_FILE;

/// Opens a model that reads text, and the tokenizer of its vocabulary.
pub fn open_text_model(folder: &Path, device: &Device) -> Result<(GptConfig, GptModel, Gpt2Tokenizer)> {
    let (config, model) = open_model(folder, device)?;
    let tokenizer = open_tokenizer(folder, config.vocab_size)?;
    Ok((config, fast::accelerate(model), tokenizer))
}

/// What a model was fine-tuned with; a file beside the model.
#[derive(Serialize, Deserialize)]
struct Tuning {
    format: PromptFormat,
}

/// Saves the prompt format of the model in `folder`.
pub fn save_tuned_format(folder: &Path, format: PromptFormat) -> Result<()> {
    Ok(write_whole(&folder.join(TUNING_FILE), &serde_json::to_vec_pretty(&Tuning { format })?)?)
}

/// The prompt format that the model in `folder` was fine-tuned with; `None` if it was not fine-tuned with this program.
pub fn tuned_format(folder: &Path) -> Result<Option<PromptFormat>> {
    let path = folder.join(TUNING_FILE);
    if !path.exists() {
        return Ok(None);
    }
    let json = text::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let tuning: Tuning =
        serde_json::from_str(&json).with_context(|| format!("{} does not name a prompt format", path.display()))?;
    Ok(Some(tuning.format))
}

/// The prompt format for the model in `folder`: `asked` if given, else that of its fine-tuning, else the book's.
pub fn prompt_format(asked: Option<PromptFormat>, folder: &Path) -> Result<PromptFormat> {
    match asked {
        Some(format) => Ok(format),
        None => Ok(tuned_format(folder).context("give --format")?.unwrap_or(PromptFormat::Alpaca)),
    }
}
