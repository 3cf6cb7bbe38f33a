//! Section 6.6: how often a classifier without training is right, and its loss. Give the folder of a model, GPT-2 small
//! for the book's numbers.
//! `cargo run --release -p ch06-classify --example 6_6_loss_and_accuracy -- [FOLDER]`

use burn::tensor::Device;
use burn::tensor::activation::softmax;
use ch05_pretrain::text_to_token_ids;
use ch06_classify::{
    Length, Readout, SpamLoaders, Split, add_classification_head, calc_accuracy_loader, calc_loss_loader,
};
use shared::Mode;
use shared::rng::TorchRng;

mod common;

fn main() -> anyhow::Result<()> {
    let device = Device::flex();
    let (model, tokenizer) = common::model(&device)?;
    let model = add_classification_head(model, &mut TorchRng::new(123), &device);
    let inputs = text_to_token_ids("Do you have time", &tokenizer, &device);
    let logits = model.forward(inputs.clone(), &mut Mode::Eval); // [1, tokens, 2]
    let logits = Readout::Last.select(logits, &inputs, tokenizer.end_of_text_id()); // [1, 2]
    println!("Last token: {}", logits.clone().into_data());
    println!("Probabilities: {}", softmax(logits.clone(), 1).into_data());
    println!("Class label: {}\n", logits.argmax(1).into_data());

    let split = Split::of_collection(&common::messages()?)?;
    let loaders = SpamLoaders::new(&split, &tokenizer, Length::Longest, 8, model.context_length())?;
    let mut rng = TorchRng::new(123);
    for (name, loader) in loaders.parts() {
        let accuracy = calc_accuracy_loader(&model, loader, Some(10), Readout::Last, &mut rng, &device);
        println!("{name} accuracy: {:.2}%", 100.0 * accuracy);
    }
    for (name, loader) in loaders.parts() {
        let loss = calc_loss_loader(&model, loader, Some(5), Readout::Last, &mut rng, &device);
        println!("{name} loss: {loss:.3}");
    }
    Ok(())
}
