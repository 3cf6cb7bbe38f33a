//! A model into a folder in Hugging Face's layout.

use std::path::Path;

use bonus_llama::{LlamaConfig, LlamaModel};
use model_files::save_llama;

use crate::{PretrainedError, Texts};

/// Writes a model with 32-bit weights into `folder`, which is created if needed: `config.json`, `model.safetensors`, and the
/// small files of `texts`. transformers opens it as well as [`open`](crate::open). A model that is there already is
/// replaced, as a whole.
///
/// # Errors
/// If a file cannot be written, or `config` does not describe `model`: LoRA layers have to be merged before. Then the
/// folder holds no half-written file.
pub fn save(folder: &Path, config: &LlamaConfig, model: &LlamaModel, texts: &Texts) -> Result<(), PretrainedError> {
    Ok(save_llama(folder, config, model, &texts.0)?)
}
