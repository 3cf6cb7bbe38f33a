//! GPT-2's published weights (section 5.5).
//!
//! Training a model of this size costs more than most readers can spend, but OpenAI has given its weights away, and
//! they fit into this project's [`GptModel`]. They come in two forms, which differ in the files and in the names of the
//! tensors, not in the numbers:
//!
//! | form | configuration | weights |
//! |---|---|---|
//! | Hugging Face | `config.json` | `model.safetensors` |
//! | OpenAI | `hparams.json` | TensorFlow's `checkpoint`, `model.ckpt.index`, `model.ckpt.data-00000-of-00001` |
//!
//! [`open_model`] reads both, and the folders of this project besides. Three things are different from the book's model:
//!
//! - Queries, keys and values come from one matrix with three times the columns. It is cut into three.
//! - The matrices lie as `[d_in, d_out]`, the layout of burn's linear layers. PyTorch's is the transpose, so the book
//!   has to turn every matrix, and here none is turned. For a square matrix no check of the shape would notice.
//! - There is no output layer: GPT-2 uses the token embedding once more, as its transpose. The model here has a head of
//!   its own, which starts as a copy.
//!
//! The files come from elsewhere, so nothing in them is believed: sizes are compared with the length of the file before
//! memory is taken for them, and a file that is damaged, cut short or made up ends in an error.

mod bundle;
mod hugging_face;
mod names;
mod openai;
mod table;
mod wire;

use std::fmt;
use std::path::Path;

use burn::tensor::Device;
use ch04_gpt::GptModel;
use shared::GptConfig;

use crate::checkpoint::{CONFIG_FILE, CheckpointError, WEIGHTS_FILE, load_model, read_json};

/// Whose files a model folder has.
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

/// Says whose files the model in `folder` has. Only the configuration is looked at.
///
/// # Errors
/// [`CheckpointError::NoKnownModel`], which says what a model folder has; or if `config.json` cannot be read.
pub fn model_kind(folder: &Path) -> Result<ModelKind, CheckpointError> {
    let has = |file: &str| folder.join(file).is_file();
    if has(CONFIG_FILE) {
        let config: serde_json::Value = read_json(folder, CONFIG_FILE)?;
        let is_hugging_face = config.get("model_type").is_some();
        Ok(if is_hugging_face { ModelKind::HuggingFace } else { ModelKind::Book })
    } else if has(openai::HPARAMS_FILE) {
        Ok(ModelKind::OpenAi)
    } else if has(WEIGHTS_FILE) {
        Err(CheckpointError::NoModel { folder: folder.into(), file: CONFIG_FILE.into() })
    } else if has(openai::CHECKPOINT_FILE) {
        Err(CheckpointError::NoModel { folder: folder.into(), file: openai::HPARAMS_FILE.into() })
    } else {
        Err(CheckpointError::NoKnownModel { folder: folder.into() })
    }
}

/// Opens a model of any kind (see [`ModelKind`]). GPT-2's dropout rate is 0.1; set
/// [`drop_rate`](GptConfig::drop_rate) to something else for fine-tuning if you like.
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
