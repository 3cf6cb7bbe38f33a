//! A classifier in a folder (section 6.8): `config.json` and `model.safetensors`.
//!
//! The tensors have the names and layouts of the book's PyTorch model, which saves them in `review_classifier.pth`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};
use ch04_gpt::GptModel;
use ch05_pretrain::checkpoint::{CONFIG_FILE, CheckpointError, WEIGHTS_FILE};
use ch05_pretrain::inspect::{Parameter, parameters};
use ch05_pretrain::save_model;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use shared::config::ConfigError;
use shared::files::write_whole;
use shared::init::transpose;
use shared::{GptConfig, Linear};

use crate::head::without_causal_mask;
use crate::{NUM_CLASSES, Readout};

/// What `config.json` holds: everything beside the weights that decides about an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassifierConfig {
    /// Sizes of the model.
    pub model: GptConfig,
    /// Tokens that messages are cut or filled up to; `None` if they are not filled up.
    pub max_length: Option<usize>,
    /// Where the answer is read.
    pub readout: Readout,
    /// Whether a token sees only those before it.
    pub causal_mask: bool,
    /// The classes, in the order of the head's values.
    pub labels: Vec<String>,
}

/// Why a classifier cannot be saved or loaded. Every message names the file or the folder.
#[derive(Debug, thiserror::Error)]
pub enum ClassifierError {
    /// The files of the model.
    #[error(transparent)]
    Model(#[from] CheckpointError),
    /// The file system refused.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The folder is none of a classifier.
    #[error("{} holds no classifier: {reason}", .folder.display())]
    NoClassifier {
        /// The folder.
        folder: PathBuf,
        /// What is missing or different.
        reason: String,
    },
    /// The configuration describes no possible model.
    #[error("{}: {source}", .path.display())]
    ImpossibleConfig {
        /// The file.
        path: PathBuf,
        /// The field and what is allowed.
        source: ConfigError,
    },
    /// The weights do not fit the configuration.
    #[error("{}: {reason}", .path.display())]
    Weights {
        /// The file.
        path: PathBuf,
        /// What is wrong with them.
        reason: String,
    },
}

/// Writes a classifier into `folder`, which is created if needed. One that is there already is replaced, as a whole.
///
/// # Errors
/// If a file cannot be written; then there is no half-written one.
pub fn save_classifier(folder: &Path, config: &ClassifierConfig, model: &GptModel) -> Result<(), ClassifierError> {
    let io_error = |path: &Path| {
        let path = path.to_path_buf();
        move |source| ClassifierError::Io { action: "write", path, source }
    };
    let (config_path, weights_path) = (folder.join(CONFIG_FILE), folder.join(WEIGHTS_FILE));
    fs::create_dir_all(folder).map_err(io_error(folder))?;
    let new = tempfile::Builder::new().prefix(".saving-").tempdir_in(folder).map_err(io_error(folder))?;
    save_model(new.path(), &config.model, model)?;

    // Weights never stand beside the configuration of another model.
    match fs::remove_file(&weights_path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(io_error(&weights_path)(e)),
        _ => {}
    }
    let json = serde_json::to_vec_pretty(config).expect("a configuration is plain data");
    write_whole(&config_path, &json).map_err(io_error(&config_path))?;
    fs::rename(new.path().join(WEIGHTS_FILE), &weights_path).map_err(io_error(&weights_path))
}

/// Whether `folder` holds a classifier, and not a model that writes text: its configuration names classes.
pub fn is_classifier(folder: &Path) -> bool {
    let config = fs::read(folder.join(CONFIG_FILE)).ok();
    let config = config.and_then(|json| serde_json::from_slice::<serde_json::Value>(&json).ok());
    config.is_some_and(|config| config.get("labels").is_some())
}

/// Reads the classifier in `folder`.
///
/// # Errors
/// If there is none, or a file is damaged.
pub fn load_classifier(folder: &Path, device: &Device) -> Result<(ClassifierConfig, GptModel), ClassifierError> {
    let config = load_config(folder)?;
    let path = folder.join(WEIGHTS_FILE);
    let bytes = fs::read(&path).map_err(|source| ClassifierError::Io { action: "read", path: path.clone(), source })?;
    let values = read_weights(&bytes, &config.model, device);
    let (model, values) = values.map_err(|reason| ClassifierError::Weights { path, reason })?;
    let model = model.map(&mut Fill(values.into_iter()));
    Ok(if config.causal_mask { (config, model) } else { (config, without_causal_mask(model)) })
}

fn load_config(folder: &Path) -> Result<ClassifierConfig, ClassifierError> {
    let path = folder.join(CONFIG_FILE);
    let no_classifier = |reason: String| ClassifierError::NoClassifier { folder: folder.into(), reason };
    let json = fs::read(&path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => no_classifier(format!("{CONFIG_FILE} is missing")),
        _ => ClassifierError::Io { action: "read", path: path.clone(), source },
    })?;
    if serde_json::from_slice::<GptConfig>(&json).is_ok() {
        return Err(no_classifier("the model there writes text and has no classification head".to_string()));
    }
    let config: ClassifierConfig =
        serde_json::from_slice(&json).map_err(|e| no_classifier(format!("{CONFIG_FILE} is not one of its: {e}")))?;
    let impossible = |source| ClassifierError::ImpossibleConfig { path: path.clone(), source };
    config.model.validate().map_err(impossible)?;
    let context_length = config.model.context_length;
    if let Some(max_length) = config.max_length.filter(|n| !(1..=context_length).contains(n)) {
        return Err(impossible(ConfigError::Field {
            field: "max_length",
            value: max_length.to_string(),
            allowed: format!("at least 1 and at most {context_length}, the context length"),
        }));
    }
    Ok(config)
}

/// An empty model and the values of its parameters, in the order of its fields.
fn read_weights(bytes: &[u8], config: &GptConfig, device: &Device) -> Result<(GptModel, Vec<Vec<f32>>), String> {
    let weights = SafeTensors::deserialize(bytes).map_err(|e| format!("it is not a whole safetensors file: {e}"))?;
    // Before a model with absurd sizes is made: the body alone has to fit into the file.
    let body = config.num_params() - config.vocab_size.saturating_mul(config.emb_dim).min(config.num_params());
    if body > bytes.len() / size_of::<f32>() {
        return Err("the configuration describes a larger model".to_string());
    }
    let mut model = GptModel::new(config, device);
    model.out_head = Linear::new(config.emb_dim, NUM_CLASSES, true, device);
    let list = parameters(&model);
    if let Some(name) = weights.names().into_iter().find(|&name| list.iter().all(|p| book_name(&p.name) != name)) {
        return Err(format!("there is no tensor {name} in this model"));
    }
    let values = list.iter().map(|parameter| read_tensor(&weights, parameter)).collect::<Result<_, _>>()?;
    Ok((model, values))
}

/// The values of a parameter in burn's layout.
fn read_tensor(weights: &SafeTensors, parameter: &Parameter) -> Result<Vec<f32>, String> {
    let name = book_name(&parameter.name);
    let tensor = weights.tensor(&name).map_err(|_| format!("the tensor {name} is missing"))?;
    // PyTorch keeps the weights of linear layers as the transpose of burn's.
    let transposed = parameter.shape.len() == 2 && !name.ends_with("_emb.weight");
    let mut expected = parameter.shape.clone();
    if transposed {
        expected.reverse();
    }
    if tensor.dtype() != Dtype::F32 || tensor.shape() != expected {
        let (dtype, shape) = (tensor.dtype(), tensor.shape());
        return Err(format!("the tensor {name} is {dtype:?} {shape:?}, not F32 {expected:?}"));
    }
    let (words, _) = tensor.data().as_chunks::<4>();
    let values: Vec<f32> = words.iter().map(|&word| f32::from_le_bytes(word)).collect();
    Ok(if transposed { transpose(&values, expected[0], expected[1]) } else { values })
}

/// The name of a parameter in the book's model, given the fields on the way to it.
fn book_name(fields: &str) -> String {
    let book_field = |field| match field {
        "w_query" => "W_query",
        "w_key" => "W_key",
        "w_value" => "W_value",
        "expand" => "layers.0",
        "contract" => "layers.2",
        other => other,
    };
    fields.split('.').map(book_field).collect::<Vec<_>>().join(".")
}

/// Gives every parameter its values.
struct Fill(std::vec::IntoIter<Vec<f32>>);

impl ModuleMapper for Fill {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, shape, device) = (param.id, param.lazy_shape(), param.lazy_device());
        let values = self.0.next().expect("there are as many values as parameters");
        param.transform_for_load(Tensor::from_data(TensorData::new(values, shape), &device), id)
    }
}
