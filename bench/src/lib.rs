//! What the benchmarks of this folder measure: a training step of GPT-2 124M on random tokens.
//!
//! `cargo bench -p bench` times every operation in the book's version and in the fast one;
//! `cargo run --release -p bench --example ladder` times whole steps while one operation after the other becomes fast.
//! `llm bench` measures what a user gets, and `bench/run` sets that beside PyTorch.

use burn::tensor::{Device, Int, Tensor, TensorData};
use ch02_text::Batch;
use ch04_gpt::GptModel;
use ch05_pretrain::{AdamW, calc_loss_batch};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};

/// Texts in a batch.
pub const BATCH: usize = 2;

/// Tokens in a text.
pub const TOKENS: usize = 256;

/// GPT-2 124M as the book trains it in chapter 5.
pub fn config() -> GptConfig {
    GptConfig {
        vocab_size: 50257,
        context_length: TOKENS,
        emb_dim: 768,
        n_heads: 12,
        n_layers: 12,
        drop_rate: 0.1,
        qkv_bias: false,
    }
}

/// The model with its first values.
pub fn model(device: &Device) -> GptModel {
    torch_init(GptModel::new(&config(), device), &mut TorchRng::new(123))
}

/// A batch of random tokens.
pub fn batch(device: &Device) -> Batch {
    let ids = TorchRng::new(1).randint(0, config().vocab_size as i64, BATCH * (TOKENS + 1));
    let rows = |from: usize| -> Tensor<2, Int> {
        let rows: Vec<i64> = ids.chunks(TOKENS + 1).flat_map(|row| row[from..from + TOKENS].to_vec()).collect();
        Tensor::from_data(TensorData::new(rows, [BATCH, TOKENS]), device)
    };
    Batch { inputs: rows(0), targets: rows(1) }
}

/// One training step; returns the model and the loss before it.
pub fn step(model: GptModel, optimizer: &mut AdamW, batch: Batch, rng: &mut TorchRng) -> (GptModel, f32) {
    let loss = calc_loss_batch(&model, batch, &mut Mode::Train(rng));
    let gradients = loss.backward();
    let model = optimizer.step(4e-4, model, gradients);
    (model, loss.into_scalar())
}
