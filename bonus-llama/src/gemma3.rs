//! Gemma 3: windows, two bases, norms on both sides of each branch, an embedding factor.
//!
//! Four things differ from a Llama, besides the norm of queries and keys ([`qk_norm`](crate::qk_norm)), the norm that
//! scales by `1 + weight` ([`RmsNorm::one_plus`](crate::RmsNorm::one_plus)), and the gate's function
//! ([`Activation::Gelu`](crate::feed_forward::Activation::Gelu)):
//!
//! - **Windows.** Five of six layers see the last 512 tokens only, the sixth sees everything. The cache of the five
//!   stops growing there.
//! - **Two bases.** Layers with a window rotate with base 10,000, which suits short distances; the others with
//!   1,000,000.
//! - **Norms on both sides.** The result of a branch is normalized, too, before it is added: the block has four norms
//!   instead of two.
//! - **Embedding factor.** Embeddings are multiplied by √emb_dim, because the table serves as the output layer,
//!   too, and there its values have to be small. The output layer takes the table unchanged.
//!
//! ```text
//! x = embedding(id) · √emb_dim
//! x = x + norm_after_attention(attention(norm1(x)))
//! x = x + norm_after_feed_forward(feed_forward(norm2(x)))
//! ```
//!
//! And scores are divided by the square root of a number from the configuration, which need not be `head_dim`.

use ch04_gpt::bonus::sliding_window::uses_window;

use crate::config::{Family, Gemma3Config, LlamaConfig};
use crate::rope::Rope;

/// The layers that see the whole text when the configuration does not list them: every sixth.
pub fn usual_full_layers(n_layers: usize) -> Vec<bool> {
    (0..n_layers).map(|layer| !uses_window(layer, 5)).collect()
}

/// The number that embeddings are multiplied with: √emb_dim in Gemma 3, rounded to 32 bits, and 1 elsewhere.
pub fn embedding_factor(config: &LlamaConfig) -> f32 {
    match config.family {
        Family::Gemma3(_) => (config.emb_dim as f64).sqrt() as f32,
        Family::Llama | Family::Qwen3 => 1.0,
    }
}

/// The number that scores are multiplied with before softmax.
pub fn score_factor(config: &LlamaConfig) -> f64 {
    match &config.family {
        Family::Gemma3(gemma) => gemma.query_scale.powf(-0.5),
        Family::Llama | Family::Qwen3 => (config.head_dim as f64).powf(-0.5),
    }
}

/// How many tokens a token of layer `layer` sees, itself included; `None` if all.
pub fn window_of(config: &LlamaConfig, layer: usize) -> Option<usize> {
    match &config.family {
        Family::Gemma3(gemma) => (!gemma.full_layers[layer]).then_some(gemma.window),
        Family::Llama | Family::Qwen3 => None,
    }
}

/// The rotation in layers with a window, where it is another one than [`LlamaConfig::rope_base`] gives.
pub fn local_rope(config: &LlamaConfig) -> Option<Rope> {
    match &config.family {
        Family::Gemma3(Gemma3Config { local_rope_base, .. }) => {
            Some(Rope::new(config.head_dim, *local_rope_base, None))
        }
        Family::Llama | Family::Qwen3 => None,
    }
}
