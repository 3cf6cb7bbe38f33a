//! What several test files need: the collection, its parts, and the tiny model.
#![allow(dead_code)]

use std::sync::LazyLock;

use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch06_classify::{
    Length, Message, SpamLoaders, Split, Trainable, add_classification_head, read_messages, set_trainable,
};
use shared::GptConfig;
use shared::init::torch_init;
use shared::rng::TorchRng;
use testkit::for_test;

/// The collection of the book.
pub fn collection() -> &'static [Message] {
    static MESSAGES: LazyLock<Vec<Message>> = LazyLock::new(|| read_messages(&for_test("sms-spam")).unwrap());
    &MESSAGES
}

/// Its three parts.
pub fn split() -> &'static Split {
    static SPLIT: LazyLock<Split> = LazyLock::new(|| Split::of_collection(collection()).unwrap());
    &SPLIT
}

/// The loaders of section 6.3.
pub fn loaders() -> SpamLoaders {
    let context_length = tiny_config().context_length;
    SpamLoaders::new(split(), &Gpt2Tokenizer::new(), Length::Longest, 8, context_length).unwrap()
}

/// The tiny model of the reference package's tests.
pub fn tiny_config() -> GptConfig {
    GptConfig {
        vocab_size: 50257,
        context_length: 120,
        emb_dim: 12,
        n_heads: 2,
        n_layers: 1,
        drop_rate: 0.0,
        qkv_bias: false,
    }
}

/// The device that the tiny model is made on.
pub fn device() -> Device {
    Device::flex().autodiff()
}

/// The tiny model with a head, its last block and norm trainable; all from seed 123.
pub fn tiny_classifier() -> GptModel {
    let model = torch_init(GptModel::new(&tiny_config(), &device()), &mut TorchRng::new(123));
    let model = add_classification_head(model, &mut TorchRng::new(123), &device());
    set_trainable(model, Trainable::LastBlock)
}
