//! Sections 6.7 and 6.8: fine-tuning, the pictures of it, and new messages. Give the folder of a model, GPT-2 small for
//! the book's numbers (then it takes minutes); the tiny model, which knows nothing yet, trains as a whole.
//! `cargo run --release -p ch06-classify --example 6_7_finetune -- [FOLDER]`

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch06_classify::plots::{plot_accuracies, plot_losses};
use ch06_classify::{
    Event, Length, Readout, SpamLoaders, Split, Trainable, add_classification_head, book_training,
    calc_accuracy_loader, classify_review, set_trainable, train_classifier_simple,
};
use shared::files::write_whole;
use shared::rng::TorchRng;

mod common;

fn main() -> anyhow::Result<()> {
    let (device, tokenizer) = (Device::flex().autodiff(), Gpt2Tokenizer::new());
    let model = common::model(&device)?;
    let pretrained = std::env::args().nth(1).is_some();
    let trainable = if pretrained { Trainable::LastBlock } else { Trainable::All };
    let model = set_trainable(add_classification_head(model, &mut TorchRng::new(123), &device), trainable);
    let mut training = book_training();
    if !pretrained {
        training.learning_rate = 1e-3;
    }
    let split = Split::of_collection(&common::messages()?)?;
    let context_length = model.context_length();
    let loaders = |length| SpamLoaders::new(&split, &tokenizer, length, training.batch_size, context_length);
    // A message that the model cannot see as a whole loses its end.
    let loaders = loaders(Length::Longest).or_else(|_| loaders(Length::Exactly(context_length)))?;

    let (start, mut rng) = (Instant::now(), TorchRng::new(123));
    let (model, history) =
        train_classifier_simple(model, &loaders, &training, Readout::Last, &mut rng, &device, |event| {
            match event {
                Event::Step { .. } => {}
                Event::Evaluation(evaluation) => println!("{evaluation}"),
                Event::EpochEnd { accuracies, .. } => println!("{accuracies}"),
            }
            ControlFlow::Continue(())
        });
    println!("Training completed in {:.2} minutes.", start.elapsed().as_secs_f64() / 60.0);
    for (file, picture) in
        [("loss-plot.svg", plot_losses(&history)?), ("accuracy-plot.svg", plot_accuracies(&history)?)]
    {
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
        let verdict = classify_review(text, &model, &tokenizer, max_length, Readout::Last, &device)?;
        println!("\n{text}\n{}", verdict.label.verdict());
    }
    Ok(())
}
