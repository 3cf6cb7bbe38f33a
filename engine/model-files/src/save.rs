//! A model into a folder (section 5.4): `config.json` and `model.safetensors`, and its vocabulary if that is not GPT-2's.
//!
//! The tensors have the names and layouts of the book's PyTorch model (`trf_blocks.0.att.W_query.weight`, linear
//! weights as `[d_out, d_in]`), so that either side can read the other's files.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;
use ch02_text::bonus::Gpt2Files;
use ch04_gpt::GptModel;
use safetensors::{Dtype, View};
use shared::GptConfig;
use shared::files::{temporary_in, write_whole};
use shared::init::transpose;
use tempfile::TempPath;

use crate::inspect::ParameterPath;
use crate::parameters::gpt_parameters;
use crate::stored::{StorageForm, TensorReference};
use crate::vocabulary::vocabulary_files;
use crate::{CONFIG_FILE, CheckpointError, FileError, HeadShape, WEIGHTS_FILE, sync_file};

/// Writes a model with GPT-2's vocabulary into `folder`, which is created if needed. A model that is there already is
/// replaced, as a whole.
///
/// # Errors
/// [`CheckpointError::File`], and [`CheckpointError::UnknownParameter`] if the model has parameters that `config` does
/// not describe; then the folder holds no half-written file.
pub fn save_model(folder: &Path, config: &GptConfig, model: &GptModel) -> Result<(), CheckpointError> {
    save_model_with_vocabulary(folder, config, model, None)
}

/// The same for a model with this vocabulary, which is written beside it; `None` is GPT-2's.
///
/// # Errors
/// As [`save_model`].
pub fn save_model_with_vocabulary(
    folder: &Path,
    config: &GptConfig,
    model: &GptModel,
    vocabulary: Option<&Gpt2Files>,
) -> Result<(), CheckpointError> {
    let weights_path = folder.join(WEIGHTS_FILE);
    let tensors = tensors_of(config, model)
        .map_err(|parameter| CheckpointError::UnknownParameter { path: weights_path.clone(), parameter })?;
    let config_json = serde_json::to_string_pretty(config).expect("a configuration is plain data");
    write_folder(folder, tensors, None, descriptions(config_json, vocabulary))?;
    Ok(())
}

/// A file that describes a model: its name and contents; `None` for a file that must not be there.
pub(crate) type Description<'a> = (&'a str, Option<Cow<'a, [u8]>>);

/// The files that describe a model with this vocabulary.
pub(crate) fn descriptions(
    config_json: String,
    vocabulary: Option<&Gpt2Files>,
) -> impl Iterator<Item = Description<'static>> {
    let files = [(CONFIG_FILE, Some(config_json))].into_iter().chain(vocabulary_files(vocabulary));
    files.map(|(name, contents)| (name, contents.map(|text| text.into_bytes().into())))
}

/// Writes the weights, with `metadata` in their header, and the files that describe them. A model that is there already is
/// replaced, as a whole.
///
/// # Errors
/// If a file cannot be written; then no partial file is left.
pub(crate) fn write_folder<'a>(
    folder: &Path,
    tensors: Vec<(String, TensorToWrite)>,
    metadata: Option<HashMap<String, String>>,
    files: impl Iterator<Item = Description<'a>>,
) -> Result<(), FileError> {
    let weights_path = folder.join(WEIGHTS_FILE);
    fs::create_dir_all(folder).map_err(FileError::write(folder))?;
    let temporary = write_temporary(folder, tensors, metadata).map_err(FileError::write(&weights_path))?;
    replace_descriptions(folder, files)?;
    temporary.persist(&weights_path).map_err(|e| FileError::write(&weights_path)(e.error))
}

/// Writes the files that describe a model. Weights never stand beside those of another model: if one of the files changes,
/// the old weights go first.
pub(crate) fn replace_descriptions<'a>(
    folder: &Path,
    files: impl Iterator<Item = Description<'a>>,
) -> Result<(), FileError> {
    let changed: Vec<_> = files
        .map(|(name, contents)| (folder.join(name), contents))
        .filter(|(path, contents)| fs::read(path).ok().as_deref() != contents.as_deref())
        .collect();
    if !changed.is_empty() {
        remove_if_there(&folder.join(WEIGHTS_FILE))?;
    }
    changed.into_iter().try_for_each(|(path, contents)| match contents {
        Some(contents) => write_whole(&path, &contents).map_err(FileError::write(&path)),
        None => remove_if_there(&path),
    })
}

fn remove_if_there(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(FileError::write(path)(e)),
        _ => Ok(()),
    }
}

/// Writes the tensors into a temporary file in `folder`, as readable as any new file there.
fn write_temporary(
    folder: &Path,
    tensors: Vec<(String, TensorToWrite)>,
    metadata: Option<HashMap<String, String>>,
) -> io::Result<TempPath> {
    let temporary = temporary_in(folder)?;
    let permissions = temporary.as_file().metadata()?.permissions();
    let temporary = temporary.into_temp_path();
    safetensors::serialize_to_file(tensors, metadata, &temporary).map_err(|e| io::Error::other(e.to_string()))?;
    // The safetensors crate has put a file of its own there, which only the user may read.
    fs::set_permissions(&temporary, permissions)?;
    sync_file(&temporary)?;
    Ok(temporary)
}

/// The tensors of the book's model with their names; or the path of a parameter that `config` does not describe.
fn tensors_of(config: &GptConfig, model: &GptModel) -> Result<Vec<(String, TensorToWrite)>, String> {
    let [_, outputs] = model.out_head.weight.lazy_shape().dims();
    let head = HeadShape { outputs, bias: model.out_head.bias.is_some() };
    let places = gpt_parameters(config, head).map(|parameter| (parameter.path(), parameter.in_book())).collect();
    collect_tensors(model, places).map(|(found, _)| found)
}

/// Tensors to write, and the paths of parameters for which the model has no tensor.
pub(crate) type Collected = (Vec<(String, TensorToWrite)>, Vec<String>);

/// The tensors of a model whose parameters have these places, by their paths; or the path of one that has none.
pub(crate) fn collect_tensors(
    model: &impl Module,
    places: HashMap<String, TensorReference>,
) -> Result<Collected, String> {
    let mut collected = CollectTensors { path: ParameterPath::default(), places, found: Vec::new(), unknown: None };
    model.visit(&mut collected);
    let CollectTensors { places, found, unknown, .. } = collected;
    unknown.map_or_else(|| Ok((found, places.into_keys().collect())), Err)
}

/// The visit of a model's parameters that prepares them to be written one after the other.
struct CollectTensors {
    path: ParameterPath,
    places: HashMap<String, TensorReference>,
    found: Vec<(String, TensorToWrite)>,
    /// A parameter that has no place in the file.
    unknown: Option<String>,
}

impl ModuleVisitor for CollectTensors {
    fn enter_module(&mut self, field: &str, _holder: &str) {
        self.path.enter(field);
    }

    fn exit_module(&mut self, _field: &str, _holder: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let path = self.path.to_string();
        let Some(TensorReference { name, form }) = self.places.remove(&path) else {
            self.unknown.get_or_insert(path);
            return;
        };
        let tensor = param.val();
        let mut shape = tensor.dims().to_vec();
        let transposed = form == StorageForm::Transposed;
        if transposed {
            shape.reverse();
        }
        let flat = tensor.detach().reshape([-1]);
        self.found.push((name, TensorToWrite { shape, flat, transposed }));
    }
}

/// A parameter that becomes bytes only when it is written.
pub(crate) struct TensorToWrite {
    /// As it is written.
    pub(crate) shape: Vec<usize>,
    flat: Tensor<1>,
    transposed: bool,
}

impl View for TensorToWrite {
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
