//! Section 6.3: how much of a batch is padding. The embedded messages.
//! `cargo run -p ch06-classify --example 6_3_padding`

use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch06_classify::{EMBEDDED_MESSAGES, Length, SpamDataset, SpamLoaders, Split, read_messages};
use shared::Batches;
use shared::rng::TorchRng;

/// That of GPT-2.
const CONTEXT_LENGTH: usize = 1024;

fn main() -> anyhow::Result<()> {
    let (tokenizer, device) = (Gpt2Tokenizer::new(), Device::flex());
    let split = Split::of_collection(&read_messages(EMBEDDED_MESSAGES)?)?;
    let unpadded = SpamDataset::new(&split.train, &tokenizer, Length::Unpadded(CONTEXT_LENGTH));
    let mut lengths: Vec<usize> = (0..unpadded.len()).map(|i| unpadded.get(i).0.len()).collect();
    lengths.sort();
    println!("{} training messages; shortest, median and longest:", lengths.len());
    println!("{} {} {} tokens", lengths[0], lengths[lengths.len() / 2], lengths[lengths.len() - 1]);

    let loaders = SpamLoaders::new(&split, &tokenizer, Length::Longest, 8, CONTEXT_LENGTH)?;
    for batch in loaders.train.iter(&mut TorchRng::new(123), &device).take(1) {
        let [messages, tokens] = batch.inputs.dims();
        let real = batch.inputs.not_equal_scalar(batch.pad_token_id).int().sum_dim(1); // [batch, 1]
        println!("\nFirst batch: {messages} messages of {tokens} tokens");
        println!("labels       {}", batch.labels.into_data());
        println!("real tokens  {}", real.clone().squeeze_dim::<1>(1).into_data());
        let padding = messages * tokens - real.sum().into_scalar::<i64>() as usize;
        println!("{padding} of {} positions are padding", messages * tokens);
    }

    println!("\nPositions in the whole training part, and what of them is padding:");
    let real: usize = lengths.iter().sum();
    for length in [Length::Longest, Length::Exactly(CONTEXT_LENGTH)] {
        let max_length = SpamDataset::new(&split.train, &tokenizer, length).max_length();
        let all = max_length * split.train.len();
        println!("padded to {max_length:>4}: {all:>7}, {:.1}%", 100.0 * (all - real) as f64 / all as f64);
    }
    Ok(())
}
