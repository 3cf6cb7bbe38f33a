//! Section 6.2: the collection, as much spam as ham, and the three parts as files in `runs/6_2`.
//! `cargo run -p ch06-classify --example 6_2_prepare`

use std::path::Path;

use ch06_classify::split::BOOK_SHARES;
use ch06_classify::{CSV_FILES, Label, Message, create_balanced_dataset, random_split, write_split};

mod common;

fn main() -> anyhow::Result<()> {
    let messages = common::messages()?;
    println!("{} messages; the first and the last:", messages.len());
    for message in messages[..5].iter().chain(&messages[messages.len() - 5..]) {
        let text: String = message.text.chars().take(50).collect();
        println!("{:<6}{text}", message.label.name());
    }
    print_counts("\nAll", &messages);

    let balanced = create_balanced_dataset(&messages);
    print_counts("Balanced", &balanced);
    let split = random_split(&balanced, BOOK_SHARES);
    let folder = Path::new("runs/6_2");
    write_split(folder, &split)?;
    for (file, (_, part)) in CSV_FILES.into_iter().zip(split.parts()) {
        print_counts(&format!("{}", folder.join(file).display()), part);
    }
    Ok(())
}

fn print_counts(what: &str, messages: &[Message]) {
    let [ham, spam] = Label::ALL.map(|label| messages.iter().filter(|message| message.label == label).count());
    println!("{what}: {ham} ham, {spam} spam");
}
