//! A model in a folder (section 5.4): `config.json` and `model.safetensors`.
//!
//! The tensors have the names and layouts of the book's PyTorch model (`trf_blocks.0.att.W_query.weight`, linear
//! weights as `[d_out, d_in]`), so that either side can read the other's files.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};
use ch04_gpt::GptModel;
use memmap2::Mmap;
use safetensors::{Dtype, SafeTensors, View};
use shared::GptConfig;
use shared::config::ConfigError;
use shared::files::write_whole;
use shared::init::transpose;

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
        file: &'static str,
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
    /// A tensor does not fit the configuration.
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

    // Weights never stand beside the configuration of another model: those of another size go first.
    let config_json = serde_json::to_vec_pretty(config).expect("a configuration is plain data");
    if fs::read(&config_path).ok().as_deref() != Some(&config_json) {
        match fs::remove_file(&weights_path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(io_error(&weights_path)(e)),
            _ => write_whole(&config_path, &config_json).map_err(io_error(&config_path))?,
        }
    }

    let mut tensors = Collect::default();
    model.visit(&mut tensors);
    let temporary = tempfile::Builder::new()
        .prefix(".saving-")
        .tempfile_in(folder)
        .map_err(io_error(&weights_path))?
        .into_temp_path();
    safetensors::serialize_to_file(tensors.found, None, &temporary)
        .map_err(|e| io_error(&weights_path)(io::Error::other(e.to_string())))?;
    let written = File::open(&temporary).and_then(|file| file.sync_all());
    written.map_err(io_error(&weights_path))?;
    temporary.persist(&weights_path).map_err(|e| io_error(&weights_path)(e.error))
}

/// Reads the model in `folder`.
///
/// # Errors
/// If a file is missing or damaged, or a tensor does not fit the configuration.
pub fn load_model(folder: &Path, device: &Device) -> Result<(GptConfig, GptModel), CheckpointError> {
    let config = load_config(folder)?;
    let path = folder.join(WEIGHTS_FILE);
    let file = open(folder, WEIGHTS_FILE)?;
    let bytes = map_file(&file).map_err(|source| CheckpointError::Io { action: "read", path: path.clone(), source })?;
    let weights = SafeTensors::deserialize(&bytes)
        .map_err(|e| CheckpointError::BadWeights { path: path.clone(), reason: e.to_string() })?;

    let unused = weights.names().into_iter().filter(|name| !name.ends_with(".att.mask")).collect();
    let mut fill = Fill { place: Place::default(), weights: &weights, unused, error: None };
    let model = GptModel::new(&config, device).map(&mut fill);
    if let Some(name) = fill.unused.first() {
        fill.error.get_or_insert((name.to_string(), "there is no such tensor in this model".to_string()));
    }
    match fill.error {
        Some((tensor, reason)) => Err(CheckpointError::BadTensor { path, tensor, reason }),
        None => Ok((config, model)),
    }
}

/// Reads the configuration of the model in `folder`.
///
/// # Errors
/// If it is missing, not a configuration, or describes no possible model.
pub fn load_config(folder: &Path) -> Result<GptConfig, CheckpointError> {
    let path = folder.join(CONFIG_FILE);
    let config: GptConfig = serde_json::from_reader(io::BufReader::new(open(folder, CONFIG_FILE)?))
        .map_err(|source| CheckpointError::BadConfig { path: path.clone(), source })?;
    config.validate().map_err(|source| CheckpointError::ImpossibleConfig { path, source })?;
    Ok(config)
}

fn open(folder: &Path, name: &'static str) -> Result<File, CheckpointError> {
    let path = folder.join(name);
    File::open(&path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => CheckpointError::NoModel { folder: folder.into(), file: name },
        _ => CheckpointError::Io { action: "read", path, source },
    })
}

#[expect(unsafe_code, reason = "a mapped file is read where it lies, without a second copy in memory")]
fn map_file(file: &File) -> io::Result<Mmap> {
    // SAFETY: the map is only read, and dropped before the file is. Another process that cuts the file short meanwhile
    // could end this one; saving never does that, it puts a new file in place of the old one.
    unsafe { Mmap::map(file) }
}

/// Where a walk over the model's parameters is: the fields on the way and the type that holds the innermost.
#[derive(Default)]
struct Place {
    fields: Vec<String>,
    holder: String,
}

impl Place {
    fn enter(&mut self, field: &str, holder: &str) {
        self.fields.push(field.to_string());
        self.holder = holder.to_string();
    }

    fn exit(&mut self) {
        self.fields.pop();
    }

    /// The name of the parameter in the book's PyTorch model.
    fn book_name(&self) -> String {
        let book_field = |field: &String| {
            match field.as_str() {
                "w_query" => "W_query",
                "w_key" => "W_key",
                "w_value" => "W_value",
                "expand" => "layers.0",
                "contract" => "layers.2",
                other => other,
            }
            .to_string()
        };
        self.fields.iter().map(book_field).collect::<Vec<_>>().join(".")
    }

    /// Whether PyTorch keeps this parameter as the transpose of burn's.
    fn is_transposed(&self) -> bool {
        self.holder == "Struct:Linear" && self.fields.last().is_some_and(|field| field == "weight")
    }
}

/// The parameters of a model, ready to be written one after the other.
#[derive(Default)]
struct Collect {
    place: Place,
    found: Vec<(String, Values)>,
}

impl ModuleVisitor for Collect {
    fn enter_module(&mut self, field: &str, holder: &str) {
        self.place.enter(field, holder);
    }

    fn exit_module(&mut self, _field: &str, _holder: &str) {
        self.place.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let mut shape = tensor.dims().to_vec();
        let transposed = self.place.is_transposed();
        if transposed {
            shape.reverse();
        }
        let flat = tensor.detach().reshape([-1]);
        self.found.push((self.place.book_name(), Values { shape, flat, transposed }));
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
        let mut values: Vec<f32> = self.flat.to_data().iter::<f32>().collect();
        if self.transposed {
            values = transpose(&values, self.shape[1], self.shape[0]);
        }
        values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>().into()
    }

    fn data_len(&self) -> usize {
        self.shape.iter().product::<usize>() * size_of::<f32>()
    }
}

/// Gives every parameter the values of the tensor of its name. The first that does not fit is remembered.
struct Fill<'a> {
    place: Place,
    weights: &'a SafeTensors<'a>,
    unused: BTreeSet<&'a str>,
    error: Option<(String, String)>,
}

impl Fill<'_> {
    /// The values of a tensor of shape `shape` in burn's layout.
    fn values(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, String> {
        let view = self.weights.tensor(name).map_err(|_| "it is missing".to_string())?;
        self.unused.remove(name);
        let transposed = self.place.is_transposed();
        let mut expected = shape.to_vec();
        if transposed {
            expected.reverse();
        }
        if view.shape() != expected {
            return Err(format!("its shape is {:?}, but the configuration asks for {expected:?}", view.shape()));
        }
        if view.dtype() != Dtype::F32 {
            return Err(format!("it holds {:?} values, not F32", view.dtype()));
        }
        let (words, _) = view.data().as_chunks::<4>();
        let values: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
        Ok(if transposed { transpose(&values, expected[0], expected[1]) } else { values })
    }
}

impl ModuleMapper for Fill<'_> {
    fn enter_module(&mut self, field: &str, holder: &str) {
        self.place.enter(field, holder);
    }

    fn exit_module(&mut self, _field: &str, _holder: &str) {
        self.place.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if self.error.is_some() {
            return param;
        }
        let (id, shape, device) = (param.id, param.lazy_shape(), param.lazy_device());
        let name = self.place.book_name();
        match self.values(&name, &shape.iter().copied().collect::<Vec<_>>()) {
            Ok(values) => param.transform_for_load(Tensor::from_data(TensorData::new(values, shape), &device), id),
            Err(reason) => {
                self.error = Some((name, reason));
                param
            }
        }
    }
}
