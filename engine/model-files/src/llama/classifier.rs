//! A classifier whose body is a Llama, Qwen3 or Gemma 3, in a folder: the weights with Hugging Face's names and a head
//! `score.weight` and `score.bias`; in `config.json` what [`ClassifierConfig`] says.

use std::path::Path;

use bonus_llama::{LlamaConfig, LlamaModel};
use burn::tensor::Device;
use ch06_classify::NUM_CLASSES;
use shared::Linear;

use super::fill::{Format, FoundParameters, Source};
use super::save::{Companions, tensors_of, write};
use super::table::classifier_parameters;
use crate::classifier::{self, ClassifierConfig, ClassifierError};
use crate::load::replace_parameters;
use crate::mapped::MappedFile;
use crate::stored::read_safetensors;
use crate::{CheckpointError, WEIGHTS_FILE};

/// Writes a classifier into `folder`, which is created if needed. One that is there already is replaced, as a whole. The
/// output layer of `model` is its head, with a bias and a value for each class.
///
/// # Errors
/// As [`save_llama`](super::save_llama).
pub fn save_llama_classifier(
    folder: &Path,
    config: &ClassifierConfig<LlamaConfig>,
    model: &LlamaModel,
    companions: &Companions,
) -> Result<(), ClassifierError> {
    let parameters = classifier_parameters(&config.model, NUM_CLASSES);
    let tensors = tensors_of(&folder.join(WEIGHTS_FILE), &config.model, model, parameters)?;
    let json = serde_json::to_string_pretty(config).expect("a configuration is plain data");
    Ok(write(folder, tensors, json, companions)?)
}

/// Whether `folder` holds a classifier of this kind.
pub fn is_llama_classifier(folder: &Path) -> bool {
    let config = classifier::config_value(folder);
    config.is_some_and(|config| config["model"].get("n_kv_heads").is_some())
}

/// Reads the classifier in `folder`.
///
/// # Errors
/// If there is none, or a file is damaged.
pub fn load_llama_classifier(
    folder: &Path,
    device: &Device,
) -> Result<(ClassifierConfig<LlamaConfig>, LlamaModel), ClassifierError> {
    let config = classifier::load_config::<LlamaConfig>(folder)?;
    let file = MappedFile::open(folder, WEIGHTS_FILE)?;
    let source = Source { path: &file.path, format: Format::HuggingFace, tensors: read_safetensors(&file)? };
    let parameters = classifier_parameters(&config.model, NUM_CLASSES);
    let FoundParameters { found, warnings } = source.find(config.model.n_layers, parameters)?;
    if let Some(reason) = warnings.into_iter().next() {
        return Err(CheckpointError::OtherModel { path: file.path.clone(), reason }.into());
    }
    // A tied model is made without an output layer.
    let model = LlamaModel::new(&LlamaConfig { tied: true, ..config.model.clone() }, device);
    let head = Linear::new(config.model.emb_dim, NUM_CLASSES, true, device);
    let model = LlamaModel { out_head: Some(head), config: config.model.clone(), ..model };
    Ok((config, replace_parameters(model, found)))
}
