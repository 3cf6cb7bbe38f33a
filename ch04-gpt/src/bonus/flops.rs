//! How much arithmetic a forward pass takes, and how well a GPU is used.
//!
//! Counted are the matrix products with weights, where nearly all the work is; the products between queries and keys,
//! the norms and the softmax are left out. A multiplication with its addition is two operations (FLOPs).

use shared::GptConfig;

/// FLOPs of the forward pass for one token: `2 (12 n d² + V d)`.
pub fn forward_flops_per_token(config: &GptConfig) -> u64 {
    let [vocab_size, d, n_layers] = [config.vocab_size, config.emb_dim, config.n_layers].map(|n| n as u64);
    2 * (n_layers * 12 * d * d + vocab_size * d)
}

/// FLOPs of the forward pass for a batch.
pub fn forward_flops(config: &GptConfig, batch: usize, tokens: usize) -> u64 {
    forward_flops_per_token(config) * (batch * tokens) as u64
}

/// Share of `peak_flops` that a training run uses: the tokens per second it reaches, over those it would reach
/// if every operation of forward and backward pass (counted as two forward passes) ran at `peak_flops` per second.
pub fn model_flops_utilization(config: &GptConfig, tokens_per_second: f64, peak_flops: f64) -> f64 {
    let flops_per_token = 3 * forward_flops_per_token(config);
    tokens_per_second / (peak_flops / flops_per_token as f64)
}

/// A GPU's peak as the book's bonus takes it, in FLOPs per second: that of its ordinary units, but of the T4's tensor
/// cores for 16-bit floats. A run that uses tensor cores can exceed it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// Name of the GPU.
    pub gpu: &'static str,
    /// With 32-bit floats.
    pub float32: f64,
    /// With 16-bit floats.
    pub float16: f64,
}

/// Some GPUs.
pub const PEAKS: [Peak; 7] = [
    Peak { gpu: "H100", float32: 51.22e12, float16: 204.9e12 },
    Peak { gpu: "L4", float32: 30.29e12, float16: 30.29e12 },
    Peak { gpu: "T4", float32: 8.1e12, float16: 65.13e12 },
    Peak { gpu: "A10G", float32: 31.52e12, float16: 31.52e12 },
    Peak { gpu: "A100", float32: 19.49e12, float16: 77.97e12 },
    Peak { gpu: "RTX 3080", float32: 29.77e12, float16: 29.77e12 },
    Peak { gpu: "RTX 3090", float32: 35.58e12, float16: 35.58e12 },
];
