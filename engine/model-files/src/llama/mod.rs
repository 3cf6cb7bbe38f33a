//! Llama, SmolLM2, Qwen3 and Gemma 3 in files, for the models of [`bonus_llama`].
//!
//! | form | configuration | weights |
//! |---|---|---|
//! | a folder from Hugging Face | `config.json` | `model.safetensors`, or several files and `model.safetensors.index.json` |
//! | a GGUF file (see [`gguf`](crate::gguf)) | its metadata | its tensors |
//!
//! Two things differ between the forms besides the names. llama.cpp rotates neighbouring numbers of a head where the lesson and
//! Hugging Face rotate halves, so in GGUF files of the family `llama` the rows of the query and key weights are in another
//! order; and GGUF files of Gemma store `1 + weight` for every norm. Both are undone while reading.
//!
//! Every tensor is compared with the configuration before anything is allocated; then they are converted one by one, each
//! straight from the mapped file into its parameter. Models are written in the form of Hugging Face.

mod classifier;
mod columns;
mod config_json;
mod fields;
mod fill;
mod hugging_face;
mod hugging_face_rope;
mod metadata;
mod rope_freqs;
mod save;
mod table;

use std::path::Path;

use bonus_llama::{LlamaConfig, LlamaModel};
use burn::tensor::Device;
use serde_json::{Map, Value};

pub use classifier::{is_llama_classifier, load_llama_classifier, save_llama_classifier};
pub use columns::{LlamaColumns, LlamaMatrix, with_llama_columns};
pub use config_json::TokenIds;
pub use save::{Companions, save_llama};
pub(crate) use table::{HUGGING_FACE_EMBEDDING, HUGGING_FACE_HEAD};
pub use table::{LlamaParameter, llama_parameters};

use crate::folder::read_json;
use crate::gguf::{Gguf, GgufFile};
use crate::shards::Shards;
pub use crate::shards::weight_files;
use crate::{CONFIG_FILE, CheckpointError};
use fill::{Format, Source};

/// A model from a file.
#[derive(Debug)]
pub struct LoadedLlama {
    /// Its sizes.
    pub config: LlamaConfig,
    /// The model.
    pub model: LlamaModel,
    /// What in the files was not used, one sentence each.
    pub warnings: Vec<String>,
}

/// Whether `path` is a GGUF file, or a folder with a `config.json` in Hugging Face's form that is not GPT-2's. The model may
/// still be one that [`load_llama`] refuses.
///
/// # Errors
/// If `config.json` cannot be read.
pub fn is_llama(path: &Path) -> Result<bool, CheckpointError> {
    if path.is_file() {
        return Ok(path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gguf")));
    }
    if !path.join(CONFIG_FILE).is_file() {
        return Ok(false);
    }
    let config: Value = read_json(path, CONFIG_FILE)?;
    let model_type = config.get("model_type").and_then(Value::as_str);
    let is_new = model_type != Some("gpt2") && config.get("n_embd").is_none();
    Ok(is_new && (model_type.is_some() || config.get("architectures").is_some()))
}

/// The sizes of the model in a folder from Hugging Face or in a GGUF file. No weights are read.
///
/// # Errors
/// If a file is missing or damaged, or describes a model that is impossible or not one of these families.
pub fn llama_config(path: &Path) -> Result<LlamaConfig, CheckpointError> {
    if path.is_dir() { folder_config(path) } else { gguf_config(path, &GgufFile::open(path)?.read()?) }
}

/// Reads a model from a folder from Hugging Face or from a GGUF file.
///
/// # Errors
/// As [`llama_config`], and if a tensor is missing, damaged or does not fit the configuration.
pub fn load_llama(path: &Path, device: &Device) -> Result<LoadedLlama, CheckpointError> {
    if path.is_dir() { load_llama_folder(path, device) } else { load_llama_gguf(path, device) }
}

/// Compares every tensor in a folder from Hugging Face with the configuration, as [`load_llama`] does, but reads no values.
///
/// # Errors
/// As [`load_llama`].
pub fn check_llama_folder(folder: &Path) -> Result<(), CheckpointError> {
    let config = folder_config(folder)?;
    let shards = Shards::open(folder)?;
    let source = Source { path: &shards.path, format: Format::HuggingFace, tensors: shards.tensors()? };
    source.find(config.n_layers, llama_parameters(&config)).map(drop)
}

/// Reads a model from a folder from Hugging Face.
///
/// # Errors
/// As [`load_llama`].
pub fn load_llama_folder(folder: &Path, device: &Device) -> Result<LoadedLlama, CheckpointError> {
    let config = folder_config(folder)?;
    let shards = Shards::open(folder)?;
    let source = Source { path: &shards.path, format: Format::HuggingFace, tensors: shards.tensors()? };
    source.fill(config, device)
}

/// Reads a model from a GGUF file. It needs no vocabulary in it.
///
/// # Errors
/// As [`load_llama`].
pub fn load_llama_gguf(path: &Path, device: &Device) -> Result<LoadedLlama, CheckpointError> {
    let file = GgufFile::open(path)?;
    let gguf = file.read()?;
    let config = gguf_config(path, &gguf)?;
    Source { path, format: Format::Gguf, tensors: fill::stored_tensors(&gguf) }.fill(config, device)
}

fn folder_config(folder: &Path) -> Result<LlamaConfig, CheckpointError> {
    let object: Map<String, Value> = read_json(folder, CONFIG_FILE)?;
    valid(&folder.join(CONFIG_FILE), hugging_face::config(&object))
}

fn gguf_config(path: &Path, gguf: &Gguf) -> Result<LlamaConfig, CheckpointError> {
    valid(path, metadata::config(gguf))
}

/// The configuration that `path` describes, if it is possible.
fn valid(path: &Path, config: Result<LlamaConfig, String>) -> Result<LlamaConfig, CheckpointError> {
    let config = config.map_err(|reason| CheckpointError::OtherModel { path: path.to_path_buf(), reason })?;
    let checked = config.validate();
    checked.map_err(|source| CheckpointError::ImpossibleConfig { path: path.to_path_buf(), source })?;
    Ok(config)
}
