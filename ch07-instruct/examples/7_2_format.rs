//! Section 7.2: entries of the data set, as prompts in both formats, and the three parts.
//! `cargo run -p ch07-instruct --example 7_2_format`

use ch07_instruct::{PromptFormat, partition};

mod common;

fn main() -> anyhow::Result<()> {
    let entries = common::entries()?;
    println!("Number of entries: {}", entries.len());
    for index in [50, 399, 999] {
        let Some(entry) = entries.get(index) else { continue };
        for format in [PromptFormat::Alpaca, PromptFormat::Phi3] {
            println!("\n---- entry {index}, {format}");
            println!("{}{}", format.format_input(entry), format.format_response(&entry.output));
        }
    }
    let parts = partition(&entries);
    println!("\nTraining set length: {}", parts.train.len());
    println!("Validation set length: {}", parts.validation.len());
    println!("Test set length: {}", parts.test.len());
    Ok(())
}
