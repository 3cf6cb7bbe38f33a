//! Sections 7.5 to 7.7: a pretrained model answers, is fine-tuned, and answers again. Give the folder of a model, GPT-2
//! medium for the book's numbers; without one, the example uses an untrained tiny model.
//! `cargo run --release -p ch07-instruct --example 7_5_finetune -- [FOLDER]`

use std::path::Path;

use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::{AdamW, calc_loss_loader, train_model_simple};
use ch07_instruct::{CollateOptions, InstructionLoaders, PromptFormat, partition, respond, training_config};
use model_files::{open_model, open_tokenizer};
use shared::GptConfig;
use shared::init::torch_init;
use shared::rng::TorchRng;

mod common;

fn main() -> anyhow::Result<()> {
    let device = Device::flex();
    let recording = device.clone().autodiff();
    let (model, tokenizer, training) = match std::env::args().nth(1) {
        Some(folder) => {
            let (config, model) = open_model(Path::new(&folder), &recording)?;
            (model.with_drop_rate(0.0), open_tokenizer(Path::new(&folder), config.vocab_size)?, training_config())
        }
        None => {
            let config = GptConfig { context_length: 128, drop_rate: 0.0, ..GptConfig::preset("tiny")? };
            let model = torch_init(GptModel::new(&config, &recording), &mut TorchRng::new(123));
            let mut training = training_config();
            training.learning_rate = 2e-3;
            (model, Gpt2Tokenizer::new(), training)
        }
    };
    let (entries, format) = (common::entries()?, PromptFormat::Alpaca);
    let parts = partition(&entries);
    let options = CollateOptions {
        pad_token_id: tokenizer.end_of_text_id(),
        allowed_max_length: Some(model.context_length()),
        ..Default::default()
    };
    let loaders = InstructionLoaders::new(parts, format, training.batch_size, &options, &tokenizer)?.loaders;

    println!("{}", format.format_input(&parts.validation[0]));
    println!("Before: {}", respond(&model, &parts.validation[0], format, 35, &tokenizer, &device)?);
    let mut rng = TorchRng::new(123);
    println!("Training loss: {}", calc_loss_loader(&model, &loaders.train, Some(5), &mut rng, &recording));
    println!("Validation loss: {}", calc_loss_loader(&model, &loaders.validation, Some(5), &mut rng, &recording));

    let (mut optimizer, mut rng) = (AdamW::new(training.weight_decay), TorchRng::new(123));
    let (model, _) = train_model_simple(model, &mut optimizer, &loaders, &training, &mut rng, &recording, |_| {});
    for entry in &parts.test[..3] {
        println!("\n{}", format.format_input(entry));
        println!("Correct response: {}", entry.output);
        println!("Model response: {}", respond(&model, entry, format, 256, &tokenizer, &device)?);
    }
    Ok(())
}
