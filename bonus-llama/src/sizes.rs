//! The sizes of published models.
//!
//! The same code computes all of them. What changes from one to the next is a row of numbers.

use shared::config::ConfigError;

use crate::config::{Family, Gemma3Config, LlamaConfig, RopeScaling};
use crate::gemma3::usual_full_layers;

/// Names of the models that [`LlamaConfig::preset`] knows.
pub fn names() -> impl Iterator<Item = &'static str> {
    SIZES.iter().map(|size| size.name)
}

impl LlamaConfig {
    /// The configuration of a published model; [`names`] lists them.
    ///
    /// # Errors
    /// [`ConfigError::UnknownSize`], with the names there are.
    pub fn preset(name: &str) -> Result<Self, ConfigError> {
        let Some(size) = SIZES.iter().find(|size| size.name == name) else {
            let known: Vec<&str> = names().collect();
            return Err(ConfigError::UnknownSize { name: name.into(), known: known.join(", ") });
        };
        let &Size { context_length, n_heads, n_kv_heads, head_dim, hidden_dim, n_layers, ref kind, .. } = size;
        let (vocab_size, norm_eps, rope_base) = kind.numbers();
        Ok(Self {
            vocab_size,
            context_length,
            emb_dim: size.emb_dim,
            n_heads,
            n_kv_heads,
            head_dim,
            hidden_dim,
            n_layers,
            norm_eps,
            rope_base,
            rope_scaling: size.scaling(),
            tied: size.tied,
            family: kind.family(n_layers),
        })
    }
}

/// What the models of a family have in common.
enum Kind {
    Llama2,
    Llama3,
    /// With the base of its rotation, which differs from size to size.
    SmolLm2(f64),
    Qwen3,
    Gemma3,
}

impl Kind {
    /// Vocabulary, eps of the norms, base of the rotation.
    fn numbers(&self) -> (usize, f64, f64) {
        match self {
            Self::Llama2 => (32_000, 1e-5, 10_000.0),
            Self::Llama3 => (128_256, 1e-5, 500_000.0),
            Self::SmolLm2(base) => (49_152, 1e-5, *base),
            Self::Qwen3 => (151_936, 1e-6, 1_000_000.0),
            Self::Gemma3 => (262_144, 1e-6, 1_000_000.0),
        }
    }

    fn family(&self, n_layers: usize) -> Family {
        match self {
            Self::Llama2 | Self::Llama3 | Self::SmolLm2(_) => Family::Llama,
            Self::Qwen3 => Family::Qwen3,
            Self::Gemma3 => Family::Gemma3(Gemma3Config {
                query_scale: 256.0,
                window: 512,
                local_rope_base: 10_000.0,
                full_layers: usual_full_layers(n_layers),
            }),
        }
    }
}

struct Size {
    name: &'static str,
    kind: Kind,
    context_length: usize,
    emb_dim: usize,
    n_layers: usize,
    n_heads: usize,
    n_kv_heads: usize,
    head_dim: usize,
    hidden_dim: usize,
    tied: bool,
    /// Llama 3.1 and 3.2: how many times slower slow pairs rotate.
    slower: Option<f64>,
}

impl Size {
    fn scaling(&self) -> Option<RopeScaling> {
        self.slower.map(|factor| RopeScaling {
            factor,
            low_freq_factor: 1.0,
            high_freq_factor: 4.0,
            original_context_length: 8192,
        })
    }
}

/// A row of the table: name, kind, context; width, layers; query heads, heads of keys and values, width of a head;
/// width of the feed-forward network; tied or not.
const fn size(
    name: &'static str,
    (kind, context_length): (Kind, usize),
    (emb_dim, n_layers): (usize, usize),
    (n_heads, n_kv_heads, head_dim): (usize, usize, usize),
    hidden_dim: usize,
    tied: bool,
) -> Size {
    Size {
        name,
        kind,
        context_length,
        emb_dim,
        n_layers,
        n_heads,
        n_kv_heads,
        head_dim,
        hidden_dim,
        tied,
        slower: None,
    }
}

const SIZES: [Size; 15] = [
    size("llama2-7b", (Kind::Llama2, 4_096), (4_096, 32), (32, 32, 128), 11_008, false),
    size("llama3-8b", (Kind::Llama3, 8_192), (4_096, 32), (32, 8, 128), 14_336, false),
    Size {
        slower: Some(8.0),
        ..size("llama3.1-8b", (Kind::Llama3, 131_072), (4_096, 32), (32, 8, 128), 14_336, false)
    },
    Size { slower: Some(32.0), ..size("llama3.2-1b", (Kind::Llama3, 131_072), (2_048, 16), (32, 8, 64), 8_192, true) },
    Size { slower: Some(32.0), ..size("llama3.2-3b", (Kind::Llama3, 131_072), (3_072, 28), (24, 8, 128), 8_192, true) },
    size("smollm2-135m", (Kind::SmolLm2(100_000.0), 8_192), (576, 30), (9, 3, 64), 1_536, true),
    size("smollm2-360m", (Kind::SmolLm2(100_000.0), 8_192), (960, 32), (15, 5, 64), 2_560, true),
    size("smollm2-1.7b", (Kind::SmolLm2(130_000.0), 8_192), (2_048, 24), (32, 32, 64), 8_192, true),
    size("qwen3-0.6b", (Kind::Qwen3, 40_960), (1_024, 28), (16, 8, 128), 3_072, true),
    size("qwen3-1.7b", (Kind::Qwen3, 40_960), (2_048, 28), (16, 8, 128), 6_144, true),
    size("qwen3-4b", (Kind::Qwen3, 40_960), (2_560, 36), (32, 8, 128), 9_728, true),
    size("qwen3-8b", (Kind::Qwen3, 40_960), (4_096, 36), (32, 8, 128), 12_288, false),
    size("gemma3-270m", (Kind::Gemma3, 32_768), (640, 18), (4, 1, 256), 2_048, true),
    size("gemma3-1b", (Kind::Gemma3, 32_768), (1_152, 26), (4, 1, 256), 6_912, true),
    size("tiny", (Kind::SmolLm2(100_000.0), 256), (96, 3), (6, 2, 16), 256, true),
];
