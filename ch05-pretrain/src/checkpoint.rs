//! A model in a folder (section 5.4): `config.json` and `model.safetensors`.
//!
//! The tensors have the names and layouts of the book's PyTorch model (`trf_blocks.0.att.W_query.weight`, linear
//! weights as `[d_out, d_in]`), so that either side can read the other's files.

mod fill;
mod names;
mod stored;

use std::borrow::Cow;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use ch04_gpt::GptModel;
use safetensors::{Dtype, View};
use serde::de::DeserializeOwned;
use shared::GptConfig;
use shared::config::ConfigError;
use shared::files::{temporary_in, write_whole};
use shared::init::transpose;

pub(crate) use fill::fill_model;
#[cfg(test)]
pub(crate) use names::parameters;
use names::{Place, is_linear_weight};
pub(crate) use stored::{MappedFile, Part, Source, StoredTensor, StoredTensors, read_safetensors};

/// Name of the configuration in a model folder.
pub const CONFIG_FILE: &str = "config.json";
/// Name of the weights in a model folder.
pub const WEIGHTS_FILE: &str = "model.safetensors";

/// Why a model cannot be saved or loaded. Every message names the file.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
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
    /// The folder holds no model.
    #[error("{} holds no model: {file} is missing", .folder.display())]
    NoModel {
        /// The folder.
        folder: PathBuf,
        /// The file that a model folder has.
        file: String,
    },
    /// The folder holds none of the kinds of models that can be opened.
    #[error(
        "{} holds no model: there is neither config.json with model.safetensors (a model of this project, or GPT-2 from \
         Hugging Face) nor hparams.json with checkpoint and model.ckpt.* (GPT-2 from OpenAI)",
        .folder.display()
    )]
    NoKnownModel {
        /// The folder.
        folder: PathBuf,
    },
    /// The configuration is not JSON of the right form.
    #[error("{} is not a model configuration: {source}", .path.display())]
    BadConfig {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: serde_json::Error,
    },
    /// The configuration describes no possible model.
    #[error("{}: {source}", .path.display())]
    ImpossibleConfig {
        /// The file.
        path: PathBuf,
        /// The field and what is allowed.
        source: ConfigError,
    },
    /// The weights are damaged or of another kind.
    #[error("{} is not a whole safetensors file: {reason}", .path.display())]
    BadWeights {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file `checkpoint` of a TensorFlow checkpoint is of another kind.
    #[error("{} does not name a checkpoint in the form model_checkpoint_path: \"NAME\"", .path.display())]
    BadCheckpointFile {
        /// The file.
        path: PathBuf,
    },
    /// The index of a TensorFlow checkpoint is damaged or of another kind.
    #[error("{} is not a whole TensorFlow checkpoint index: {reason}", .path.display())]
    BadIndex {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A tensor is damaged or does not fit the configuration.
    #[error("{}: tensor {tensor}: {reason}", .path.display())]
    BadTensor {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// Writes a model into `folder`, which is created if needed. A model that is there already is replaced, as a whole.
///
/// # Errors
/// [`CheckpointError::Io`]; then the folder holds no half-written file.
pub fn save_model(folder: &Path, config: &GptConfig, model: &GptModel) -> Result<(), CheckpointError> {
    let io_error = |path: &Path| {
        let path = path.to_path_buf();
        move |source| CheckpointError::Io { action: "write", path, source }
    };
    let (config_path, weights_path) = (folder.join(CONFIG_FILE), folder.join(WEIGHTS_FILE));
    fs::create_dir_all(folder).map_err(io_error(folder))?;

    let mut tensors = Collect::default();
    model.visit(&mut tensors);
    let temporary = temporary_in(folder).map_err(io_error(&weights_path))?;
    let permissions = temporary.as_file().metadata().map_err(io_error(&weights_path))?.permissions();
    let temporary = temporary.into_temp_path();
    safetensors::serialize_to_file(tensors.found, None, &temporary)
        .map_err(|e| io_error(&weights_path)(io::Error::other(e.to_string())))?;
    // The safetensors crate has put a file of its own there, which only the user may read.
    fs::set_permissions(&temporary, permissions)
        .and_then(|()| sync_file(&temporary))
        .map_err(io_error(&weights_path))?;

    // Weights never stand beside the configuration of another model: those of another size go first.
    let config_json = serde_json::to_vec_pretty(config).expect("a configuration is plain data");
    if fs::read(&config_path).ok().as_deref() != Some(&config_json) {
        match fs::remove_file(&weights_path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(io_error(&weights_path)(e)),
            _ => write_whole(&config_path, &config_json).map_err(io_error(&config_path))?,
        }
    }
    temporary.persist(&weights_path).map_err(|e| io_error(&weights_path)(e.error))
}

/// Waits until a file is on the disk. Windows does so only for a file that is open for writing.
pub(crate) fn sync_file(path: &Path) -> io::Result<()> {
    File::options().write(true).open(path)?.sync_all()
}

/// The output layer of a model in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Values for each token.
    pub outputs: usize,
    /// Whether it has a bias.
    pub bias: bool,
}

impl Head {
    /// That of a model that writes text: a value for each word of the vocabulary, no bias.
    pub fn of_text(config: &GptConfig) -> Self {
        Self { outputs: config.vocab_size, bias: false }
    }
}

/// Reads the model in `folder`.
///
/// # Errors
/// If a file is missing or damaged, or a tensor does not fit the configuration.
pub fn load_model(folder: &Path, device: &Device) -> Result<(GptConfig, GptModel), CheckpointError> {
    let config: GptConfig = read_json(folder, CONFIG_FILE)?;
    let path = folder.join(CONFIG_FILE);
    check_sizes(&config).map_err(|source| CheckpointError::ImpossibleConfig { path, source })?;
    let model = load_weights(folder, &config, Head::of_text(&config), device)?;
    Ok((config, model))
}

/// Reads the weights in `folder` into the model that `config`, which went through [`check_sizes`], and `head` describe.
///
/// # Errors
/// If the file is missing or damaged, or a tensor does not fit.
pub fn load_weights(
    folder: &Path,
    config: &GptConfig,
    head: Head,
    device: &Device,
) -> Result<GptModel, CheckpointError> {
    let file = MappedFile::open(folder, WEIGHTS_FILE)?;
    let mut tensors = read_safetensors(&file)?;
    // The book's model saves its masks too.
    tensors.retain(|name, _| !name.ends_with(".att.mask"));

    let source = |name: &str| Source {
        tensor: name.to_string(),
        part: if is_linear_weight(name) { Part::Transposed } else { Part::Whole },
    };
    fill_model(config, head, &tensors, source, device).map_err(|(tensor, reason)| CheckpointError::BadTensor {
        path: file.path.clone(),
        tensor,
        reason,
    })
}

/// Checks a configuration that comes from a file, before a model is made from it.
///
/// # Errors
/// If there is no such model, or its causal masks would fill the memory: they are the one thing in a model that the
/// size of its weights does not limit.
pub fn check_sizes(config: &GptConfig) -> Result<(), ConfigError> {
    /// One byte for each pair of positions and block, a gigabyte; GPT-2 XL has 50 million. While a mask is made, it takes four
    /// more.
    const MOST_PAIRS: usize = 1 << 30;

    config.validate()?;
    let pairs = config.context_length.saturating_mul(config.context_length).saturating_mul(config.n_layers);
    if pairs > MOST_PAIRS {
        return Err(ConfigError::Field {
            field: "context_length",
            value: config.context_length.to_string(),
            allowed: format!("at most {} with {} layers", (MOST_PAIRS / config.n_layers).isqrt(), config.n_layers),
        });
    }
    Ok(())
}

/// Reads a JSON file that describes a model.
///
/// # Errors
/// If it is missing or of another form.
pub(crate) fn read_json<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<T, CheckpointError> {
    let path = folder.join(name);
    let reader = io::BufReader::new(stored::open(folder, name)?);
    serde_json::from_reader(reader).map_err(|source| CheckpointError::BadConfig { path, source })
}

/// The parameters of a model, ready to be written one after the other.
#[derive(Default)]
struct Collect {
    place: Place,
    found: Vec<(String, Values)>,
}

impl ModuleVisitor for Collect {
    fn enter_module(&mut self, field: &str, _holder: &str) {
        self.place.enter(field);
    }

    fn exit_module(&mut self, _field: &str, _holder: &str) {
        self.place.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let mut shape = tensor.dims().to_vec();
        let name = self.place.book_name();
        let transposed = is_linear_weight(&name);
        if transposed {
            shape.reverse();
        }
        let flat = tensor.detach().reshape([-1]);
        self.found.push((name, Values { shape, flat, transposed }));
    }
}

/// A parameter that becomes bytes only when it is written.
struct Values {
    shape: Vec<usize>,
    flat: Tensor<1>,
    transposed: bool,
}

impl View for Values {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let mut values = self.flat.to_data().try_into_vec_as::<f32>().expect("parameters are numbers");
        if self.transposed {
            values = transpose(&values, self.shape[1], self.shape[0]);
        }
        values.into_iter().map(f32::to_le_bytes).collect::<Vec<_>>().into_flattened().into()
    }

    fn data_len(&self) -> usize {
        self.shape.iter().product::<usize>() * size_of::<f32>()
    }
}
