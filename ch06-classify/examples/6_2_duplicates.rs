//! Section 6.2: messages of the test part that also stand in the training part, word for word.
//! `cargo run -p ch06-classify --example 6_2_duplicates`

use std::collections::HashSet;

use ch06_classify::{Label, Message, Split};

mod common;

fn main() -> anyhow::Result<()> {
    let split = Split::of_collection(&common::messages()?)?;
    let known: HashSet<&str> = split.train.iter().map(|message| message.text.as_str()).collect();
    println!("{} training messages, {} of them different", split.train.len(), known.len());
    for (name, part) in [("validation", &split.validation), ("test", &split.test)] {
        let twice: Vec<&Message> = part.iter().filter(|message| known.contains(message.text.as_str())).collect();
        let spam = twice.iter().filter(|message| message.label == Label::Spam).count();
        println!("{name}: {} of {} are also training messages, {spam} of these are spam", twice.len(), part.len());
    }
    Ok(())
}
