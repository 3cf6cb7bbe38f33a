//! The additions alone in a folder, in the layout of Hugging Face's `peft` library: `adapter_config.json` and
//! `adapter_model.safetensors`. A few megabytes for GPT-2, a few kilobytes for a tiny model.
//!
//! A layer `trf_blocks.0.att.W_query` has the tensors `base_model.model.trf_blocks.0.att.W_query.lora_A.weight`,
//! `[rank, d_in]`, and `....lora_B.weight`, `[d_out, rank]`: the transposes of what burn keeps. `peft` computes
//! `alpha / rank`, so the alpha in the file is the scale times the rank, whatever the scale was made of.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared::LowRank;
use shared::files::write_whole;

use crate::{LinearLayers, linear_layers};

/// Name of the settings in an adapter folder.
pub const CONFIG_FILE: &str = "adapter_config.json";
/// Name of the matrices in an adapter folder.
pub const WEIGHTS_FILE: &str = "adapter_model.safetensors";

/// Why an adapter cannot be saved or loaded.
#[derive(Debug, thiserror::Error)]
pub enum AdapterError {
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
    /// The model has no additions that could be saved.
    #[error("the model has no LoRA layers")]
    NoLora,
    /// An adapter file has one rank and one strength.
    #[error("the LoRA layer {layer} has another rank or strength than the first, and an adapter file has room for one")]
    Uneven {
        /// The layer.
        layer: String,
    },
    /// A file is damaged or of another kind.
    #[error("{} is not that of a LoRA adapter: {reason}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// An adapter of a kind that computes something else.
    #[error(
        "{} has {setting}: {value}, but here an adapter is x W + alpha / r · (x A) B and nothing else: \
         train it without that setting",
        .path.display()
    )]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// The setting.
        setting: String,
        /// Its value.
        value: Value,
    },
    /// The adapter belongs to another model.
    #[error("{} does not fit the model: tensor {tensor}: {reason}", .path.display())]
    Misfit {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// Both shapes, or what is missing.
        reason: String,
    },
}

/// `adapter_config.json`. Which layers have an addition is seen from the tensors.
#[derive(Debug, Serialize, Deserialize)]
struct AdapterConfig {
    peft_type: String,
    r: usize,
    lora_alpha: f64,
    /// A list, or in files of others also a pattern.
    target_modules: Value,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// Settings of `peft` with which an adapter computes something else, or has more tensors than A and B.
const MUST_BE_OFF: [&str; 15] = [
    "alora_invocation_tokens",
    "alpha_pattern",
    "arrow_config",
    "fan_in_fan_out",
    "kasa_config",
    "layer_replication",
    "lora_bias",
    "modules_to_save",
    "rank_pattern",
    "target_parameters",
    "trainable_token_indices",
    "use_bdlora",
    "use_dora",
    "use_qalora",
    "use_rslora",
];

/// Whether an adapter with this setting is no longer `x W + alpha / r · (x A) B`.
fn computes_something_else(setting: &str, value: &Value) -> bool {
    match (setting, value) {
        ("bias", value) => value != "none",
        // Other methods, such as PiSSA, also change the weights that the adapter is for.
        ("init_lora_weights", Value::String(method)) => !["gaussian", "eva", "orthogonal"].contains(&method.as_str()),
        (_, Value::Null | Value::Bool(false)) => false,
        (_, Value::Array(list)) if list.is_empty() => false,
        (_, Value::Object(map)) if map.is_empty() => false,
        _ => MUST_BE_OFF.contains(&setting),
    }
}

fn tensor_name(layer: &str, matrix: char) -> String {
    format!("base_model.model.{layer}.lora_{matrix}.weight")
}

/// Writes the additions of `model` into `folder`, which is created if needed.
///
/// # Errors
/// If the model has none, or a file cannot be written; then the old file is still there.
pub fn save_adapter<M: LinearLayers>(folder: &Path, model: &M) -> Result<(), AdapterError> {
    let layers: Vec<_> =
        linear_layers(model).into_iter().filter_map(|(name, layer)| Some((name, layer.low_rank?))).collect();
    let Some((_, first)) = layers.first() else { return Err(AdapterError::NoLora) };
    let [_, rank] = first.a.lazy_shape().dims();
    let differs = |low_rank: &LowRank| low_rank.a.lazy_shape()[1] != rank || low_rank.scale != first.scale;
    if let Some((name, _)) = layers.iter().find(|(_, low_rank)| differs(low_rank)) {
        return Err(AdapterError::Uneven { layer: name.clone() });
    }
    let config = AdapterConfig {
        peft_type: "LORA".into(),
        r: rank,
        lora_alpha: first.scale * rank as f64,
        target_modules: layers.iter().map(|(name, _)| name.as_str()).collect(),
        others: Map::new(),
    };
    let tensors: Vec<(String, [usize; 2], Vec<u8>)> = layers
        .iter()
        .flat_map(|(name, low_rank)| {
            [('A', &low_rank.a), ('B', &low_rank.b)].map(|(matrix, param)| {
                let turned = param.val().inner().transpose();
                let bytes = turned.to_data().iter::<f32>().flat_map(f32::to_le_bytes).collect();
                (tensor_name(name, matrix), turned.dims(), bytes)
            })
        })
        .collect();
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, shape.to_vec(), bytes).expect("as many bytes as the shape says");
        (name, view)
    });
    let weights = safetensors::serialize(views, None).expect("float32 tensors with names");
    let json = serde_json::to_vec_pretty(&config).expect("a configuration is plain data");
    for (file, contents) in [(WEIGHTS_FILE, weights), (CONFIG_FILE, json)] {
        let path = folder.join(file);
        write_whole(&path, &contents).map_err(|source| AdapterError::Io { action: "write", path, source })?;
    }
    Ok(())
}

/// Gives `model` the additions of the adapter in `folder`, on `device`. Layers that the adapter does not name stay as
/// they are.
///
/// # Errors
/// If a file is missing or damaged, if the adapter is of a kind that computes something else, or if it does not fit the
/// model; the message names the tensor and both shapes.
pub fn load_adapter<M: LinearLayers>(folder: &Path, mut model: M, device: &Device) -> Result<M, AdapterError> {
    let read = |file: &str| {
        let path = folder.join(file);
        fs::read(&path).map_err(|source| AdapterError::Io { action: "read", path, source })
    };
    let damaged = |file: &str, reason: String| AdapterError::Damaged { path: folder.join(file), reason };
    let config: AdapterConfig =
        serde_json::from_slice(&read(CONFIG_FILE)?).map_err(|e| damaged(CONFIG_FILE, e.to_string()))?;
    let refused = match &config {
        AdapterConfig { peft_type, .. } if peft_type != "LORA" => Some(format!("peft_type is {peft_type}, not LORA")),
        AdapterConfig { r: 0, .. } => Some("r is 0, but must be at least 1".to_string()),
        AdapterConfig { lora_alpha, .. } if !(lora_alpha.is_finite() && *lora_alpha > 0.0) => {
            Some(format!("lora_alpha is {lora_alpha}, but must be a number above 0"))
        }
        _ => None,
    };
    if let Some(reason) = refused {
        return Err(damaged(CONFIG_FILE, reason));
    }
    if let Some((setting, value)) = config.others.into_iter().find(|(name, value)| computes_something_else(name, value))
    {
        return Err(AdapterError::Unsupported { path: folder.join(CONFIG_FILE), setting, value });
    }

    let bytes = read(WEIGHTS_FILE)?;
    let tensors = SafeTensors::deserialize(&bytes).map_err(|e| damaged(WEIGHTS_FILE, e.to_string()))?;
    if tensors.is_empty() {
        return Err(damaged(WEIGHTS_FILE, "it has no tensors".into()));
    }
    let misfit =
        |tensor: String, reason: String| AdapterError::Misfit { path: folder.join(WEIGHTS_FILE), tensor, reason };
    // The transpose of a float32 tensor of the file, whose shape must be `expected` there.
    let matrix = |name: &str, expected: [usize; 2]| -> Result<Param<Tensor<2>>, AdapterError> {
        let view = tensors.tensor(name).map_err(|_| misfit(name.to_string(), "it is missing".into()))?;
        if view.shape() != expected || view.dtype() != Dtype::F32 {
            let reason = format!(
                "it is {:?} of {:?}, but the model and the rank ask for {expected:?} of F32",
                view.shape(),
                view.dtype()
            );
            return Err(misfit(name.to_string(), reason));
        }
        let values: Vec<f32> = view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let stored = Tensor::<2>::from_data(TensorData::new(values, expected), device);
        Ok(Param::from_tensor(stored.transpose()))
    };

    let mut unused: BTreeSet<String> = tensors.names().iter().map(|name| name.to_string()).collect();
    let rank = config.r;
    for (layer_name, layer) in model.linear_layers_mut() {
        let [name_a, name_b] = ['A', 'B'].map(|matrix| tensor_name(&layer_name, matrix));
        if !unused.remove(&name_a) & !unused.remove(&name_b) {
            continue;
        }
        let [d_in, d_out] = layer.weight.lazy_shape().dims();
        let (a, b) = (matrix(&name_a, [rank, d_in])?, matrix(&name_b, [d_out, rank])?);
        layer.low_rank = Some(LowRank { a, b, scale: config.lora_alpha / rank as f64 });
    }
    if let Some(name) = unused.pop_first() {
        return Err(misfit(name, "the model has no such layer".into()));
    }
    Ok(model)
}
