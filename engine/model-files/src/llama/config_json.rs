//! `config.json` as the hub's files spell it: what [`super::hugging_face`] reads, and transformers too.

use bonus_llama::{Family, Gemma3Config, LlamaConfig, RopeScaling};
use serde_json::{Map, Number, Value, json};

use super::hugging_face::{every, known_family};

/// Ids of tokens that `config.json` names beside the sizes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenIds {
    /// What begins a text.
    pub begin: Option<u32>,
    /// What ends a text, one or several.
    pub end: Vec<u32>,
    /// What fills the rows of a batch.
    pub padding: Option<u32>,
}

impl TokenIds {
    /// `bos_token_id`, `eos_token_id` and `pad_token_id`; `null` for what there is not, as transformers has other defaults.
    pub fn fields(&self) -> Map<String, Value> {
        let end = match self.end.as_slice() {
            [] => Value::Null,
            [id] => json!(id),
            ids => json!(ids),
        };
        let fields =
            [("bos_token_id", json!(self.begin)), ("eos_token_id", end), ("pad_token_id", json!(self.padding))];
        fields.map(|(name, id)| (name.to_string(), id)).into_iter().collect()
    }
}

/// The fields of the `config.json` of a model with 32-bit weights.
pub(super) fn config_json(config: &LlamaConfig, ids: &TokenIds) -> Value {
    let known = known_family(&config.family);
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| _ = fields.insert(name.to_string(), value);
    put("architectures", json!([known.architecture]));
    put("model_type", json!(known.model_type));
    put("vocab_size", json!(config.vocab_size));
    put("max_position_embeddings", json!(config.context_length));
    put("hidden_size", json!(config.emb_dim));
    put("num_attention_heads", json!(config.n_heads));
    put("num_key_value_heads", json!(config.n_kv_heads));
    put("head_dim", json!(config.head_dim));
    put("intermediate_size", json!(config.hidden_dim));
    put("num_hidden_layers", json!(config.n_layers));
    put("rms_norm_eps", json!(config.norm_eps));
    put("rope_theta", json!(config.rope_base));
    put("rope_scaling", config.rope_scaling.map_or(Value::Null, rope_scaling));
    put("tie_word_embeddings", json!(config.tied));
    put(known.defaults.activation_field, json!(known.defaults.activation));
    put("attention_bias", json!(false));
    put("attention_dropout", json!(0.0));
    put("torch_dtype", json!("float32"));
    match &config.family {
        Family::Llama => put("mlp_bias", json!(false)),
        Family::Qwen3 => put("use_sliding_window", json!(false)),
        Family::Gemma3(gemma) => gemma3_fields(gemma, put),
    }
    fields.extend(ids.fields());
    Value::Object(fields)
}

fn rope_scaling(scaling: RopeScaling) -> Value {
    json!({
        "rope_type": "llama3",
        "factor": scaling.factor,
        "low_freq_factor": scaling.low_freq_factor,
        "high_freq_factor": scaling.high_freq_factor,
        "original_max_position_embeddings": scaling.original_context_length,
    })
}

fn gemma3_fields(gemma: &Gemma3Config, mut put: impl FnMut(&str, Value)) {
    let kind = |&full: &bool| if full { "full_attention" } else { "sliding_attention" };
    put("query_pre_attn_scalar", whole_if_possible(gemma.query_scale));
    put("sliding_window", json!(gemma.window));
    put("rope_local_base_freq", json!(gemma.local_rope_base));
    put("layer_types", gemma.full_layers.iter().map(kind).collect());
    // Releases of transformers before the list know only a period.
    let layers = gemma.full_layers.len();
    if let Some(period) = (1..=layers).find(|&period| every(period, layers).as_ref() == Ok(&gemma.full_layers)) {
        put("sliding_window_pattern", json!(period));
    }
    put("attn_logit_softcapping", Value::Null);
    put("final_logit_softcapping", Value::Null);
}

/// transformers takes only a whole number for some sizes.
fn whole_if_possible(value: f64) -> Value {
    let whole = value as u64;
    if whole as f64 == value { json!(whole) } else { Number::from_f64(value).map_or(Value::Null, Value::Number) }
}
