//! Sections 7.5 to 7.7: a pretrained model answers, learns, and answers again. Give the folder of a model, GPT-2 medium
//! for the book's numbers; without one, an untrained tiny model shows the way.
//! `cargo run --release -p ch07-instruct --example 7_5_finetune -- [FOLDER]`

use std::ops::ControlFlow;
use std::path::Path;

use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::{Event, Run, calc_loss_loader, open_model, train_model_simple};
use ch07_instruct::{CollateOptions, InstructionLoaders, PromptFormat, book_training, partition, respond};
use shared::GptConfig;
use shared::init::torch_init;
use shared::rng::TorchRng;

mod common;

fn main() -> anyhow::Result<()> {
    let device = Device::flex();
    let recording = device.clone().autodiff();
    let (model, training) = match std::env::args().nth(1) {
        Some(folder) => (open_model(Path::new(&folder), &recording)?.1.with_drop_rate(0.0), book_training()),
        None => {
            let config = GptConfig { context_length: 128, drop_rate: 0.0, ..GptConfig::preset("tiny")? };
            let model = torch_init(GptModel::new(&config, &recording), &mut TorchRng::new(123));
            let mut training = book_training();
            training.learning_rate = 2e-3;
            (model, training)
        }
    };
    let (entries, tokenizer, format) = (common::entries()?, Gpt2Tokenizer::new(), PromptFormat::Alpaca);
    let parts = partition(&entries);
    let options = CollateOptions { allowed_max_length: Some(model.context_length()), ..Default::default() };
    let loaders = InstructionLoaders::new(parts, format, training.batch_size, &options, &tokenizer)?.loaders;

    println!("{}", format.format_input(&parts.validation[0]));
    println!("Before: {}", respond(&model, &parts.validation[0], format, 35, &tokenizer, &device)?);
    let mut rng = TorchRng::new(123);
    println!("Training loss: {}", calc_loss_loader(&model, &loaders.train, Some(5), &mut rng, &recording));
    println!("Validation loss: {}", calc_loss_loader(&model, &loaders.validation, Some(5), &mut rng, &recording));

    let run = Run::new(model, training.weight_decay, &TorchRng::new(123));
    let run = train_model_simple(run, &loaders, &training, true, &recording, |event| {
        if let Event::Evaluation(e) = event {
            println!("Ep {} (Step {:06}): Train loss {:.3}, Val loss {:.3}", e.epoch, e.step, e.train_loss, e.val_loss);
        }
        anyhow::Ok(ControlFlow::Continue(()))
    })?;
    for entry in &parts.test[..3] {
        println!("\n{}", format.format_input(entry));
        println!("Correct response: {}", entry.output);
        println!("Model response: {}", respond(&run.model, entry, format, 256, &tokenizer, &device)?);
    }
    Ok(())
}
