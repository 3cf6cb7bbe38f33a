//! Section 2.4: tokens for unknown words and for the end of a text.
//! `cargo run -p ch02-text --example 2_4_special_tokens`

use ch02_text::{END_OF_TEXT, SimpleTokenizerV2, Vocabulary};

#[path = "common/story.rs"]
mod story;

fn main() -> anyhow::Result<()> {
    let tokenizer = SimpleTokenizerV2::new(Vocabulary::from_text(&story::story()?));
    let tokens = tokenizer.vocabulary().tokens();
    println!("{}", tokens.len());
    for (id, token) in tokens.iter().enumerate().skip(tokens.len() - 5) {
        println!("({token:?}, {id})");
    }

    let text = format!("Hello, do you like tea? {END_OF_TEXT} In the sunlit terraces of the palace.");
    let ids = tokenizer.encode(&text);
    println!("\n{text}\n{ids:?}\n{}", tokenizer.decode(&ids)?);
    Ok(())
}
