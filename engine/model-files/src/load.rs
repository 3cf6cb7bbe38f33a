//! A model from a folder (section 5.4), and what all readers of models share: parameters filled from stored tensors.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};
use ch04_gpt::GptModel;
use shared::{GptConfig, Linear};

use crate::folder::read_json;
use crate::inspect::ParameterPath;
use crate::mapped::MappedFile;
use crate::parameters::{GptParameter, gpt_parameters};
use crate::stored::{StorageForm, StoredTensor, StoredTensors, TensorReference, read_safetensors};
use crate::{CONFIG_FILE, CheckpointError, WEIGHTS_FILE};

/// The output layer of a model in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadShape {
    /// Values for each token.
    pub outputs: usize,
    /// Whether it has a bias.
    pub bias: bool,
}

impl HeadShape {
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
    config.validate().map_err(|source| CheckpointError::ImpossibleConfig { path, source })?;
    let model = load_weights(folder, &config, HeadShape::of_text(&config), device)?;
    Ok((config, model))
}

/// Reads the weights in `folder` into the model that `config`, which is valid, and `head` describe.
///
/// # Errors
/// If the file is missing or damaged, or a tensor does not fit.
pub(crate) fn load_weights(
    folder: &Path,
    config: &GptConfig,
    head: HeadShape,
    device: &Device,
) -> Result<GptModel, CheckpointError> {
    let file = MappedFile::open(folder, WEIGHTS_FILE)?;
    let mut tensors = read_safetensors(&file)?;
    // The book's model saves its causal masks too.
    tensors.retain(|name, _| !name.ends_with(".att.mask"));
    fill_model(config, head, &tensors, GptParameter::in_book, device)
        .map_err(|(tensor, reason)| CheckpointError::BadTensor { path: file.path.clone(), tensor, reason })
}

/// A tensor and what is wrong with it.
pub(crate) type BadTensor = (String, String);

/// The model that `config` and `head` describe, with the values of `tensors`. `place` says where a parameter is. Every
/// tensor must be used.
///
/// The tensors are compared with the configuration before anything is allocated, so that a configuration with absurd
/// sizes ends in an error. Then they are converted one by one, each straight into its parameter.
///
/// # Errors
/// The first tensor that is missing or does not fit, or that the model does not have.
pub(crate) fn fill_model(
    config: &GptConfig,
    head: HeadShape,
    tensors: &StoredTensors,
    place: impl Fn(&GptParameter) -> TensorReference,
    device: &Device,
) -> Result<GptModel, BadTensor> {
    let wanted = gpt_parameters(config, head).map(|p| Wanted { path: p.path(), place: place(&p), shape: p.shape });
    let FoundTensors { found, unused } = find_tensors(tensors, wanted)?;
    if let Some(name) = unused.first() {
        return Err((name.to_string(), "there is no such tensor in this model".into()));
    }
    let mut model = GptModel::new(config, device);
    model.out_head = Linear::new(config.emb_dim, head.outputs, head.bias, device);
    Ok(replace_parameters(model, found))
}

/// A parameter of a model and where it should be in a file.
pub(crate) struct Wanted {
    /// Its path in the model.
    pub(crate) path: String,
    /// Its shape in burn's layout.
    pub(crate) shape: Vec<usize>,
    /// Where it should be.
    pub(crate) place: TensorReference,
}

/// The tensors of parameters by their paths, and how they are stored.
pub(crate) type ByPath<'a> = HashMap<String, (&'a StoredTensor<'a>, StorageForm)>;

/// What a file has for a model.
pub(crate) struct FoundTensors<'a> {
    /// The tensors of the parameters, all of which fit.
    pub(crate) found: ByPath<'a>,
    /// Names of the other tensors.
    pub(crate) unused: BTreeSet<&'a str>,
}

/// Finds the tensors of all parameters. Nothing is allocated for a parameter before its tensor has been seen.
///
/// # Errors
/// The first tensor that is missing or does not fit.
pub(crate) fn find_tensors<'a>(
    tensors: &'a StoredTensors<'a>,
    wanted: impl Iterator<Item = Wanted>,
) -> Result<FoundTensors<'a>, BadTensor> {
    let mut unused: BTreeSet<&str> = tensors.keys().map(String::as_str).collect();
    let mut found = HashMap::new();
    for Wanted { path, shape, place: TensorReference { name, form } } in wanted {
        let Some(stored) = tensors.get(&name) else { return Err((name, "it is missing".into())) };
        if let Err(reason) = stored.check(form, &shape) {
            return Err((name, reason));
        }
        unused.remove(name.as_str());
        found.insert(path, (stored, form));
    }
    Ok(FoundTensors { found, unused })
}

/// Gives the parameters with these paths the values of tensors that fit; all others stay as they are.
pub(crate) fn replace_parameters<M: Module>(model: M, found: ByPath) -> M {
    model.map(&mut LoadParameters { path: ParameterPath::default(), found })
}

/// Gives the parameters that were found their values.
struct LoadParameters<'a> {
    path: ParameterPath,
    found: ByPath<'a>,
}

impl ModuleMapper for LoadParameters<'_> {
    fn enter_module(&mut self, field: &str, _holder: &str) {
        self.path.enter(field);
    }

    fn exit_module(&mut self, _field: &str, _holder: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(&(stored, form)) = self.found.get(&self.path.to_string()) else { return param };
        let (id, shape, device) = (param.id, param.lazy_shape(), param.lazy_device());
        let values = stored.values(form, &shape.iter().copied().collect::<Vec<_>>());
        param.transform_for_load(Tensor::from_data(TensorData::new(values, shape), &device), id)
    }
}
