//! The sizes of a model and the settings of a training run: plain data, checked once where it enters.

use serde::{Deserialize, Serialize};

/// Sizes of a GPT model, with the book's field names (its `GPT_CONFIG_124M`, section 4.1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GptConfig {
    /// Number of different token ids.
    pub vocab_size: usize,
    /// Maximum number of tokens that the model can take at once: the rows of its position table.
    pub context_length: usize,
    /// Width of the vectors between the layers.
    pub emb_dim: usize,
    /// Attention heads per block; divides `emb_dim`.
    pub n_heads: usize,
    /// Transformer blocks.
    pub n_layers: usize,
    /// Dropout rate after the embeddings, on the attention weights and on the shortcut connections, in [0, 1).
    pub drop_rate: f64,
    /// Whether the query, key and value projections have a bias (GPT-2's published weights do).
    pub qkv_bias: bool,
}

/// Why a configuration cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// A field has a value that is not allowed.
    #[error("{field} is {value}, but must be {allowed}")]
    Field {
        /// The field.
        field: &'static str,
        /// Its value.
        value: String,
        /// What is allowed.
        allowed: String,
    },
    /// No preset has this name.
    #[error("there is no model size '{name}'; the sizes are {known}")]
    UnknownSize {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
}

/// Fails with the field's name, value and what is allowed unless `ok`.
fn require(ok: bool, field: &'static str, value: impl ToString, allowed: impl Into<String>) -> Result<(), ConfigError> {
    if ok { Ok(()) } else { Err(ConfigError::Field { field, value: value.to_string(), allowed: allowed.into() }) }
}

/// Number of tokens in GPT-2's vocabulary.
const GPT2_VOCAB: usize = 50257;

impl GptConfig {
    /// A preset: width, layers and heads of one size, with GPT-2's vocabulary, dropout 0.1 and no bias in the
    /// projections. Names and their short forms: `tiny`, `gpt2-small` (`124M`), `gpt2-medium` (`355M`), `gpt2-large`
    /// (`774M`), `gpt2-xl` (`1558M`).
    ///
    /// # Errors
    /// [`ConfigError::UnknownSize`], with the names there are.
    pub fn preset(name: &str) -> Result<Self, ConfigError> {
        let preset = PRESETS.iter().find(|p| p.name == name || p.millions == name);
        let Some(&Preset { context_length, emb_dim, n_layers, n_heads, .. }) = preset else {
            let known: Vec<String> = PRESETS
                .iter()
                .map(|p| if p.millions.is_empty() { p.name.into() } else { format!("{} ({})", p.name, p.millions) })
                .collect();
            return Err(ConfigError::UnknownSize { name: name.into(), known: known.join(", ") });
        };
        Ok(Self { vocab_size: GPT2_VOCAB, context_length, emb_dim, n_heads, n_layers, drop_rate: 0.1, qkv_bias: false })
    }

    /// Checks every field.
    ///
    /// # Errors
    /// The first field that does not fit, with its value and what is allowed.
    pub fn validate(&self) -> Result<(), ConfigError> {
        for (field, value) in [
            ("vocab_size", self.vocab_size),
            ("context_length", self.context_length),
            ("emb_dim", self.emb_dim),
            ("n_heads", self.n_heads),
            ("n_layers", self.n_layers),
        ] {
            require(value > 0, field, value, "at least 1")?;
        }
        let heads_fit = self.emb_dim.is_multiple_of(self.n_heads);
        require(heads_fit, "n_heads", self.n_heads, format!("a divisor of emb_dim, which is {}", self.emb_dim))?;
        require((0.0..1.0).contains(&self.drop_rate), "drop_rate", self.drop_rate, "at least 0 and below 1")
    }

    /// Number of trainable values of the model of section 4.6, whose output layer is not tied to the token embedding:
    /// `2Vd + Cd + n(12d² + 10d) + 2d`, plus `3nd` with a bias in the projections.
    pub fn num_params(&self) -> usize {
        let (v, c, d, n) = (self.vocab_size, self.context_length, self.emb_dim, self.n_layers);
        let block = 12 * d * d + if self.qkv_bias { 13 } else { 10 } * d;
        2 * v * d + c * d + n * block + 2 * d
    }
}

struct Preset {
    name: &'static str,
    millions: &'static str,
    context_length: usize,
    emb_dim: usize,
    n_layers: usize,
    n_heads: usize,
}

const PRESETS: [Preset; 5] = [
    Preset { name: "tiny", millions: "", context_length: 64, emb_dim: 96, n_layers: 3, n_heads: 4 },
    Preset { name: "gpt2-small", millions: "124M", context_length: 1024, emb_dim: 768, n_layers: 12, n_heads: 12 },
    Preset { name: "gpt2-medium", millions: "355M", context_length: 1024, emb_dim: 1024, n_layers: 24, n_heads: 16 },
    Preset { name: "gpt2-large", millions: "774M", context_length: 1024, emb_dim: 1280, n_layers: 36, n_heads: 20 },
    Preset { name: "gpt2-xl", millions: "1558M", context_length: 1024, emb_dim: 1600, n_layers: 48, n_heads: 25 },
];

/// Settings of a training run, with the names that the book's training function uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// Windows in one batch.
    pub batch_size: usize,
    /// Learning rate of AdamW.
    pub learning_rate: f64,
    /// Weight decay of AdamW: a step takes this share, times the learning rate, of every weight away.
    pub weight_decay: f64,
    /// Passes over the training text.
    pub epochs: usize,
    /// Steps from one evaluation to the next.
    pub eval_freq: usize,
    /// Maximum number of batches of an evaluation, for training and validation each.
    pub eval_iter: usize,
}

impl TrainingConfig {
    /// The settings of section 5.2.
    pub fn book() -> Self {
        Self { batch_size: 2, learning_rate: 4e-4, weight_decay: 0.1, epochs: 10, eval_freq: 5, eval_iter: 5 }
    }

    /// Checks every field.
    ///
    /// # Errors
    /// The first field that does not fit, with its value and what is allowed.
    pub fn validate(&self) -> Result<(), ConfigError> {
        for (field, value) in [
            ("batch_size", self.batch_size),
            ("epochs", self.epochs),
            ("eval_freq", self.eval_freq),
            ("eval_iter", self.eval_iter),
        ] {
            // No run is longer, and the number of steps cannot overflow.
            require((1..=u32::MAX as usize).contains(&value), field, value, "at least 1 and below 2^32")?;
        }
        let rate = self.learning_rate;
        require(rate.is_finite() && rate > 0.0, "learning_rate", rate, "a number above 0")?;
        let decay = self.weight_decay;
        require(decay.is_finite() && decay >= 0.0, "weight_decay", decay, "a number of at least 0")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameter_counts_of_the_presets() {
        // Exercise 4.2 of the book.
        for (name, count) in
            [("124M", 163_009_536), ("355M", 406_212_608), ("gpt2-large", 838_220_800), ("1558M", 1_637_792_000)]
        {
            let config = GptConfig::preset(name).unwrap();
            config.validate().unwrap();
            assert_eq!(config.num_params(), count, "{name}");
        }
        let chapter_5 = GptConfig { context_length: 256, ..GptConfig::preset("124M").unwrap() };
        assert_eq!(chapter_5.num_params(), 162_419_712);
    }

    #[test]
    fn errors_name_field_value_and_what_is_allowed() {
        let good = GptConfig::preset("tiny").unwrap();
        let error = |config: GptConfig| config.validate().unwrap_err().to_string();
        assert_eq!(
            error(GptConfig { n_heads: 5, ..good.clone() }),
            "n_heads is 5, but must be a divisor of emb_dim, which is 96"
        );
        assert_eq!(error(GptConfig { n_layers: 0, ..good.clone() }), "n_layers is 0, but must be at least 1");
        assert_eq!(
            error(GptConfig { drop_rate: 1.0, ..good.clone() }),
            "drop_rate is 1, but must be at least 0 and below 1"
        );
        assert!(GptConfig { drop_rate: f64::NAN, ..good }.validate().is_err());
        assert!(TrainingConfig { learning_rate: f64::NAN, ..TrainingConfig::book() }.validate().is_err());
        assert!(GptConfig::preset("125M").unwrap_err().to_string().contains("gpt2-small (124M)"));
    }
}
