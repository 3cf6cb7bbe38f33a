//! Models after GPT-2 for the commands: Llama, SmolLM2, Qwen3 and Gemma 3, in a folder from Hugging Face or in a GGUF file.
//!
//! | module | what |
//! |---|---|
//! | `tokenizer` | the tokenizer beside the weights |
//! | `template` | the chat template |
//! | `stop_ids` | the tokens that end a text |
//! | `files` | reading of the small files that the three need |

mod files;
mod stop_ids;
mod template;
mod tokenizer;

use std::path::Path;

use anyhow::{Result, anyhow};
use bonus_llama::{LlamaConfig, LlamaModel};
use burn::tensor::Device;
use model_files::load_llama;

pub use stop_ids::stop_ids;
pub use template::chat_template;
pub use tokenizer::open_tokenizer;

use crate::errors::in_one_line;
use crate::model_hints::quoted;
use crate::terminal::{command, tr, warn};

/// Whether `path` names such a model. The model may still be one that cannot be opened.
pub fn is_llama(path: &Path) -> bool {
    // What is wrong with a damaged config.json is said when the model is opened.
    is_gguf(path) || model_files::is_llama(path).unwrap_or(false)
}

/// Whether `path` names a GGUF file, which may be missing.
fn is_gguf(path: &Path) -> bool {
    !path.is_dir() && path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gguf"))
}

/// Opens a model on the CPU, and says what in its files was not used.
pub fn open(path: &Path) -> Result<(LlamaConfig, LlamaModel)> {
    let loaded = load_llama(path, &Device::flex())?;
    for warning in loaded.warnings.iter().map(|warning| in_one_line(warning)) {
        warn(tr!("note: {warning}", "注意：{warning}"));
    }
    Ok((loaded.config, loaded.model))
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
