//! LoRA layers alone in a folder (appendix E), in the layout of Hugging Face's `peft` library: `adapter_config.json`
//! and `adapter_model.safetensors`. Megabytes for GPT-2 or SmolLM2, kilobytes for a tiny model.
//!
//! | model | a layer is called | read too |
//! |---|---|---|
//! | the book's GPT | `trf_blocks.0.att.W_query` | Hugging Face's GPT-2: `transformer.h.0.attn.c_attn` |
//! | Llama, Qwen3, Gemma 3 | `model.layers.0.self_attn.q_proj` | without `model.` |
//!
//! A layer has the tensors `base_model.model.`, its name, `.lora_A.weight`, of shape `[rank, d_in]`, and `....lora_B.weight`,
//! `[d_out, rank]`: the transposes of what burn keeps. `peft` computes `alpha / rank`, so the alpha in the file is the
//! scale times the rank, whatever the scale was made of.

mod config;
mod load;
mod model;

use std::path::{Path, PathBuf};

use appendix_lora::LoraLayer;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::Value;
use shared::files::write_whole;

pub use self::load::load_adapter;
pub use self::model::{AdapterModel, AdapterNames};

use self::config::AdapterConfig;
use crate::FileError;

/// Name of the settings in an adapter folder.
pub const ADAPTER_CONFIG_FILE: &str = "adapter_config.json";
/// Name of the matrices in an adapter folder.
pub const ADAPTER_WEIGHTS_FILE: &str = "adapter_model.safetensors";

/// Why an adapter cannot be saved or loaded.
#[allow(missing_docs, reason = "an error's message says what its fields are")]
#[derive(Debug, thiserror::Error)]
pub enum AdapterError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is nothing to be saved.
    #[error("the model has no LoRA layers")]
    NoLora,
    /// An adapter cannot be loaded into a model that has one.
    #[error("the model has LoRA layers already; merge them first")]
    HasLora,
    /// An adapter file has one rank and one scale.
    #[error("the LoRA layer {layer} has another rank or scale than the first, and an adapter file has room for one")]
    Uneven { layer: String },
    /// A file is damaged or of another kind.
    #[error("{} is not that of a LoRA adapter: {reason}", .path.display())]
    Damaged { path: PathBuf, reason: String },
    /// The matrices are in a format that is not read.
    #[error(
        "{} is a pickle file, which can run any program when it is opened; save it as {ADAPTER_WEIGHTS_FILE}, with \
         `save_pretrained(..., safe_serialization=True)`",
        .path.display()
    )]
    Pickle { path: PathBuf },
    /// An adapter of a kind that computes something else.
    #[error("{} has {setting}: {value}, but {reason}", .path.display())]
    Unsupported { path: PathBuf, setting: String, value: Value, reason: &'static str },
    /// The adapter belongs to another model.
    #[error("{} does not fit the model: tensor {tensor}: {reason}", .path.display())]
    Misfit { path: PathBuf, tensor: String, reason: String },
}

impl AdapterError {
    fn unsupported(path: &Path, setting: &str, value: Value, reason: &'static str) -> Self {
        Self::Unsupported { path: path.into(), setting: setting.into(), value, reason }
    }
}

/// What `peft` puts before the names of the model.
const PEFT: &str = "base_model.model.";

fn tensor_name(layer: &str, matrix: char) -> String {
    format!("{PEFT}{layer}.lora_{matrix}.weight")
}

/// The layer that a weight belongs to.
fn layer_of(weight: &str) -> &str {
    weight.strip_suffix(".weight").unwrap_or(weight)
}

/// Writes the LoRA layers of `model` into `folder`, which is created if needed. Nothing else of the model is written: of a
/// classifier, for instance, not the head.
///
/// # Errors
/// If the model has none, or a file cannot be written; then the old file is still there.
pub fn save_adapter(folder: &Path, model: &impl AdapterModel) -> Result<(), AdapterError> {
    save_adapter_for(folder, model, None)
}

/// The same, with the name of the model that the adapter is for, as `peft` looks it up: a folder, or a name on the hub.
///
/// # Errors
/// As [`save_adapter`].
pub fn save_adapter_for(folder: &Path, model: &impl AdapterModel, base: Option<&str>) -> Result<(), AdapterError> {
    let names = model.names_in_adapters();
    let name = |path: &str| names.places(path).first().map(|place| layer_of(&place.name).to_string());
    let layers: Vec<(String, &LoraLayer)> = model
        .linear_layers()
        .into_iter()
        .filter_map(|(path, linear)| Some((name(&path)?, linear.weight.reparameterization::<LoraLayer>()?)))
        .collect();
    let Some((_, first)) = layers.first() else { return Err(AdapterError::NoLora) };
    let [_, rank] = first.a.lazy_shape().dims();
    let differs = |lora: &LoraLayer| lora.a.lazy_shape()[1] != rank || lora.scale != first.scale;
    if let Some((name, _)) = layers.iter().find(|(_, lora)| differs(lora)) {
        return Err(AdapterError::Uneven { layer: name.clone() });
    }
    let config = AdapterConfig {
        peft_type: "LORA".into(),
        r: rank,
        lora_alpha: first.scale * rank as f64,
        target_modules: layers.iter().map(|(name, _)| name.as_str()).collect(),
        others: [("base_model_name_or_path", base), ("task_type", names.task)]
            .into_iter()
            .filter_map(|(setting, value)| Some((setting.to_string(), value?.into())))
            .collect(),
    };
    let json = serde_json::to_vec_pretty(&config).expect("a configuration is plain data");
    for (file, contents) in [(ADAPTER_WEIGHTS_FILE, serialized(&layers)), (ADAPTER_CONFIG_FILE, json)] {
        let path = folder.join(file);
        write_whole(&path, &contents).map_err(FileError::write(&path))?;
    }
    Ok(())
}

/// The contents of `adapter_model.safetensors`.
fn serialized(layers: &[(String, &LoraLayer)]) -> Vec<u8> {
    let tensors: Vec<(String, [usize; 2], Vec<u8>)> = layers
        .iter()
        .flat_map(|(name, lora)| {
            [('A', &lora.a), ('B', &lora.b)].map(|(matrix, param)| {
                let transposed = param.val().inner().transpose();
                let bytes = transposed.to_data().iter::<f32>().flat_map(f32::to_le_bytes).collect();
                (tensor_name(name, matrix), transposed.dims(), bytes)
            })
        })
        .collect();
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.to_vec(), bytes).expect("as many bytes as the shape says");
        (name, view)
    });
    safetensors::serialize(views, None).expect("float32 tensors with names")
}
