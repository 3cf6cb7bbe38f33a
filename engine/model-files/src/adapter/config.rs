//! The settings of an adapter, and which of them are refused.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::AdapterError;
use crate::FileError;

/// `adapter_config.json`. Which layers are adapted is seen from the tensors.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AdapterConfig {
    pub(super) peft_type: String,
    /// The rank.
    pub(super) r: usize,
    pub(super) lora_alpha: f64,
    /// A list, or in files of others also a pattern.
    pub(super) target_modules: Value,
    #[serde(flatten)]
    pub(super) others: Map<String, Value>,
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

impl AdapterConfig {
    /// Reads `adapter_config.json` and refuses adapters that compute something else.
    pub(super) fn read(path: &Path) -> Result<Self, AdapterError> {
        let damaged = |reason: String| AdapterError::Damaged { path: path.into(), reason };
        let json = fs::read(path).map_err(FileError::read(path))?;
        let config: Self = serde_json::from_slice(&json).map_err(|e| damaged(e.to_string()))?;
        if config.peft_type != "LORA" {
            return Err(damaged(format!("peft_type is {}, not LORA", config.peft_type)));
        }
        if config.r == 0 {
            return Err(damaged("r is 0, but must be at least 1".to_string()));
        }
        if !(config.lora_alpha.is_finite() && config.lora_alpha > 0.0) {
            return Err(damaged(format!("lora_alpha is {}, but must be a number above 0", config.lora_alpha)));
        }
        match config.others.iter().find(|(name, value)| computes_something_else(name, value)) {
            Some((setting, value)) => {
                Err(AdapterError::Unsupported { path: path.into(), setting: setting.clone(), value: value.clone() })
            }
            None => Ok(config),
        }
    }
}
