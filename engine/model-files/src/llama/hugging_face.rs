//! `config.json` of Llama, Qwen3 and Gemma 3, in the spelling of the hub's files and in that of transformers 5.

use bonus_llama::{Family, Gemma3Config, LlamaConfig};
use serde_json::{Map, Value};

use super::fields::Fields;
use super::hugging_face_rope::{self, Rotation};

/// The models: architecture, `model_type`, and what is taken where `config.json` says nothing.
pub(super) struct Known {
    pub(super) architecture: &'static str,
    pub(super) model_type: &'static str,
    pub(super) defaults: Defaults,
}

/// What transformers takes for a field that is not there.
#[derive(Clone, Copy)]
pub(super) struct Defaults {
    /// `None`: width divided by heads.
    head_dim: Option<usize>,
    rope_base: f64,
    tied: bool,
    pub(super) activation: &'static str,
    pub(super) activation_field: &'static str,
}

const LLAMA: Defaults =
    Defaults { head_dim: None, rope_base: 10_000.0, tied: false, activation: "silu", activation_field: "hidden_act" };
const QWEN3: Defaults = Defaults { head_dim: Some(128), ..LLAMA };
const GEMMA3: Defaults = Defaults {
    head_dim: Some(256),
    rope_base: 1_000_000.0,
    tied: true,
    activation: "gelu_pytorch_tanh",
    activation_field: "hidden_activation",
};

static KNOWN: [Known; 3] = [
    Known { architecture: "LlamaForCausalLM", model_type: "llama", defaults: LLAMA },
    Known { architecture: "Qwen3ForCausalLM", model_type: "qwen3", defaults: QWEN3 },
    Known { architecture: "Gemma3ForCausalLM", model_type: "gemma3_text", defaults: GEMMA3 },
];

/// What the files call a family.
pub(super) fn known_family(family: &Family) -> &'static Known {
    match family {
        Family::Llama => &KNOWN[0],
        Family::Qwen3 => &KNOWN[1],
        Family::Gemma3(_) => &KNOWN[2],
    }
}

/// Layers of which Gemma 3 lets one see the whole text.
pub(super) const USUAL_PATTERN: usize = 6;
/// `query_pre_attn_scalar` where the file does not state it.
const USUAL_QUERY_SCALE: f64 = 256.0;
/// A list of layers is made up to this length; [`LlamaConfig::validate`] refuses models with more layers.
const LONGEST_LIST: usize = 1 << 12;

/// The configuration that a `config.json` describes. It need not be valid.
///
/// # Errors
/// If a field is missing, of another type, or asks for something that the model does not compute: field, value and what
/// is allowed.
pub(super) fn config(object: &Map<String, Value>) -> Result<LlamaConfig, String> {
    let fields = Fields::new(object);
    let known = known_model(fields)?;
    let defaults = known.defaults;
    let whole = |name| fields.needed(name, fields.whole(name)?);
    let (emb_dim, n_heads, n_layers) =
        (whole("hidden_size")?, whole("num_attention_heads")?, whole("num_hidden_layers")?);
    let vocab_size = whole("vocab_size")?;
    check_same_model(fields, defaults)?;
    check_ids(fields, vocab_size)?;
    let Rotation { base, scaling, local_base } = hugging_face_rope::read(fields, defaults.rope_base)?;
    let family = match known.model_type {
        "llama" => Family::Llama,
        "qwen3" => Family::Qwen3,
        _ => Family::Gemma3(gemma3(fields, n_layers, local_base)?),
    };
    if !matches!(family, Family::Gemma3(_)) {
        check_no_windows(fields, n_layers)?;
    }
    let head_dim = match fields.whole("head_dim")?.or(defaults.head_dim) {
        Some(head_dim) => head_dim,
        None => divided(emb_dim, n_heads)?,
    };
    Ok(LlamaConfig {
        vocab_size,
        context_length: whole("max_position_embeddings")?,
        emb_dim,
        n_heads,
        n_kv_heads: fields.whole("num_key_value_heads")?.unwrap_or(n_heads),
        head_dim,
        hidden_dim: whole("intermediate_size")?,
        n_layers,
        norm_eps: fields.needed("rms_norm_eps", fields.number("rms_norm_eps")?)?,
        rope_base: base,
        rope_scaling: scaling,
        tied: fields.bool("tie_word_embeddings")?.unwrap_or(defaults.tied),
        family,
    })
}

/// The model that architecture and type name; they must agree.
fn known_model(fields: Fields) -> Result<&'static Known, String> {
    let architecture = match fields.array("architectures")?.and_then(|all| all.first()) {
        Some(Value::String(name)) => Some(name.as_str()),
        Some(_) => return Err("architectures holds something that is not a text".to_string()),
        None => None,
    };
    let model_type = fields.text("model_type")?;
    if architecture == Some("Gemma3ForConditionalGeneration") {
        return Err("architectures is Gemma3ForConditionalGeneration, which reads images too; take the text model, \
                    Gemma3ForCausalLM"
            .to_string());
    }
    let is_known = |known: &&Known| {
        let same = |found: Option<&str>, name| found.is_none_or(|found| found == name);
        same(architecture, known.architecture) && same(model_type, known.model_type)
    };
    let found = KNOWN.iter().find(is_known).filter(|_| architecture.is_some() || model_type.is_some());
    found.ok_or_else(|| {
        let [architecture, model_type] = [architecture, model_type].map(|name| name.unwrap_or("missing"));
        let allowed =
            KNOWN.each_ref().map(|known| format!("{} and {}", known.architecture, known.model_type)).join(", or ");
        format!("architectures is {architecture} and model_type {model_type}, but they must be {allowed}")
    })
}

/// Refuses what the model computes in another way: it would load and then write nonsense.
fn check_same_model(fields: Fields, defaults: Defaults) -> Result<(), String> {
    let activation = defaults.activation_field;
    fields.require(activation, fields.text(activation)?, defaults.activation)?;
    for name in ["attention_bias", "mlp_bias", "use_sliding_window", "use_bidirectional_attention"] {
        fields.refuse(name)?;
    }
    for name in ["attn_logit_softcapping", "final_logit_softcapping"] {
        if let Some(value) = fields.number(name)? {
            return Err(format!("{name} is {value}, but must be null"));
        }
    }
    if fields.get("quantization_config").is_some() {
        return Err(
            "quantization_config says that the weights are quantized, which is read in GGUF files only".to_string()
        );
    }
    Ok(())
}

/// Refuses windows in a model that has none.
fn check_no_windows(fields: Fields, n_layers: usize) -> Result<(), String> {
    match layer_types(fields, n_layers)? {
        Some(full) if full.contains(&false) => {
            Err("layer_types has sliding_attention, but every layer must be full_attention".to_string())
        }
        _ => Ok(()),
    }
}

/// Refuses ids of tokens that the vocabulary does not have. Padding is not compared: it is often an id that no token has.
fn check_ids(fields: Fields, vocab_size: usize) -> Result<(), String> {
    for name in ["bos_token_id", "eos_token_id"] {
        let ids = match fields.get(name) {
            Some(Value::Array(ids)) => ids.iter().collect(),
            Some(id) => vec![id],
            None => continue,
        };
        for id in ids {
            if id.as_u64().is_none_or(|id| id >= vocab_size as u64) {
                return Err(format!("{name} is {id}, but must be below vocab_size, which is {vocab_size}"));
            }
        }
    }
    Ok(())
}

fn gemma3(fields: Fields, n_layers: usize, local_rope_base: f64) -> Result<Gemma3Config, String> {
    Ok(Gemma3Config {
        query_scale: fields.number("query_pre_attn_scalar")?.unwrap_or(USUAL_QUERY_SCALE),
        window: fields.needed("sliding_window", fields.whole("sliding_window")?)?,
        local_rope_base,
        full_layers: match layer_types(fields, n_layers)? {
            Some(full) => full,
            None => {
                let new = fields.whole("_sliding_window_pattern")?;
                every(fields.whole("sliding_window_pattern")?.or(new).unwrap_or(USUAL_PATTERN), n_layers)?
            }
        },
    })
}

/// For each layer, whether it sees the whole text, if the file lists that.
fn layer_types(fields: Fields, n_layers: usize) -> Result<Option<Vec<bool>>, String> {
    let Some(types) = fields.array("layer_types")? else { return Ok(None) };
    if types.len() != n_layers {
        return Err(format!("layer_types has {} entries, but num_hidden_layers is {n_layers}", types.len()));
    }
    let is_full = |kind: &Value| match kind.as_str() {
        Some("full_attention") => Ok(true),
        Some("sliding_attention") => Ok(false),
        _ => Err(format!("layer_types has {kind}, but must have full_attention or sliding_attention")),
    };
    types.iter().map(is_full).collect::<Result<_, _>>().map(Some)
}

/// For each layer, whether it sees the whole text, if every `pattern`-th does.
pub(super) fn every(pattern: usize, n_layers: usize) -> Result<Vec<bool>, String> {
    if pattern == 0 {
        return Err("sliding_window_pattern is 0, but must be at least 1".to_string());
    }
    Ok((1..=n_layers.min(LONGEST_LIST)).map(|layer| layer.is_multiple_of(pattern)).collect())
}

/// The width of a head where no file states it.
pub(super) fn divided(emb_dim: usize, n_heads: usize) -> Result<usize, String> {
    match emb_dim.checked_div(n_heads) {
        Some(head_dim) if head_dim * n_heads == emb_dim => Ok(head_dim),
        _ => Err(format!(
            "there are {n_heads} heads, but their number must be a divisor of the width, which is {emb_dim}"
        )),
    }
}
