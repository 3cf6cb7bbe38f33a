//! The settings of an adapter: what ranks and scales follow from, and which settings are refused.

use std::collections::BTreeMap;
use std::path::Path;

use regex::Regex;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared::text;

use super::AdapterError;
use crate::FileError;

/// `adapter_config.json`. Which layers are adapted is seen from the tensors. `fan_in_fan_out` says how the adapted
/// weight is stored, not what is computed: A and B have the same layout either way.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AdapterConfig {
    pub(super) peft_type: String,
    /// The rank.
    pub(super) r: usize,
    pub(super) lora_alpha: f64,
    /// A list, or in files of others also a pattern.
    #[serde(default)]
    pub(super) target_modules: Value,
    #[serde(flatten)]
    pub(super) others: Map<String, Value>,
}

/// Settings of `peft` with which an adapter computes something else, or has more tensors than A, B and whole
/// parameters.
const MUST_BE_OFF: [&str; 10] = [
    "alora_invocation_tokens",
    "arrow_config",
    "kasa_config",
    "layer_replication",
    "lora_bias",
    "target_parameters",
    "trainable_token_indices",
    "use_bdlora",
    "use_dora",
    "use_qalora",
];
const NOTHING_ELSE: &str = "here an adapter is x W + scale · (x A) B and nothing else; train it without that setting";
const OTHER_WEIGHTS: &str = "that method also changes the weights that the adapter is for; save it with \
                             path_initial_model_for_weight_conversion, or train it without that setting";
const TIED: &str = "the adapter changes the embedding or the output layer, which share no weight here; train it \
                    without that setting";

/// Why an adapter with this setting is refused, if it is.
fn refusal(setting: &str, value: &Value) -> Option<&'static str> {
    let refused = match (setting, value) {
        // Which biases were trained is seen from the tensors.
        ("bias", value) => !["none", "all", "lora_only"].iter().any(|known| value == known),
        // Other methods, such as PiSSA, begin with other weights.
        ("init_lora_weights", Value::String(method)) => {
            return (!["gaussian", "eva", "orthogonal"].contains(&method.as_str())).then_some(OTHER_WEIGHTS);
        }
        (_, Value::Null | Value::Bool(false)) => false,
        (_, Value::Array(list)) if list.is_empty() => false,
        (_, Value::Object(map)) if map.is_empty() => false,
        _ => MUST_BE_OFF.contains(&setting),
    };
    refused.then_some(NOTHING_ELSE)
}

/// What an adapter says about its tensors.
pub(super) struct AdapterSettings {
    rank: usize,
    alpha: f64,
    /// Whether the scale is alpha / √rank ("rank-stabilized LoRA") and not alpha / rank.
    over_root: bool,
    ranks: Vec<(Regex, usize)>,
    alphas: Vec<(Regex, f64)>,
    /// Modules that were trained and saved as a whole.
    pub(super) modules_to_save: Vec<String>,
    ties_weights: bool,
}

impl AdapterSettings {
    /// Reads `adapter_config.json` and refuses adapters that compute something else.
    pub(super) fn read(path: &Path) -> Result<Self, AdapterError> {
        let damaged = |reason: String| AdapterError::Damaged { path: path.into(), reason };
        let json = text::read(path).map_err(FileError::read(path))?;
        let config: AdapterConfig = serde_json::from_str(&json).map_err(|e| damaged(e.to_string()))?;
        if config.peft_type != "LORA" {
            return Err(damaged(format!("peft_type is {}, not LORA", config.peft_type)));
        }
        for (setting, value) in &config.others {
            if let Some(reason) = refusal(setting, value) {
                return Err(AdapterError::unsupported(path, setting, value.clone(), reason));
            }
        }
        let settings = Self {
            rank: config.r,
            alpha: config.lora_alpha,
            over_root: config.others.get("use_rslora") == Some(&Value::Bool(true)),
            ranks: patterns(&config, "rank_pattern").map_err(damaged)?,
            alphas: patterns(&config, "alpha_pattern").map_err(damaged)?,
            modules_to_save: setting(&config, "modules_to_save").map_err(damaged)?.unwrap_or_default(),
            ties_weights: config.others.get("ensure_weight_tying") == Some(&Value::Bool(true)),
        };
        settings.check().map_err(damaged)?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), String> {
        let rank_patterns = self.ranks.iter().map(|(_, rank)| ("a rank of rank_pattern", *rank));
        if let Some((name, _)) = [("r", self.rank)].into_iter().chain(rank_patterns).find(|(_, rank)| *rank == 0) {
            return Err(format!("{name} is 0, but must be at least 1"));
        }
        let alpha_patterns = self.alphas.iter().map(|(_, alpha)| ("an alpha of alpha_pattern", *alpha));
        let mut alphas = [("lora_alpha", self.alpha)].into_iter().chain(alpha_patterns);
        match alphas.find(|(_, alpha)| !(alpha.is_finite() && *alpha > 0.0)) {
            Some((name, alpha)) => Err(format!("{name} is {alpha}, but must be a number above 0")),
            None => Ok(()),
        }
    }

    /// Rank and scale of the layer that has this name in the model that was trained. As in `peft`, the first pattern
    /// that matches the end of the name, from a dot on, counts.
    pub(super) fn rank_and_scale(&self, layer: &str) -> (usize, f64) {
        fn first<T: Copy>(patterns: &[(Regex, T)], layer: &str) -> Option<T> {
            patterns.iter().find(|(pattern, _)| pattern.is_match(layer)).map(|(_, value)| *value)
        }
        let rank = first(&self.ranks, layer).unwrap_or(self.rank);
        let alpha = first(&self.alphas, layer).unwrap_or(self.alpha);
        (rank, alpha / if self.over_root { (rank as f64).sqrt() } else { rank as f64 })
    }

    /// Refuses an adapter whose embedding and output layer share a weight, if it changes one of them.
    pub(super) fn check_tying(&self, path: &Path, changes_tied: bool) -> Result<(), AdapterError> {
        if self.ties_weights && changes_tied {
            return Err(AdapterError::unsupported(path, "ensure_weight_tying", Value::Bool(true), TIED));
        }
        Ok(())
    }
}

/// A setting that is not among the fields; `None` if it is null or not there.
fn setting<T: DeserializeOwned>(config: &AdapterConfig, name: &str) -> Result<Option<T>, String> {
    let value = config.others.get(name).cloned().unwrap_or_default();
    serde_json::from_value(value).map_err(|e| format!("{name}: {e}"))
}

/// The patterns of a setting with their values, in alphabetical order, in which `peft` writes them.
fn patterns<T: DeserializeOwned>(config: &AdapterConfig, name: &str) -> Result<Vec<(Regex, T)>, String> {
    let values: BTreeMap<String, T> = setting(config, name)?.unwrap_or_default();
    let compiled = |(pattern, value): (String, T)| match Regex::new(&format!(r"^(?:.*\.)?(?:{pattern})$")) {
        Ok(regex) => Ok((regex, value)),
        Err(_) => Err(format!("{name} has {pattern:?}, which is not a regular expression that can be read here")),
    };
    values.into_iter().map(compiled).collect()
}
