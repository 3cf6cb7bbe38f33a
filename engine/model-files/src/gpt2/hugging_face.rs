//! GPT-2 from Hugging Face: `config.json` and `model.safetensors`, or several files with the weights.

use std::path::Path;

use burn::tensor::Device;
use ch04_gpt::GptModel;
use serde::Deserialize;
use serde_json::{Map, Value};
use shared::GptConfig;
use shared::config::ConfigError;

use crate::folder::read_json;
use crate::load::fill_model;
use crate::parameters::{GptParameter, OWN_HEAD};
use crate::shards::Shards;
use crate::{CONFIG_FILE, CheckpointError, HeadShape};

pub(super) fn load(folder: &Path, device: &Device) -> Result<(GptConfig, GptModel), CheckpointError> {
    let published = Gpt2Config::read(folder)?;
    let config = published.sizes();
    published
        .check()
        .and_then(|()| config.validate())
        .map_err(|source| CheckpointError::ImpossibleConfig { path: folder.join(CONFIG_FILE), source })?;

    let shards = Shards::open(folder)?;
    let mut tensors = shards.tensors()?;
    // Named like biases, but these are the causal masks.
    tensors.retain(|name, _| !name.ends_with(".attn.bias") && !name.ends_with(".attn.masked_bias"));

    let prefix = if tensors.contains_key("transformer.wte.weight") { "transformer." } else { "" };
    let own_head = published.tie_word_embeddings == Some(false) || tensors.contains_key(OWN_HEAD);
    let place = |parameter: &GptParameter| parameter.in_hugging_face(prefix, own_head);
    match fill_model(&config, HeadShape::of_text(&config), &tensors, place, device) {
        Ok(model) => Ok((config, model)),
        Err((tensor, reason)) => Err(CheckpointError::BadTensor { path: shards.path.clone(), tensor, reason }),
    }
}

/// Other names that Hugging Face's library takes for the sizes; where both are there, these count.
const OTHER_NAMES: [(&str, &str); 4] = [
    ("hidden_size", "n_embd"),
    ("max_position_embeddings", "n_positions"),
    ("num_attention_heads", "n_head"),
    ("num_hidden_layers", "n_layer"),
];

/// The names of GELU in its tanh approximation, the function of section 4.3. `gelu` is the exact one.
const TANH_GELU: [&str; 5] = ["gelu_new", "gelu_pytorch_tanh", "gelu_fast", "gelu_accurate", "gelu_python_tanh"];

/// The fields of `config.json` that matter. The sizes must be there; the rest has defaults, which are GPT-2's. The
/// three dropout rates may differ, since they change no answer: see [`open_model`](super::open_model).
#[derive(Deserialize)]
struct Gpt2Config {
    model_type: Option<String>,
    vocab_size: usize,
    n_positions: usize,
    n_embd: usize,
    n_head: usize,
    n_layer: usize,
    n_inner: Option<usize>,
    activation_function: Option<String>,
    layer_norm_epsilon: Option<f64>,
    resid_pdrop: Option<f64>,
    scale_attn_weights: Option<bool>,
    scale_attn_by_inverse_layer_idx: Option<bool>,
    add_cross_attention: Option<bool>,
    tie_word_embeddings: Option<bool>,
}

impl Gpt2Config {
    fn read(folder: &Path) -> Result<Self, CheckpointError> {
        let mut fields: Map<String, Value> = read_json(folder, CONFIG_FILE)?;
        for (other, name) in OTHER_NAMES {
            if let Some(value) = fields.remove(other) {
                fields.insert(name.to_string(), value);
            }
        }
        let bad = |source| CheckpointError::BadConfig { path: folder.join(CONFIG_FILE), source };
        serde_json::from_value(fields.into()).map_err(bad)
    }

    fn sizes(&self) -> GptConfig {
        GptConfig {
            vocab_size: self.vocab_size,
            context_length: self.n_positions,
            emb_dim: self.n_embd,
            n_heads: self.n_head,
            n_layers: self.n_layer,
            drop_rate: self.resid_pdrop.unwrap_or(0.1),
            qkv_bias: true,
        }
    }

    /// Refuses what this project's model computes in another way: it would load and then write nonsense.
    fn check(&self) -> Result<(), ConfigError> {
        require("model_type", self.model_type.as_ref(), &"gpt2".to_string())?;
        if let Some(name) = self.activation_function.as_ref().filter(|name| !TANH_GELU.contains(&name.as_str())) {
            return Err(ConfigError::Field {
                field: "activation_function",
                value: name.clone(),
                allowed: format!("GELU in its tanh approximation: {}", TANH_GELU.join(", ")),
            });
        }
        require("layer_norm_epsilon", self.layer_norm_epsilon.as_ref(), &1e-5)?;
        require("n_inner", self.n_inner.as_ref(), &self.n_embd.saturating_mul(4))?;
        require("scale_attn_weights", self.scale_attn_weights.as_ref(), &true)?;
        require("scale_attn_by_inverse_layer_idx", self.scale_attn_by_inverse_layer_idx.as_ref(), &false)?;
        require("add_cross_attention", self.add_cross_attention.as_ref(), &false)
    }
}

/// Fails unless the field is `allowed` or not there.
fn require<T: PartialEq + ToString>(field: &'static str, value: Option<&T>, allowed: &T) -> Result<(), ConfigError> {
    match value {
        Some(value) if value != allowed => {
            Err(ConfigError::Field { field, value: value.to_string(), allowed: allowed.to_string() })
        }
        _ => Ok(()),
    }
}
