//! Section 7.2: the embedded tasks, two of them as text, and what they cost in tokens.
//! `cargo run -p ch07-instruct --example 7_2_small_tasks`

use ch02_text::Gpt2Tokenizer;
use ch07_instruct::entry::EMBEDDED_NAME;
use ch07_instruct::{Entries, PromptFormat, partition};

fn main() -> anyhow::Result<()> {
    let entries = Entries::load(EMBEDDED_NAME)?;
    let without_input = entries.iter().filter(|entry| entry.input.is_empty()).count();
    println!("{} entries, {without_input} of them without an input", entries.len());
    println!("{:#?}", entries[2]);

    let tokenizer = Gpt2Tokenizer::new();
    for index in [2, 11] {
        for format in [PromptFormat::Alpaca, PromptFormat::Phi3] {
            let text = format.format_input(&entries[index]) + &format.format_response(&entries[index].output);
            println!("\n---- entry {index}, {format}, {} tokens\n{text}", tokenizer.encode_ordinary(&text).len());
        }
    }

    let parts = partition(&entries);
    println!("\ntraining {}, test {}, validation {}", parts.train.len(), parts.test.len(), parts.validation.len());
    Ok(())
}
