//! One training step of a Llama, of the whole model or of LoRA layers alone.

use appendix_lora::{LoraSettings, Scale, attach_lora, freeze};
use bonus_llama::{LlamaConfig, LlamaModel};
use burn::tensor::Device;
use fast::accelerate_llama;
use shared::init::torch_init;
use shared::rng::TorchRng;

use crate::train::{Measurement, Product, in_turn, sequence_length};
use crate::{BenchError, batch};

/// What to measure.
pub struct LlamaTrainSettings {
    /// The model; its values are random.
    pub config: LlamaConfig,
    /// The rank of LoRA layers at every matrix of the blocks, which alone are trained; `None` for the whole model.
    pub lora_rank: Option<usize>,
    /// Tokens of a training sequence, by default 256 or the model's context if that is shorter.
    pub tokens: Option<usize>,
    /// Sequences in a batch.
    pub texts: usize,
    /// Measured repetitions.
    pub runs: usize,
}

/// Measures training steps on `device`, on random tokens.
///
/// # Errors
/// If the sequences do not fit into the model, or the loss becomes infinite or no number.
pub fn measure(settings: &LlamaTrainSettings, device: &Device) -> Result<Measurement, BenchError> {
    let &LlamaTrainSettings { ref config, lora_rank, tokens, texts, runs } = settings;
    let tokens = sequence_length(tokens, config.context_length)?;
    let device = device.clone().autodiff();
    let mut rng = TorchRng::new(123);
    let mut model = accelerate_llama(torch_init(LlamaModel::new(config, &device), &mut rng));
    if let Some(rank) = lora_rank {
        let settings = LoraSettings { rank, alpha: rank as f64, scale: Scale::AlphaOverRank };
        model = attach_lora(freeze(model), &settings, &mut rng, &device);
    }
    let batch = batch([texts, tokens], config.vocab_size, &device);
    in_turn(model, &batch, &layers(config, lora_rank.is_none()), runs, &device)
}

/// The matrices of the model; those of LoRA layers, which are thin, are left out.
fn layers(config: &LlamaConfig, is_trained: bool) -> [Product; 6] {
    let &LlamaConfig { emb_dim, head_dim, hidden_dim, n_layers, vocab_size, .. } = config;
    let (queries, keys) = (config.n_heads * head_dim, config.n_kv_heads * head_dim);
    let layer = if is_trained { Product::trained } else { Product::frozen };
    [
        layer(emb_dim, queries, n_layers),
        layer(emb_dim, keys, 2 * n_layers),
        layer(queries, emb_dim, n_layers),
        layer(emb_dim, hidden_dim, 2 * n_layers),
        layer(hidden_dim, emb_dim, n_layers),
        layer(emb_dim, vocab_size, 1),
    ]
}
