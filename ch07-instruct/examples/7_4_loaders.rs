//! Section 7.4: the shape of every batch of one pass, and the last row of ids with its targets.
//! `cargo run -p ch07-instruct --example 7_4_loaders`

use burn::tensor::{Device, s};
use ch02_text::Gpt2Tokenizer;
use ch07_instruct::{CollateOptions, InstructionLoaders, PromptFormat, partition};
use shared::Batches;
use shared::rng::TorchRng;

mod common;

fn main() -> anyhow::Result<()> {
    let entries = common::entries()?;
    let options = CollateOptions { allowed_max_length: Some(1024), ..Default::default() };
    let tokenizer = Gpt2Tokenizer::new();
    let made = InstructionLoaders::new(partition(&entries), PromptFormat::Alpaca, 8, &options, &tokenizer)?;

    let device = Device::flex();
    let mut last = None;
    println!("Train loader:");
    for batch in made.loaders.train.iter(&mut TorchRng::new(123), &device) {
        println!("{:?} {:?}", batch.inputs.dims(), batch.targets.dims());
        last = Some(batch);
    }
    if let Some(batch) = last {
        println!("{}", batch.inputs.slice(s![0, ..]).into_data());
        println!("{}", batch.targets.slice(s![0, ..]).into_data());
    }
    Ok(())
}
