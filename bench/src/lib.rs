//! Measurements: a training step of GPT-2 on random tokens, generation, opening a model, tokenizing, serving.
//!
//! | module | what |
//! |---|---|
//! | [`train`], [`train_llama`], [`generate`], [`load`], [`tokenize`] | what `llm bench` measures; `bench/run` sets it beside PyTorch |
//! | [`serve`] | a server with several clients at once |
//! | [`models`] | a published model from its file; `bench/run --models` sets it beside llama.cpp |
//! | [`timings`], [`peak_memory`], `bandwidth` | seconds, bytes, and the speed of the memory |
//!
//! `cargo bench -p bench` times every operation in the book's version and in the fast one;
//! `cargo run --release -p bench --example ladder` times whole steps while one operation after the other becomes fast.

#![warn(clippy::unwrap_used)]

mod bandwidth;
mod error;
pub mod generate;
pub mod load;
pub mod models;
pub mod peak_memory;
pub mod serve;
pub mod timings;
pub mod tokenize;
pub mod train;
pub mod train_llama;

use burn::tensor::{Device, Int, Tensor, TensorData};
use ch02_text::Batch;
use ch04_gpt::GptModel;
use ch05_pretrain::AdamW;
use fast::Accelerated;
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};

pub use error::BenchError;
pub use timings::Timings;

/// Sequences in a batch, in chapter 5.
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

/// A batch of random tokens, `[texts, tokens]`.
pub fn batch([texts, tokens]: [usize; 2], vocab_size: usize, device: &Device) -> Batch {
    let ids = TorchRng::new(1).randint(0, vocab_size as i64, texts * (tokens + 1));
    let rows = |from: usize| -> Tensor<2, Int> {
        let rows: Vec<i64> = ids.chunks(tokens + 1).flat_map(|row| row[from..from + tokens].to_vec()).collect();
        Tensor::from_data(TensorData::new(rows, [texts, tokens]), device)
    };
    Batch { inputs: rows(0), targets: rows(1) }
}

/// The learning rate of chapter 5.
const LEARNING_RATE: f64 = 4e-4;

/// One training step, with the fast loss and optimizer if the model has a fast forward pass; returns the model and the loss before it.
pub fn step<M: Accelerated>(model: M, optimizer: &mut AdamW, batch: Batch, mode: &mut Mode) -> (M, f32) {
    let is_fast = model.is_accelerated();
    let loss = if is_fast { model.fast_loss(batch, mode) } else { ch05_pretrain::calc_loss_batch(&model, batch, mode) };
    let gradients = loss.backward();
    let model = if is_fast {
        fast::adamw_step(optimizer, LEARNING_RATE, model, gradients)
    } else {
        optimizer.step(LEARNING_RATE, model, gradients)
    };
    (model, loss.into_scalar())
}
