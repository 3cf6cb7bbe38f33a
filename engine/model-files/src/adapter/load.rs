//! An adapter's tensors become parts of a model.
//!
//! `peft` names a tensor `base_model.model.`, then the layer as the trained model calls it, then `.lora_A.weight` or
//! `.lora_B.weight`. The model can be the book's (`trf_blocks.0.att.W_query`) or Hugging Face's GPT-2
//! (`transformer.h.0.attn.c_attn`), whose queries, keys and values are one layer: all three get its A, and each a third
//! of its B. Parameters that were trained as a whole (biases, `modules_to_save`) have their own names, without
//! `lora_A`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use appendix_lora::{LoraLayer, attach_layers};
use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use ch04_gpt::GptModel;
use shared::GptConfig;

use super::config::AdapterSettings;
use super::{ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE, AdapterError, layers_of};
use crate::load::{BadTensor, replace_parameters};
use crate::parameters::gpt_parameters;
use crate::stored::{StorageForm, StoredTensor, StoredTensors, TensorReference, stored_tensors};
use crate::{FileError, HeadShape};

/// What `peft` puts before the names of the model.
const PEFT: &str = "base_model.model.";
/// `adapter_model.safetensors` in PyTorch's format.
const PICKLE_FILE: &str = "adapter_model.bin";

/// Attaches the LoRA layers of the adapter in `folder` to `model`, on `device`, and gives the model the parameters that
/// were trained as a whole. Everything that the adapter does not name stays as it is.
///
/// # Errors
/// If a file is missing or damaged, if the adapter is of a kind that computes something else, or if it does not fit the
/// model; the message names the tensor and both shapes.
pub fn load_adapter(folder: &Path, model: GptModel, device: &Device) -> Result<GptModel, AdapterError> {
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
    if layers_of(&model).any(|(_, linear)| linear.weight.reparameterization::<LoraLayer>().is_some()) {
        return Err(AdapterError::HasLora);
    }
    let misfit = |(tensor, reason)| AdapterError::Misfit { path: path.clone(), tensor, reason };
    let mut adapter = AdapterTensors::new(&tensors).map_err(misfit)?;
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

/// The tensors of an adapter file.
struct AdapterTensors<'a> {
    /// By the names that the model gives them.
    by_name: BTreeMap<String, NamedTensor<'a>>,
    /// Names in the file that have no place yet.
    unused: BTreeSet<&'a str>,
}

impl<'a> AdapterTensors<'a> {
    fn new(tensors: &'a StoredTensors<'a>) -> Result<Self, BadTensor> {
        let mut by_name = BTreeMap::new();
        for (name, stored) in tensors.iter().filter(|(name, _)| !is_unused(name, tensors)) {
            if let Some((other, _)) = by_name.insert(model_name(name), (name.as_str(), stored)) {
                return Err((name.clone(), format!("it is there twice, also as {other}")));
            }
        }
        let unused = by_name.values().map(|(name, _)| *name).collect();
        Ok(Self { by_name, unused })
    }

    /// The LoRA layers, by the paths of the weights that they belong to.
    fn lora_layers(
        &mut self,
        settings: &AdapterSettings,
        model: &GptModel,
        device: &Device,
    ) -> Result<HashMap<String, LoraLayer>, BadTensor> {
        let mut layers = HashMap::new();
        for (layer, linear) in layers_of(model) {
            let (gpt2_name, third) = layer.in_hugging_face();
            let (book, gpt2) = (self.pair(&layer.book_name())?, self.pair(&gpt2_name)?);
            let (pair, third) = match (book, gpt2) {
                (Some(_), Some([(name, _), _])) => {
                    return Err((name.to_string(), format!("{} has other LoRA matrices too", layer.book_name())));
                }
                (Some(pair), None) => (pair, None),
                (None, Some(pair)) => (pair, third),
                (None, None) => continue,
            };
            let [(name_a, a), (name_b, b)] = pair;
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
            layers.insert(layer.weight_path(), layer_of_a_and_b);
        }
        Ok(layers)
    }

    /// The matrices of a layer with their names in the file, if it has them.
    fn pair(&mut self, layer: &str) -> Result<Option<[NamedTensor<'a>; 2]>, BadTensor> {
        let [a, b] = ['A', 'B'].map(|matrix| self.by_name.get(&format!("{layer}.lora_{matrix}.weight")).copied());
        let missing = |there: &str, from: &str, to: &str| Err((there.replace(from, to), "it is missing".to_string()));
        match (a, b) {
            (None, None) => Ok(None),
            (Some((name, _)), None) => missing(name, ".lora_A.", ".lora_B."),
            (None, Some((name, _))) => missing(name, ".lora_B.", ".lora_A."),
            (Some(a), Some(b)) => {
                // A third of GPT-2's layer leaves the other thirds.
                self.unused.remove(a.0);
                self.unused.remove(b.0);
                Ok(Some([a, b]))
            }
        }
    }

    /// The parameters that were trained as a whole, by their paths.
    fn whole_parameters(
        &mut self,
        model: &GptModel,
    ) -> Result<HashMap<String, (&'a StoredTensor<'a>, StorageForm)>, BadTensor> {
        let mut found = HashMap::new();
        let (config, head) = sizes(model);
        for parameter in gpt_parameters(&config, head) {
            for TensorReference { name, form } in [parameter.in_book(), parameter.in_hugging_face("", true)] {
                let Some((name, stored)) = self.by_name.get(&name).copied() else { continue };
                stored.check(form, &parameter.shape).map_err(|reason| (name.to_string(), reason))?;
                self.unused.remove(name);
                found.insert(parameter.path(), (stored, form));
            }
        }
        Ok(found)
    }

    /// Fails with a tensor that has no place in the model.
    fn check_all_used(&self) -> Result<(), BadTensor> {
        let Some(name) = self.unused.first() else { return Ok(()) };
        let reason = if name.contains(".lora_embedding_") {
            "LoRA matrices of embeddings are not read; adapt linear layers only"
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
fn model_name(name: &str) -> String {
    let name = name.strip_prefix(PEFT).unwrap_or(name);
    let name = name.strip_prefix("transformer.").unwrap_or(name);
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

/// The sizes of a model, for the table of parameters. The bias of a classification head is in no adapter.
fn sizes(model: &GptModel) -> (GptConfig, HeadShape) {
    let [vocab_size, emb_dim] = model.tok_emb.weight.lazy_shape().dims();
    let attention = model.trf_blocks.first().map(|block| &block.att);
    let config = GptConfig {
        vocab_size,
        context_length: model.context_length(),
        emb_dim,
        n_heads: attention.map_or(1, |att| att.num_heads),
        n_layers: model.trf_blocks.len(),
        drop_rate: 0.0,
        qkv_bias: attention.is_some_and(|att| att.w_query.bias.is_some()),
    };
    let [_, outputs] = model.out_head.weight.lazy_shape().dims();
    (config, HeadShape { outputs, bias: false })
}
