//! Llama, Qwen3 and Gemma 3 into a folder in Hugging Face's layout, which transformers opens as well: `config.json` and
//! `model.safetensors`, with 32-bit values, and what else belongs to the model.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use bonus_llama::{Family, LlamaConfig, LlamaModel, Rope};

use super::config_json::{TokenIds, config_json};
use super::table::{LlamaParameter, llama_parameters};
use crate::save::{TensorToWrite, collect_tensors, write_folder};
use crate::shards::INDEX_FILE;
use crate::{CONFIG_FILE, CheckpointError, WEIGHTS_FILE};

/// What a folder has beside the weights of a model and their configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Companions {
    /// Files that belong to the model: name and contents; `None` for a file that must not be there, as it would be
    /// another model's.
    pub files: Vec<(String, Option<Vec<u8>>)>,
    /// Ids that `config.json` names.
    pub ids: TokenIds,
}

/// Writes a model into `folder`, which is created if needed. A model that is there already is replaced, as a whole.
///
/// # Errors
/// [`CheckpointError::File`]; [`UnknownParameter`](CheckpointError::UnknownParameter) if the model has parameters that
/// `config` does not describe; [`OtherModel`](CheckpointError::OtherModel) if `config` describes another model. Then the
/// folder holds no half-written file.
pub fn save_llama(
    folder: &Path,
    config: &LlamaConfig,
    model: &LlamaModel,
    companions: &Companions,
) -> Result<(), CheckpointError> {
    let tensors = tensors_of(&folder.join(WEIGHTS_FILE), config, model, llama_parameters(config))?;
    let json =
        serde_json::to_string_pretty(&config_json(config, &companions.ids)).expect("a configuration is plain data");
    write(folder, tensors, json, companions)
}

/// Writes weights, configuration and companions.
pub(super) fn write(
    folder: &Path,
    tensors: Vec<(String, TensorToWrite)>,
    config_json: String,
    companions: &Companions,
) -> Result<(), CheckpointError> {
    // What transformers looks for before it opens a file.
    let metadata = HashMap::from([("format".to_string(), "pt".to_string())]);
    let config = (CONFIG_FILE, Some(Cow::Owned(config_json.into_bytes())));
    let beside =
        companions.files.iter().map(|(name, contents)| (name.as_str(), contents.as_deref().map(Cow::Borrowed)));
    // The index of a model in several files would lead to the old ones.
    let files = [config, (INDEX_FILE, None)].into_iter().chain(beside);
    Ok(write_folder(folder, tensors, Some(metadata), files)?)
}

/// The tensors of `model`, which has exactly these parameters.
///
/// # Errors
/// As [`save_llama`]; `path` is the file to be written.
pub(super) fn tensors_of(
    path: &Path,
    config: &LlamaConfig,
    model: &LlamaModel,
    parameters: impl Iterator<Item = LlamaParameter>,
) -> Result<Vec<(String, TensorToWrite)>, CheckpointError> {
    let other = |reason: String| {
        let reason = format!("the model is not the one of its configuration, so it is not written: {reason}");
        CheckpointError::OtherModel { path: path.to_path_buf(), reason }
    };
    check_rotation(config, model).map_err(other)?;
    let parameters: Vec<LlamaParameter> = parameters.collect();
    let places = parameters.iter().map(|parameter| (parameter.path.clone(), parameter.in_hugging_face())).collect();
    let (tensors, missing) = collect_tensors(model, places)
        .map_err(|parameter| CheckpointError::UnknownParameter { path: path.to_path_buf(), parameter })?;
    if let Some(name) = missing.first() {
        return Err(other(format!("it has no parameter {name}")));
    }
    let shapes: HashMap<_, _> = tensors.iter().map(|(name, tensor)| (name.as_str(), &tensor.shape)).collect();
    for parameter in &parameters {
        let place = parameter.in_hugging_face();
        let (found, expected) = (shapes[place.name.as_str()], place.form.stored_shape(&parameter.shape));
        if *found != expected {
            return Err(other(format!("the shape of {} is {found:?}, not {expected:?}", parameter.path)));
        }
    }
    Ok(tensors)
}

/// The rotation is no parameter: it would be lost without anybody noticing.
fn check_rotation(config: &LlamaConfig, model: &LlamaModel) -> Result<(), String> {
    let described = Rope::new(config.head_dim, config.rope_base, config.rope_scaling.as_ref());
    let local = match &config.family {
        Family::Gemma3(gemma) => Some(Rope::new(config.head_dim, gemma.local_rope_base, None)),
        Family::Llama | Family::Qwen3 => None,
    };
    if described == model.rope && local == model.local_rope {
        return Ok(());
    }
    Err("its rotation (RoPE) has frequencies that the configuration does not describe".to_string())
}
