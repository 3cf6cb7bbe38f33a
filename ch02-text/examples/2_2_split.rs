//! Section 2.2: a text is split in three ways. `cargo run -p ch02-text --example 2_2_split`

use ch02_text::split::{split_comma_period, split_whitespace, without_blanks};
use ch02_text::tokenize;

#[path = "common/story.rs"]
mod story;

fn main() -> anyhow::Result<()> {
    let text = story::story()?;
    println!("Total number of characters: {}", text.chars().count());
    println!("{}\n", text.chars().take(99).collect::<String>());

    let sample = "Hello, world. This, is a test.";
    println!("{:?}", split_whitespace(sample));
    println!("{:?}", split_comma_period(sample));
    println!("{:?}", without_blanks(split_comma_period(sample)));
    println!("{:?}\n", tokenize("Hello, world. Is this-- a test?"));

    let tokens = tokenize(&text);
    println!("{}", tokens.len());
    println!("{:?}\n", &tokens[..30]);

    println!("{:?}", tokenize("水开了，外婆泡茶。"));
    Ok(())
}
