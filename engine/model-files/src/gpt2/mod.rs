//! GPT-2's published weights (section 5.5).
//!
//! Training a model of this size costs more than most readers can spend, but OpenAI has published its weights, and
//! they fit into this project's [`GptModel`]. They come in two forms, which differ in the files and in the names of the
//! tensors, not in the numbers:
//!
//! | form | configuration | weights |
//! |---|---|---|
//! | Hugging Face | `config.json` | `model.safetensors`, or several files and `model.safetensors.index.json` |
//! | OpenAI | `hparams.json` | TensorFlow's `checkpoint`, `model.ckpt.index`, `model.ckpt.data-00000-of-00001` |
//!
//! [`open_model`] reads both, and the folders of this project besides. The lesson of section 5.5,
//! [`ch05_pretrain::gpt2`], explains what is different from the book's model; [`read_gpt2_params`] reads for it.

mod bundle;
mod hugging_face;
mod index;
mod openai;
mod wire;

use std::fmt;
use std::path::Path;

use burn::tensor::Device;
use ch04_gpt::GptModel;
use shared::GptConfig;

pub(crate) use openai::HPARAMS_FILE;
pub use openai::read_gpt2_params;

use crate::adapter::ADAPTER_CONFIG_FILE;
use crate::folder::read_json;
use crate::{CONFIG_FILE, CheckpointError, WEIGHTS_FILE, load_model};

/// The kind of files in a model folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelKind {
    /// A folder that [`save_model`](crate::save_model) wrote, with the names of the book's model.
    Book,
    /// GPT-2 from Hugging Face.
    HuggingFace,
    /// GPT-2 as OpenAI released it, a TensorFlow checkpoint.
    OpenAi,
}

impl fmt::Display for ModelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Book => "a model of this project",
            Self::HuggingFace => "GPT-2 from Hugging Face",
            Self::OpenAi => "GPT-2 from OpenAI",
        })
    }
}

/// The kind of files of the model in `folder`. Only the configuration is read.
///
/// # Errors
/// [`CheckpointError::NoKnownModel`], which says what a model folder has; or what else the folder holds, a classifier
/// or a LoRA adapter; or if `config.json` cannot be read.
pub fn model_kind(folder: &Path) -> Result<ModelKind, CheckpointError> {
    let has = |file: &str| folder.join(file).is_file();
    if has(CONFIG_FILE) {
        let config: serde_json::Value = read_json(folder, CONFIG_FILE)?;
        let has_one_of = |fields: &[&str]| fields.iter().any(|field| config.get(field).is_some());
        if has_one_of(&["labels"]) {
            return Err(CheckpointError::Classifier { folder: folder.into() });
        }
        // Old files have no model_type.
        let is_hugging_face = has_one_of(&["model_type", "architectures", "n_embd"]);
        Ok(if is_hugging_face { ModelKind::HuggingFace } else { ModelKind::Book })
    } else if has(openai::HPARAMS_FILE) {
        Ok(ModelKind::OpenAi)
    } else if has(WEIGHTS_FILE) {
        Err(CheckpointError::NoModel { folder: folder.into(), file: CONFIG_FILE.into() })
    } else if has(openai::CHECKPOINT_FILE) {
        Err(CheckpointError::NoModel { folder: folder.into(), file: openai::HPARAMS_FILE.into() })
    } else if has(ADAPTER_CONFIG_FILE) {
        Err(CheckpointError::Adapter { folder: folder.into() })
    } else {
        Err(CheckpointError::NoKnownModel { folder: folder.into() })
    }
}

/// Opens a model of any kind (see [`ModelKind`]). GPT-2's dropout rate is 0.1; set
/// [`drop_rate`](GptConfig::drop_rate) to something else for fine-tuning if you like. Hugging Face has three rates,
/// which matter in training only; the one here is that of the residual connections.
///
/// # Errors
/// If the folder holds no model; if a file is missing, damaged or does not fit the others; if GPT-2's configuration
/// asks for something that this model does not compute.
pub fn open_model(folder: &Path, device: &Device) -> Result<(GptConfig, GptModel), CheckpointError> {
    match model_kind(folder)? {
        ModelKind::Book => load_model(folder, device),
        ModelKind::HuggingFace => hugging_face::load(folder, device),
        ModelKind::OpenAi => openai::load(folder, device),
    }
}
