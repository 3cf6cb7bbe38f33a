//! The specification's model of one block, small enough for tests on real entries.

use burn::tensor::Device;
use ch04_gpt::GptModel;
use shared::GptConfig;
use shared::init::torch_init;
use shared::rng::TorchRng;

/// The model with values drawn from `rng`.
pub fn tiny(device: &Device, rng: &mut TorchRng) -> GptModel {
    let config = GptConfig {
        vocab_size: 50257,
        context_length: 120,
        emb_dim: 12,
        n_heads: 2,
        n_layers: 1,
        drop_rate: 0.0,
        qkv_bias: false,
    };
    torch_init(GptModel::new(&config, device), rng)
}
