//! Section 6.3: messages of equal length, and the batches of the three parts.
//! `cargo run -p ch06-classify --example 6_3_loaders`

use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch06_classify::{Label, Length, Message, SpamDataset, SpamLoaders, Split};
use shared::Batches;
use shared::rng::TorchRng;

mod common;

/// That of GPT-2.
const CONTEXT_LENGTH: usize = 1024;

fn main() -> anyhow::Result<()> {
    let tokenizer = Gpt2Tokenizer::new();
    println!("<|endoftext|> is {:?}\n", tokenizer.encode_with_end_of_text("<|endoftext|>"));

    let texts = ["This is the first text message", "This is another text message"];
    let both = texts.map(|text| Message { label: Label::Ham, text: text.to_string() });
    let dataset = SpamDataset::new(&both, &tokenizer, Length::Exactly(8));
    for (i, text) in texts.iter().enumerate() {
        println!("{text:<32}{:?}", dataset.get(i).0);
    }

    let split = Split::of_collection(&common::messages()?)?;
    let loaders = SpamLoaders::new(&split, &tokenizer, Length::Longest, 8, CONTEXT_LENGTH)?;
    println!("\nLongest training message: {} tokens", loaders.train.dataset().max_length());
    let device = Device::flex();
    if let Some(batch) = loaders.train.iter(&mut TorchRng::new(123), &device).last() {
        println!("Input batch dimensions: {:?}", batch.inputs.dims());
        println!("Label batch dimensions: {:?}", batch.labels.dims());
    }
    for (name, loader) in loaders.parts() {
        println!("{} {name} batches", loader.num_batches());
    }
    Ok(())
}
