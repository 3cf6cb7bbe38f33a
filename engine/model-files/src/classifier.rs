//! A classifier in a folder (section 6.8): `config.json` and `model.safetensors`.
//!
//! The tensors have the names and layouts of the book's PyTorch model, which saves them in `review_classifier.pth`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bonus_llama::LlamaConfig;
use burn::tensor::Device;
use ch02_text::bonus::Gpt2Files;
use ch04_gpt::GptModel;
use ch06_classify::head::without_causal_mask;
use ch06_classify::{Label, NUM_CLASSES, Readout};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::GptConfig;
use shared::config::ConfigError;
use shared::text;

use crate::gpt2::{ModelKind, model_kind};
use crate::load::load_weights;
use crate::save::{descriptions, replace_descriptions};
use crate::{CONFIG_FILE, CheckpointError, FileError, HeadShape, WEIGHTS_FILE, save_model};

/// What `config.json` holds: everything but the weights that an answer depends on. `C` are the sizes of a GPT or of a
/// [Llama](crate::llama).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassifierConfig<C = GptConfig> {
    /// Sizes of the model.
    pub model: C,
    /// Length in tokens to which messages are truncated or padded; `None` if they are not padded.
    pub max_length: Option<usize>,
    /// The token position whose output is classified.
    pub readout: Readout,
    /// Whether a token sees only those before it.
    pub causal_mask: bool,
    /// The classes, in the order of the head's values: ham, spam.
    pub labels: Vec<String>,
}

/// Why a classifier cannot be saved or loaded. Every message names the file or the folder.
#[allow(missing_docs, reason = "an error's message says what its fields are")]
#[derive(Debug, thiserror::Error)]
pub enum ClassifierError {
    /// The files of the model.
    #[error(transparent)]
    Model(#[from] CheckpointError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The folder holds no classifier.
    #[error("{} holds no classifier: {reason}", .folder.display())]
    NoClassifier { folder: PathBuf, reason: String },
    /// The folder holds a model that writes text.
    #[error("{} holds no classifier: the model there writes text and has no classification head", .folder.display())]
    WritesText { folder: PathBuf },
    /// The configuration describes no possible model.
    #[error("{}: {source}", .path.display())]
    ImpossibleConfig { path: PathBuf, source: ConfigError },
}

/// Writes a classifier with GPT-2's vocabulary into `folder`, which is created if needed. One that is there already is
/// replaced, as a whole.
///
/// # Errors
/// If a file cannot be written; then no partial file is left.
pub fn save_classifier(folder: &Path, config: &ClassifierConfig, model: &GptModel) -> Result<(), ClassifierError> {
    save_classifier_with_vocabulary(folder, config, model, None)
}

/// The same for a classifier with this vocabulary, which is written beside it; `None` is GPT-2's.
///
/// # Errors
/// As [`save_classifier`].
pub fn save_classifier_with_vocabulary(
    folder: &Path,
    config: &ClassifierConfig,
    model: &GptModel,
    vocabulary: Option<&Gpt2Files>,
) -> Result<(), ClassifierError> {
    let weights_path = folder.join(WEIGHTS_FILE);
    fs::create_dir_all(folder).map_err(FileError::write(folder))?;
    let new = tempfile::Builder::new().prefix(".saving-").tempdir_in(folder).map_err(FileError::write(folder))?;
    save_model(new.path(), &config.model, model)?;

    let json = serde_json::to_string_pretty(config).expect("a configuration is plain data");
    replace_descriptions(folder, descriptions(json, vocabulary))?;
    fs::rename(new.path().join(WEIGHTS_FILE), &weights_path).map_err(FileError::write(&weights_path))?;
    Ok(())
}

/// Whether `folder` holds a classifier, and not a model that writes text: its configuration names classes.
pub fn is_classifier(folder: &Path) -> bool {
    config_value(folder).is_some()
}

/// The configuration of the classifier in `folder`; `None` if there is none.
pub(crate) fn config_value(folder: &Path) -> Option<Value> {
    let config = text::read(&folder.join(CONFIG_FILE)).ok();
    let config = config.and_then(|json| serde_json::from_str::<Value>(&json).ok());
    config.filter(|config| config.get("labels").is_some())
}

/// Reads the classifier in `folder`, whose body is a GPT.
///
/// # Errors
/// If there is none, or a file is damaged.
pub fn load_classifier(folder: &Path, device: &Device) -> Result<(ClassifierConfig, GptModel), ClassifierError> {
    let config = load_config::<GptConfig>(folder)?;
    let model = load_weights(folder, &config.model, HeadShape { outputs: NUM_CLASSES, bias: true }, device)?;
    Ok(if config.causal_mask { (config, model) } else { (config, without_causal_mask(model)) })
}

/// The sizes of a model that can become a classifier.
pub(crate) trait Sizes: DeserializeOwned {
    fn validate(&self) -> Result<(), ConfigError>;
    fn context_length(&self) -> usize;
    /// Whether every token can be made to see those after it.
    const CAN_SEE_AHEAD: bool;
}

impl Sizes for GptConfig {
    fn validate(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn context_length(&self) -> usize {
        self.context_length
    }

    const CAN_SEE_AHEAD: bool = true;
}

impl Sizes for LlamaConfig {
    fn validate(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn context_length(&self) -> usize {
        self.context_length
    }

    const CAN_SEE_AHEAD: bool = false;
}

/// Reads the configuration of the classifier in `folder`.
///
/// # Errors
/// If there is none, or an impossible one.
pub(crate) fn load_config<C: Sizes>(folder: &Path) -> Result<ClassifierConfig<C>, ClassifierError> {
    let path = folder.join(CONFIG_FILE);
    let writes_text = || ClassifierError::WritesText { folder: folder.into() };
    if matches!(model_kind(folder), Ok(ModelKind::HuggingFace | ModelKind::OpenAi)) {
        return Err(writes_text());
    }
    let no_classifier = |reason: String| ClassifierError::NoClassifier { folder: folder.into(), reason };
    let json = text::read(&path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => no_classifier(format!("{CONFIG_FILE} is missing")),
        _ => FileError::read(&path)(source).into(),
    })?;
    if serde_json::from_str::<GptConfig>(&json).is_ok() {
        return Err(writes_text());
    }
    let config: ClassifierConfig<C> =
        serde_json::from_str(&json).map_err(|e| no_classifier(format!("{CONFIG_FILE} does not describe one: {e}")))?;
    check(&config).map_err(|source| ClassifierError::ImpossibleConfig { path, source })?;
    Ok(config)
}

fn check<C: Sizes>(config: &ClassifierConfig<C>) -> Result<(), ConfigError> {
    config.model.validate()?;
    let labels = Label::ALL.map(Label::name);
    if config.labels != labels {
        let (value, allowed) = (config.labels.join(", "), labels.join(", "));
        return Err(ConfigError::Field { field: "labels", value, allowed });
    }
    let context_length = config.model.context_length();
    if let Some(max_length) = config.max_length.filter(|n| !(1..=context_length).contains(n)) {
        let allowed = format!("at least 1 and at most {context_length}, the context length");
        return Err(ConfigError::Field { field: "max_length", value: max_length.to_string(), allowed });
    }
    if !config.causal_mask && !C::CAN_SEE_AHEAD {
        let (value, allowed) = ("false".to_string(), "true for a model of this kind".to_string());
        return Err(ConfigError::Field { field: "causal_mask", value, allowed });
    }
    Ok(())
}
