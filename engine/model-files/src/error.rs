//! Why a model cannot be saved or loaded. Every message names the file.

#![allow(missing_docs, reason = "an error's message says what its fields are")]

use std::io;
use std::path::{Path, PathBuf};

use shared::config::ConfigError;

use crate::WEIGHTS_FILE;

/// A file or folder that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}", .path.display())]
pub struct FileError {
    /// `read` or `write`.
    pub action: &'static str,
    pub path: PathBuf,
    pub source: io::Error,
}

impl FileError {
    /// For `map_err`: reading `path` has failed.
    pub fn read(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self { action: "read", path, source }
    }

    /// For `map_err`: writing `path` has failed.
    pub fn write(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self { action: "write", path, source }
    }
}

/// Why a model cannot be saved or loaded.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file of the model is missing.
    #[error("{} holds no model: {file} is missing", .folder.display())]
    NoModel { folder: PathBuf, file: String },
    /// The folder holds none of the kinds of models that can be opened.
    #[error(
        "{} holds no model: there is neither config.json with model.safetensors (a model of this project, or GPT-2 from \
         Hugging Face) nor hparams.json with checkpoint and model.ckpt.* (GPT-2 from OpenAI)",
        .folder.display()
    )]
    NoKnownModel { folder: PathBuf },
    /// The folder holds a classifier, which has class scores where other models have words.
    #[error("{} holds a classifier, which does not write text", .folder.display())]
    Classifier { folder: PathBuf },
    /// The folder holds LoRA layers without the model that they belong to.
    #[error("{} holds a LoRA adapter, and no model", .folder.display())]
    Adapter { folder: PathBuf },
    /// The weights are in PyTorch's format.
    #[error(
        "{} is a pickle file, which can run any program when it is opened; save the model as {WEIGHTS_FILE}, with \
         `save_pretrained(..., safe_serialization=True)`",
        .path.display()
    )]
    Pickle { path: PathBuf },
    /// The configuration is not JSON of the right form.
    #[error("{} is not a model configuration: {source}", .path.display())]
    BadConfig { path: PathBuf, source: serde_json::Error },
    /// The configuration does not say how many tokens the model knows.
    #[error("{} does not say how many token ids the model has", .path.display())]
    NoVocabSize { path: PathBuf },
    /// The configuration describes no possible model.
    #[error("{}: {source}", .path.display())]
    ImpossibleConfig { path: PathBuf, source: ConfigError },
    /// A model that is impossible, or that this program does not compute.
    #[error("{}: {reason}", .path.display())]
    OtherModel { path: PathBuf, reason: String },
    /// The weights are damaged or of another kind.
    #[error("{} is not a whole safetensors file: {reason}", .path.display())]
    BadWeights { path: PathBuf, reason: String },
    /// A GGUF file is damaged or of another kind.
    #[error("{} is not a whole GGUF file: {reason}", .path.display())]
    BadGguf { path: PathBuf, reason: String },
    /// The file `checkpoint` of a TensorFlow checkpoint is of another kind.
    #[error("{} does not name a checkpoint in the form model_checkpoint_path: \"NAME\"", .path.display())]
    BadCheckpointFile { path: PathBuf },
    /// The index of a TensorFlow checkpoint is damaged or of another kind.
    #[error("{} is not a whole TensorFlow checkpoint index: {reason}", .path.display())]
    BadIndex { path: PathBuf, reason: String },
    /// A tensor is damaged or does not fit the configuration.
    #[error("{}: tensor {tensor}: {reason}", .path.display())]
    BadTensor { path: PathBuf, tensor: String, reason: String },
    /// The model to be saved has a parameter that its configuration does not describe.
    #[error(
        "cannot write {}: the configuration describes no parameter {parameter} (LoRA layers are merged before a model is \
         saved)",
        .path.display()
    )]
    UnknownParameter { path: PathBuf, parameter: String },
}
