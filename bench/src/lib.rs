//! What the benchmarks of this folder measure: a training step of GPT-2 124M on random tokens.
//!
//! `cargo bench -p bench` times every operation in the book's version and in the fast one;
//! `cargo run --release -p bench --example ladder` times whole steps while one operation after the other becomes fast.
//! `llm bench` times the same step for the user, and `bench/run` sets that beside PyTorch.

use burn::tensor::{Device, Int, Tensor, TensorData};
use ch02_text::Batch;
use ch04_gpt::GptModel;
use ch05_pretrain::{AdamW, calc_loss_batch};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};

/// Texts in a batch, in chapter 5.
pub const BATCH: usize = 2;

/// GPT-2 124M as the book trains it in chapter 5, with a context of 256 tokens.
pub fn config() -> GptConfig {
    let preset = GptConfig::preset("124M").expect("124M is the name of a preset");
    GptConfig { context_length: 256, ..preset }
}

/// A model with random values.
pub fn model(config: &GptConfig, device: &Device) -> GptModel {
    torch_init(GptModel::new(config, device), &mut TorchRng::new(123))
}

/// A batch of random tokens: so many texts that fill the model's context.
pub fn batch(texts: usize, config: &GptConfig, device: &Device) -> Batch {
    let tokens = config.context_length;
    let ids = TorchRng::new(1).randint(0, config.vocab_size as i64, texts * (tokens + 1));
    let rows = |from: usize| -> Tensor<2, Int> {
        let rows: Vec<i64> = ids.chunks(tokens + 1).flat_map(|row| row[from..from + tokens].to_vec()).collect();
        Tensor::from_data(TensorData::new(rows, [texts, tokens]), device)
    };
    Batch { inputs: rows(0), targets: rows(1) }
}

/// One training step; returns the model and the loss before it.
pub fn step(model: GptModel, optimizer: &mut AdamW, batch: Batch, mode: &mut Mode) -> (GptModel, f32) {
    let loss = calc_loss_batch(&model, batch, mode);
    let gradients = loss.backward();
    let model = optimizer.step(4e-4, model, gradients);
    (model, loss.into_scalar())
}
