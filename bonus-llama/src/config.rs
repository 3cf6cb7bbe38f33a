//! Sizes of a model of the Llama kind, checked once where they enter.

use serde::{Deserialize, Serialize};
use shared::config::ConfigError;

/// Sizes of a [`LlamaModel`](crate::LlamaModel), and what its family does differently.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LlamaConfig {
    /// Number of different token ids.
    pub vocab_size: usize,
    /// Maximum number of tokens that the model was made for.
    pub context_length: usize,
    /// Width of the vectors between the layers.
    pub emb_dim: usize,
    /// Query heads per block.
    pub n_heads: usize,
    /// Heads of keys and values per block; divides `n_heads`.
    pub n_kv_heads: usize,
    /// Width of a head, even. In a Llama it is `emb_dim / n_heads`; Qwen3 and Gemma 3 choose it freely.
    pub head_dim: usize,
    /// Width inside the feed-forward network.
    pub hidden_dim: usize,
    /// Transformer blocks.
    pub n_layers: usize,
    /// Keeps the norms from dividing by zero.
    pub norm_eps: f64,
    /// The larger it is, the slower the last pairs of a head rotate.
    pub rope_base: f64,
    /// How Llama 3.1 and 3.2 slow the rotation down further.
    pub rope_scaling: Option<RopeScaling>,
    /// Whether the token embedding is the output layer as well.
    pub tied: bool,
    /// Which family the model belongs to.
    pub family: Family,
}

/// The rotation of Llama 3.1 and 3.2, see [`rope_scaling`](crate::rope_scaling).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RopeScaling {
    /// Slow pairs rotate this many times slower.
    pub factor: f64,
    /// Pairs that turn fewer times than this in the original context are slow.
    pub low_freq_factor: f64,
    /// Pairs that turn more often than this in the original context stay as they are.
    pub high_freq_factor: f64,
    /// Maximum number of tokens in the training before the context grew.
    pub original_context_length: usize,
}

/// Which family a model belongs to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Llama 2 and 3, SmolLM2.
    Llama,
    /// Qwen3 without experts: queries and keys are normalized, see [`qk_norm`](crate::qk_norm).
    Qwen3,
    /// Gemma 3, text only, see [`gemma3`](crate::gemma3).
    Gemma3(Gemma3Config),
}

/// What only Gemma 3 has to state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gemma3Config {
    /// Attention scores are divided by the square root of this number, whatever `head_dim` is
    /// (`query_pre_attn_scalar`).
    pub query_scale: f64,
    /// Maximum number of tokens that a token sees in a layer with a window, itself included.
    pub window: usize,
    /// The base of the rotation in layers with a window; `rope_base` is that of the others.
    pub local_rope_base: f64,
    /// For each layer, whether it sees the whole text; the others have a window.
    pub full_layers: Vec<bool>,
}

/// The largest width, head count or vocabulary. No model comes near, and no product of sizes overflows.
const LARGEST: usize = 1 << 24;

/// The largest number of layers.
const MOST_LAYERS: usize = 1 << 12;

impl LlamaConfig {
    /// Checks every field.
    ///
    /// # Errors
    /// The first field that does not fit, with its value and what is allowed.
    pub fn validate(&self) -> Result<(), ConfigError> {
        for (field, value, largest) in [
            ("vocab_size", self.vocab_size, LARGEST),
            ("context_length", self.context_length, LARGEST),
            ("emb_dim", self.emb_dim, LARGEST),
            ("n_heads", self.n_heads, LARGEST),
            ("n_kv_heads", self.n_kv_heads, LARGEST),
            ("head_dim", self.head_dim, LARGEST),
            ("hidden_dim", self.hidden_dim, LARGEST),
            ("n_layers", self.n_layers, MOST_LAYERS),
        ] {
            require((1..=largest).contains(&value), field, value, format!("at least 1 and at most {largest}"))?;
        }
        let (heads, head_dim) = (self.n_heads, self.head_dim);
        let divides = heads.is_multiple_of(self.n_kv_heads);
        require(divides, "n_kv_heads", self.n_kv_heads, format!("a divisor of n_heads, which is {heads}"))?;
        require(head_dim.is_multiple_of(2), "head_dim", head_dim, "even: a head rotates in pairs")?;
        let fits = heads * head_dim <= LARGEST;
        require(fits, "head_dim", head_dim, format!("at most {}, with {heads} heads", LARGEST / heads))?;
        positive("norm_eps", self.norm_eps)?;
        positive("rope_base", self.rope_base)?;
        if let Some(scaling) = &self.rope_scaling {
            scaling.validate()?;
        }
        match &self.family {
            Family::Llama | Family::Qwen3 => Ok(()),
            Family::Gemma3(gemma) => gemma.validate(self.n_layers),
        }
    }

    /// Number of different values in the model, a tied output layer not counted again:
    /// `VE + E + n(2EHD + 2EKD + 3EF + 2E)`, plus `VE` for an output layer of its own, `2nD` for norms of queries and
    /// keys, and `2nE` for Gemma's norms after the branches.
    pub fn num_params(&self) -> usize {
        let Self { vocab_size, emb_dim, n_heads, n_kv_heads, head_dim, hidden_dim, n_layers, .. } = *self;
        let attention = 2 * emb_dim * (n_heads + n_kv_heads) * head_dim;
        let norms = match self.family {
            Family::Llama => 2 * emb_dim,
            Family::Qwen3 => 2 * emb_dim + 2 * head_dim,
            Family::Gemma3(_) => 4 * emb_dim + 2 * head_dim,
        };
        let tables = if self.tied { 1 } else { 2 } * vocab_size * emb_dim;
        tables + emb_dim + n_layers * (attention + 3 * emb_dim * hidden_dim + norms)
    }
}

impl RopeScaling {
    fn validate(&self) -> Result<(), ConfigError> {
        positive("rope_scaling.factor", self.factor)?;
        positive("rope_scaling.low_freq_factor", self.low_freq_factor)?;
        let (low, high) = (self.low_freq_factor, self.high_freq_factor);
        let field = "rope_scaling.high_freq_factor";
        require(high.is_finite() && high > low, field, high, format!("above low_freq_factor, which is {low}"))?;
        let (field, context) = ("rope_scaling.original_context_length", self.original_context_length);
        require((1..=LARGEST).contains(&context), field, context, format!("at least 1 and at most {LARGEST}"))
    }
}

impl Gemma3Config {
    fn validate(&self, n_layers: usize) -> Result<(), ConfigError> {
        positive("gemma3.query_scale", self.query_scale)?;
        positive("gemma3.local_rope_base", self.local_rope_base)?;
        let (window, layers) = (self.window, self.full_layers.len());
        require(window > 0, "gemma3.window", window, "at least 1: a token sees itself")?;
        let field = "gemma3.full_layers";
        require(layers == n_layers, field, format!("{layers} long"), format!("{n_layers} long, one for each layer"))
    }
}

fn positive(field: &'static str, value: f64) -> Result<(), ConfigError> {
    require(value.is_finite() && value > 0.0, field, value, "a number above 0")
}

/// Fails with the field's name, value and what is allowed unless `ok`.
fn require(ok: bool, field: &'static str, value: impl ToString, allowed: impl Into<String>) -> Result<(), ConfigError> {
    if ok { Ok(()) } else { Err(ConfigError::Field { field, value: value.to_string(), allowed: allowed.into() }) }
}
