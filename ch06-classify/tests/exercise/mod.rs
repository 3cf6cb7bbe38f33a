//! What the checks of several exercises need: the embedded messages and a small model.
#![allow(dead_code, reason = "no file needs all of it")]

use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch06_classify::{EMBEDDED_MESSAGES, Length, SpamBatch, SpamDataset, SpamLoader, Split, read_messages};
use shared::GptConfig;
use shared::init::torch_init;
use shared::rng::TorchRng;

/// The three parts of the embedded messages.
pub fn split() -> Split {
    Split::of_collection(&read_messages(EMBEDDED_MESSAGES).unwrap()).unwrap()
}

/// A model of two small blocks with GPT-2's vocabulary.
pub fn language_model(context_length: usize, device: &Device) -> GptModel {
    let config = GptConfig {
        vocab_size: 50257,
        context_length,
        emb_dim: 8,
        n_heads: 2,
        n_layers: 2,
        drop_rate: 0.0,
        qkv_bias: true,
    };
    torch_init(GptModel::new(&config, device), &mut TorchRng::new(123))
}

/// The first eight messages, each of 16 tokens.
pub fn batch(device: &Device) -> SpamBatch {
    let dataset = SpamDataset::new(&split().train, &Gpt2Tokenizer::new(), Length::Exactly(16));
    SpamLoader::eval(dataset, 8).unwrap().batch(&[0, 1, 2, 3, 4, 5, 6, 7], device)
}
