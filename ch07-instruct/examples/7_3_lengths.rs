//! Section 7.3: how long the texts are, and how much of a batch is padding.
//! `cargo run -p ch07-instruct --example 7_3_lengths`

use ch02_text::Gpt2Tokenizer;
use ch07_instruct::entry::EMBEDDED_NAME;
use ch07_instruct::{CollateOptions, Entries, InstructionDataset, InstructionLoader, PromptFormat, partition};
use shared::rng::TorchRng;

fn main() -> anyhow::Result<()> {
    let tokenizer = Gpt2Tokenizer::new();
    for name in [EMBEDDED_NAME, "instructions"] {
        let Ok(entries) = Entries::load(name) else { continue };
        for format in [PromptFormat::Alpaca, PromptFormat::Phi3] {
            let dataset = InstructionDataset::new(partition(&entries).train, format, &tokenizer);
            let lengths: Vec<usize> = dataset.items().iter().map(|item| item.ids.len()).collect();
            let (tokens, longest) = (dataset.num_tokens(), lengths.iter().max().copied().unwrap_or(0));
            println!("\n{name}, {format}: {} texts, {tokens} tokens", lengths.len());
            for from in (0..=longest).step_by(10) {
                let count = lengths.iter().filter(|&&length| (from..from + 10).contains(&length)).count();
                println!("{from:3} to {:3}{count:5} {}", from + 9, "#".repeat(count.div_ceil(10)));
            }

            let loader = InstructionLoader::train(dataset, 8, CollateOptions::default())?;
            let batches = loader.order().batches(&mut TorchRng::new(123));
            let rows: usize = batches.iter().map(Vec::len).sum();
            let used: usize = batches.iter().flatten().map(|&i| lengths[i]).sum();
            let longest_of = |batch: &Vec<usize>| batch.iter().map(|&i| lengths[i]).max().unwrap_or(0);
            let positions: usize = batches.iter().map(|batch| batch.len() * longest_of(batch)).sum();
            println!("{rows} texts in {} batches: {used} tokens", batches.len());
            for (how, positions) in [("each batch to its own", positions), ("all to one length", rows * longest)] {
                let padding = 100.0 * (1.0 - used as f64 / positions as f64);
                println!("  {how:22}{positions:6} positions, {padding:.1} % padding");
            }
        }
    }
    Ok(())
}
