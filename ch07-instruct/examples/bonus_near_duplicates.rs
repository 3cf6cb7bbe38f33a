//! Bonus: near-duplicates in a file of entries, for each key. Without a file, in four built-in entries.
//! `cargo run -p ch07-instruct --example bonus_near_duplicates -- [THRESHOLD [FILE|NAME [CLEANED_FILE]]]`

use anyhow::Context;
use ch07_instruct::bonus::near_duplicates::{find_near_duplicates, without_seconds};
use ch07_instruct::{Entries, Entry};
use shared::files::write_whole;

/// One of the texts of an entry.
type Text = fn(&Entry) -> &str;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let threshold: f64 = match arguments.first() {
        Some(text) => text.parse().with_context(|| format!("the threshold {text} is not a number"))?,
        None => 0.9,
    };
    let mut entries = match arguments.get(1) {
        Some(name) => Entries::load(name)?,
        None => built_in(),
    };
    let cleaned = arguments.get(2);
    let keys: [(&str, Text); 3] = [
        ("instruction", |entry| &entry.instruction),
        ("input", |entry| &entry.input),
        ("output", |entry| &entry.output),
    ];
    for (key, text_of) in keys {
        let line = "=".repeat(50);
        println!("\n{line}\nSearching '{key}' for duplicates ...\n{line}");
        let texts: Vec<&str> = entries.iter().map(text_of).collect();
        let pairs = find_near_duplicates(&texts, threshold);
        if pairs.is_empty() {
            println!("No duplicates found");
        }
        for pair in &pairs {
            println!("Duplicate pair found with similarity {:.2}:", pair.similarity);
            println!("1. {}\n2. {}\n", texts[pair.first], texts[pair.second]);
        }
        // Many tasks share their instruction; only input and output make them duplicates.
        if cleaned.is_some() && key != "instruction" {
            entries = without_seconds(entries.len(), &pairs).into_iter().map(|i| entries[i].clone()).collect();
        }
    }
    if let Some(path) = cleaned {
        write_whole(path.as_ref(), Entries::to_json(&entries).as_bytes())?;
        println!("{} entries are left: {path}", entries.len());
    }
    Ok(())
}

fn built_in() -> Vec<Entry> {
    vec![
        Entry::new("What is the capital of Italy?", "", "The capital of Italy is Rome."),
        Entry::new("What's the capital city of Italy?", "", "The capital city is Rome."),
        Entry::new(
            "Identify the main verb in the sentence: 'The cat sleeps on the couch.'",
            "",
            "The verb is 'sleeps'.",
        ),
        Entry::new(
            "Identify the verb in the following sentence: The cat sleeps on the couch.",
            "",
            "The verb in the sentence is \"sleeps.\"",
        ),
    ]
}
