//! What several examples need.
#![allow(dead_code, reason = "every example takes what it needs")]

use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch06_classify::{EMBEDDED_MESSAGES, Message, read_messages};
use model_files::{open_model, open_tokenizer};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, data};

/// The book's collection, or the embedded messages where it is missing.
pub fn messages() -> anyhow::Result<Vec<Message>> {
    let text = data::find("sms-spam")?.text().or_else(|missing| {
        println!("{missing}\nWith the embedded messages instead, the numbers are not the book's.\n");
        anyhow::Ok(EMBEDDED_MESSAGES.into())
    })?;
    Ok(read_messages(&text)?)
}

/// The model in the folder that the command line names, without dropout, and its tokenizer; without one, an untrained tiny
/// model.
pub fn model(device: &Device) -> anyhow::Result<(GptModel, Gpt2Tokenizer)> {
    match std::env::args().nth(1) {
        Some(folder) => {
            let (config, model) = open_model(folder.as_ref(), device)?;
            Ok((model.with_drop_rate(0.0), open_tokenizer(folder.as_ref(), config.vocab_size)?))
        }
        None => {
            println!("No folder of a model is given, so this is an untrained tiny model.\n");
            let config = GptConfig { context_length: 128, drop_rate: 0.0, ..GptConfig::preset("tiny")? };
            Ok((torch_init(GptModel::new(&config, device), &mut TorchRng::new(123)), Gpt2Tokenizer::new()))
        }
    }
}
