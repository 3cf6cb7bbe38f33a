//! An adapter's tensors become parts of a model.
//!
//! `peft` names a tensor `base_model.model.`, then the layer as the trained model calls it, then `.lora_A.weight` or
//! `.lora_B.weight`. In Hugging Face's GPT-2 (`transformer.h.0.attn.c_attn`) queries, keys and values are one layer: all
//! three get its A, and each a third of its B. Parameters that were trained as a whole (biases, `modules_to_save`) have
//! their own names, without `lora_A`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use appendix_lora::{LoraLayer, attach_layers};
use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};

use super::config::AdapterSettings;
use super::{ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE, AdapterError, AdapterModel, AdapterNames, PEFT, layer_of};
use crate::FileError;
use crate::inspect::{Parameter, parameters};
use crate::load::{BadTensor, ByPath, replace_parameters};
use crate::stored::{StorageForm, StoredTensor, StoredTensors, TensorReference, stored_tensors};

/// `adapter_model.safetensors` in PyTorch's format.
const PICKLE_FILE: &str = "adapter_model.bin";

/// Attaches the LoRA layers of the adapter in `folder` to `model`, on `device`, and gives the model the parameters that
/// were trained as a whole. Everything that the adapter does not name stays as it is.
///
/// # Errors
/// If a file is missing or damaged, if the adapter is of a kind that computes something else, or if it does not fit the
/// model; the message names the tensor and both shapes.
pub fn load_adapter<M: AdapterModel>(folder: &Path, model: M, device: &Device) -> Result<M, AdapterError> {
    let config_path = folder.join(ADAPTER_CONFIG_FILE);
    let settings = AdapterSettings::read(&config_path)?;
    let path = folder.join(ADAPTER_WEIGHTS_FILE);
    if !path.exists() && folder.join(PICKLE_FILE).exists() {
        return Err(AdapterError::Pickle { path: folder.join(PICKLE_FILE) });
    }
    let bytes = fs::read(&path).map_err(FileError::read(&path))?;
    let damaged = |reason: String| AdapterError::Damaged { path: path.clone(), reason };
    let tensors = stored_tensors(&bytes).map_err(damaged)?;
    if tensors.is_empty() {
        return Err(damaged("it has no tensors".into()));
    }
    if model.linear_layers().iter().any(|(_, linear)| linear.weight.reparameterization::<LoraLayer>().is_some()) {
        return Err(AdapterError::HasLora);
    }
    let misfit = |(tensor, reason)| AdapterError::Misfit { path: path.clone(), tensor, reason };
    let mut adapter = AdapterTensors::new(&tensors, model.names_in_adapters()).map_err(misfit)?;
    adapter.check_tied_unchanged().map_err(misfit)?;
    let mut lora = adapter.lora_layers(&settings, &model, device).map_err(misfit)?;
    let whole = adapter.whole_parameters(&model).map_err(misfit)?;
    adapter.check_all_used().map_err(misfit)?;
    if whole.is_empty() && !settings.modules_to_save.is_empty() {
        let modules = settings.modules_to_save.join(", ");
        return Err(damaged(format!("the modules to save of {ADAPTER_CONFIG_FILE}, {modules}, are not in it")));
    }
    let tied = ["tok_emb.weight", "out_head.weight"];
    settings.check_tying(&config_path, tied.iter().any(|p| lora.contains_key(*p) || whole.contains_key(*p)))?;
    Ok(attach_layers(replace_parameters(model, whole), |path, _shape| lora.remove(path)))
}

/// A tensor and its name in the file.
type NamedTensor<'a> = (&'a str, &'a StoredTensor<'a>);
/// The matrices A and B of a layer.
type Pair<'a> = [NamedTensor<'a>; 2];

/// The tensors of an adapter file.
struct AdapterTensors<'a> {
    /// By the names that the model gives them.
    by_name: BTreeMap<String, NamedTensor<'a>>,
    /// Names in the file that have no place yet.
    unused: BTreeSet<&'a str>,
    /// The names that the model gives them.
    names: AdapterNames,
}

impl<'a> AdapterTensors<'a> {
    fn new(tensors: &'a StoredTensors<'a>, names: AdapterNames) -> Result<Self, BadTensor> {
        let mut by_name = BTreeMap::new();
        for (name, stored) in tensors.iter().filter(|(name, _)| !is_unused(name, tensors)) {
            if let Some((other, _)) = by_name.insert(model_name(name, &names), (name.as_str(), stored)) {
                return Err((name.clone(), format!("it is there twice, also as {other}")));
            }
        }
        let unused = by_name.values().map(|(name, _)| *name).collect();
        Ok(Self { by_name, unused, names })
    }

    /// Fails if the adapter changes the embedding or the output layer of a model in which they are one weight.
    fn check_tied_unchanged(&self) -> Result<(), BadTensor> {
        let is_tied =
            |name: &String| self.names.tied.iter().any(|tied| name.starts_with(self.names.without_prefix(tied)));
        let Some((_, (name, _))) = self.by_name.iter().find(|(name, _)| is_tied(name)) else { return Ok(()) };
        let reason = "the output layer of this model is its token embedding, and an adapter would change one of them \
                      alone; train it without embed_tokens and lm_head";
        Err((name.to_string(), reason.to_string()))
    }

    /// The LoRA layers, by the paths of the weights that they belong to.
    fn lora_layers(
        &mut self,
        settings: &AdapterSettings,
        model: &impl AdapterModel,
        device: &Device,
    ) -> Result<HashMap<String, LoraLayer>, BadTensor> {
        let mut layers = HashMap::new();
        for (path, linear) in model.linear_layers() {
            let Some(([(name_a, a), (name_b, b)], third)) = self.only_pair(&path)? else { continue };
            // A third of GPT-2's layer leaves the other thirds.
            self.unused.remove(name_a);
            self.unused.remove(name_b);
            let (rank, scale) = settings.rank_and_scale(layer_name(name_a));
            let [d_in, d_out] = linear.weight.lazy_shape().dims();
            let width = if third.is_some() { 3 * d_out } else { d_out };
            let a = matrix(name_a, a, [d_in, rank])?;
            let b = matrix(name_b, b, [rank, width])?;
            let from = third.unwrap_or(0) * d_out;
            let b: Vec<f32> = b.chunks(width).flat_map(|row| &row[from..from + d_out]).copied().collect();
            let param = |values: Vec<f32>, shape: [usize; 2]| {
                Param::from_tensor(Tensor::<2>::from_data(TensorData::new(values, shape), device))
            };
            let layer_of_a_and_b = LoraLayer { a: param(a, [d_in, rank]), b: param(b, [rank, d_out]), scale };
            layers.insert(path, layer_of_a_and_b);
        }
        Ok(layers)
    }

    /// The matrices of the weight with this path, if the file has them, and which third of their layer it is, if it is not
    /// the whole.
    fn only_pair(&self, path: &str) -> Result<Option<(Pair<'a>, Option<usize>)>, BadTensor> {
        let mut found = None;
        for TensorReference { name, form } in self.names.places(path) {
            let Some(pair) = self.pair(layer_of(self.names.without_prefix(name)))? else { continue };
            let third = if let StorageForm::Third(third) = form { Some(*third) } else { None };
            if let Some(([(other, _), _], _)) = found.replace((pair, third)) {
                let [(name, _), _] = pair;
                return Err((name.to_string(), format!("{} has other LoRA matrices too", layer_name(other))));
            }
        }
        Ok(found)
    }

    /// The matrices of a layer with their names in the file, if it has them.
    fn pair(&self, layer: &str) -> Result<Option<Pair<'a>>, BadTensor> {
        let [a, b] = ['A', 'B'].map(|matrix| self.by_name.get(&format!("{layer}.lora_{matrix}.weight")).copied());
        let missing = |there: &str, from: &str, to: &str| Err((there.replace(from, to), "it is missing".to_string()));
        match (a, b) {
            (None, None) => Ok(None),
            (Some((name, _)), None) => missing(name, ".lora_A.", ".lora_B."),
            (None, Some((name, _))) => missing(name, ".lora_B.", ".lora_A."),
            (Some(a), Some(b)) => Ok(Some([a, b])),
        }
    }

    /// The parameters that were trained as a whole, by their paths.
    fn whole_parameters(&mut self, model: &impl AdapterModel) -> Result<ByPath<'a>, BadTensor> {
        let mut found = ByPath::new();
        for Parameter { name: path, shape } in parameters(model) {
            for TensorReference { name, form } in self.names.places(&path) {
                let Some((name, stored)) = self.by_name.get(self.names.without_prefix(name)).copied() else { continue };
                stored.check(*form, &shape).map_err(|reason| (name.to_string(), reason))?;
                self.unused.remove(name);
                found.insert(path.clone(), (stored, *form));
            }
        }
        Ok(found)
    }

    /// Fails with a tensor that has no place in the model.
    fn check_all_used(&self) -> Result<(), BadTensor> {
        let Some(name) = self.unused.first() else { return Ok(()) };
        let reason = if name.contains(".lora_embedding_") {
            "LoRA matrices of embeddings are not read; adapt linear layers only"
        } else if name.ends_with(".bias") {
            "the model has no such bias"
        } else {
            "the model has no such layer"
        };
        Err((name.to_string(), reason.to_string()))
    }
}

/// Whether `peft` writes this tensor without need, when all biases were trained: GPT-2's causal masks are called
/// biases, and a bias in one of the `modules_to_save` is there three times, once as it was before.
fn is_unused(name: &str, tensors: &StoredTensors) -> bool {
    name.ends_with(".attn.bias")
        || name.ends_with(".attn.masked_bias")
        || name.contains(".original_module.")
        || name.contains(".modules_to_save.") && tensors.contains_key(&name.replace(".modules_to_save.", "."))
}

/// The name of a tensor in the model itself: without what `peft` and Hugging Face's head put in front, and without the
/// wrapper of an adapted layer.
fn model_name(name: &str, names: &AdapterNames) -> String {
    let name = names.without_prefix(name.strip_prefix(PEFT).unwrap_or(name));
    name.replace(".base_layer.", ".")
}

/// The name of the layer that a matrix A belongs to, as the trained model has it.
fn layer_name(matrix: &str) -> &str {
    let name = matrix.strip_prefix(PEFT).unwrap_or(matrix);
    name.strip_suffix(".lora_A.weight").unwrap_or(name)
}

/// The values of the transpose of a tensor, which has the shape `shape`, row by row.
fn matrix(name: &str, stored: &StoredTensor, shape: [usize; 2]) -> Result<Vec<f32>, BadTensor> {
    let expected = [shape[1], shape[0]];
    if stored.shape != expected {
        let reason = format!("its shape is {:?}, but the model and the rank ask for {expected:?}", stored.shape);
        return Err((name.to_string(), reason));
    }
    stored.check(StorageForm::Transposed, &shape).map_err(|reason| (name.to_string(), reason))?;
    Ok(stored.values(StorageForm::Transposed, &shape))
}
