//! Models after GPT-2 for the commands: what [`pretrained`] opens, with words for the user.

use std::path::Path;

use anyhow::{Result, anyhow};
use bonus_llama::{LlamaConfig, LlamaModel};
use burn::tensor::Device;
use model_files::load_llama;
use pretrained::Pretrained;

pub use pretrained::{is_pretrained as is_llama, stop_ids, tokenizer as open_tokenizer};

use crate::errors::in_one_line;
use crate::model_hints::quoted;
use crate::terminal::{command, tr, warn};

/// Opens a model with everything that was published beside its weights, and says what in its files was not used.
pub fn open(path: &Path, device: &Device) -> Result<Pretrained> {
    let pretrained = pretrained::open(path, device)?;
    note(&pretrained.warnings);
    Ok(pretrained)
}

/// The same without the rest, on the CPU: a model of ids.
pub fn open_weights(path: &Path) -> Result<(LlamaConfig, LlamaModel)> {
    let loaded = load_llama(path, &Device::flex())?;
    note(&loaded.warnings);
    Ok((loaded.config, loaded.model))
}

fn note(warnings: &[String]) {
    for warning in warnings.iter().map(|warning| in_one_line(warning)) {
        warn(tr!("note: {warning}", "注意：{warning}"));
    }
}

/// The error for a model without a tokenizer, where a text is to be read.
pub fn no_tokenizer(path: &Path) -> anyhow::Error {
    let shown = path.display();
    let generate = command(format_args!("generate --model {} --prompt-ids IDS", quoted(path)));
    anyhow!(tr!(
        "there is no tokenizer in {shown}, so its model reads no text; give token ids: `{generate}`",
        "{shown} 中没有分词器，因此模型无法读取文本；请给出词元 ID：`{generate}`"
    ))
}
