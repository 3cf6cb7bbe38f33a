//! Section 2.6: inputs and targets, one by one and in batches. `cargo run -p ch02-text --example 2_6_sliding_window`

use burn::tensor::Device;
use ch02_text::{DataLoaderOptions, Gpt2Tokenizer, create_dataloader};
use shared::Batches;
use shared::rng::TorchRng;
use workshop::print_tensor;

#[path = "common/story.rs"]
mod story;

fn main() -> anyhow::Result<()> {
    let text = story::story()?;
    let tokenizer = Gpt2Tokenizer::new();
    let ids = tokenizer.encode(&text)?;
    println!("{} tokens\n", ids.len());

    let sample = &ids[50..];
    println!("x: {:?}\ny:      {:?}\n", &sample[..4], &sample[1..5]);
    for i in 1..=4 {
        println!("{:?} ----> {}", &sample[..i], sample[i]);
    }
    for i in 1..=4 {
        println!("{} ----> {}", tokenizer.decode(&sample[..i])?, tokenizer.decode(&sample[i..=i])?);
    }

    let device = Device::flex();
    for (batch_size, stride, shuffle) in [(1, 1, false), (8, 4, false), (8, 4, true)] {
        println!("\nbatch size {batch_size}, length 4, stride {stride}, shuffle {shuffle} (seed 123)");
        let options = DataLoaderOptions { batch_size, max_length: 4, stride, shuffle, drop_last: true };
        let loader = create_dataloader(&text, &options)?;
        if let Some(batch) = loader.iter(&mut TorchRng::new(123), &device).next() {
            print_tensor("inputs", batch.inputs);
            print_tensor("targets", batch.targets);
        }
    }
    Ok(())
}
