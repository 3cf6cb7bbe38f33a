//! Sections 6.7 and 6.8: fine-tuning, the pictures of it, and new messages. Give the folder of a model, GPT-2 small for
//! the book's numbers (then it takes minutes); the tiny model, which knows nothing yet, trains as a whole.
//! `cargo run --release -p ch06-classify --example 6_7_finetune -- [FOLDER]`

use std::path::Path;
use std::time::Instant;

use burn::tensor::Device;
use ch05_pretrain::AdamW;
use ch06_classify::{
    Length, Readout, SpamLoaders, Split, Trainable, add_classification_head, calc_accuracy_loader, classify_review,
    set_trainable, train_classifier_simple, training_config,
};
use shared::files::write_whole;
use shared::rng::TorchRng;
use workshop::plots::{Seen, plot_accuracies, plot_losses};

mod common;

fn main() -> anyhow::Result<()> {
    let device = Device::flex().autodiff();
    let (model, tokenizer) = common::model(&device)?;
    let pretrained = std::env::args().nth(1).is_some();
    let trainable = if pretrained { Trainable::LastBlock } else { Trainable::All };
    let model = set_trainable(add_classification_head(model, &mut TorchRng::new(123), &device), trainable);
    let mut training = training_config();
    if !pretrained {
        training.learning_rate = 1e-3;
    }
    let split = Split::of_collection(&common::messages()?)?;
    let context_length = model.context_length();
    let loaders = |length| SpamLoaders::new(&split, &tokenizer, length, training.batch_size, context_length);
    // Messages longer than the model's context are truncated.
    let loaders = loaders(Length::Longest).or_else(|_| loaders(Length::Exactly(context_length)))?;

    let (start, mut rng) = (Instant::now(), TorchRng::new(123));
    let mut optimizer = AdamW::new(training.weight_decay);
    let (model, history) =
        train_classifier_simple(model, &mut optimizer, &loaders, &training, Readout::Last, &mut rng, &device);
    println!("Training completed in {:.2} minutes.", start.elapsed().as_secs_f64() / 60.0);
    let losses: Vec<(f64, f64)> = history.evaluations.iter().map(|e| (e.train_loss, e.val_loss)).collect();
    let accuracies: Vec<(f64, f64)> = history.accuracies.iter().map(|a| (a.train, a.validation)).collect();
    let (epochs, seen) = (training.epochs, Seen::Examples(history.examples_seen));
    for (file, picture) in [
        ("loss-plot.svg", plot_losses(&losses, epochs, seen)?),
        ("accuracy-plot.svg", plot_accuracies(&accuracies, epochs, seen)?),
    ] {
        write_whole(&Path::new("runs/6_7").join(file), picture.as_bytes())?;
    }
    println!("Pictures: runs/6_7/loss-plot.svg, runs/6_7/accuracy-plot.svg\n");
    for (name, loader) in loaders.parts() {
        let accuracy = calc_accuracy_loader(&model, loader, None, Readout::Last, &mut rng, &device);
        println!("{name} accuracy: {:.2}%", 100.0 * accuracy);
    }

    let max_length = Some(loaders.train.dataset().max_length());
    for text in [
        "You are a winner you have been specially selected to receive $1000 cash or a $2000 award.",
        "Hey, just wanted to check if we're still on for dinner tonight? Let me know!",
    ] {
        let prediction = classify_review(text, &model, &tokenizer, max_length, Readout::Last, &device)?;
        println!("\n{text}\n{}", prediction.label.answer());
    }
    Ok(())
}
