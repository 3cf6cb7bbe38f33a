//! Section 2.3: a vocabulary, and text to ids and back. `cargo run -p ch02-text --example 2_3_simple_tokenizer`

use ch02_text::{SimpleTokenizerV1, Vocabulary};

#[path = "common/story.rs"]
mod story;

fn main() -> anyhow::Result<()> {
    let vocabulary = Vocabulary::from_text(&story::story()?);
    println!("{}", vocabulary.len());
    for (id, token) in vocabulary.tokens().iter().enumerate().take(51) {
        println!("({token:?}, {id})");
    }

    let tokenizer = SimpleTokenizerV1::new(vocabulary);
    for text in
        [r#""It's the last he painted, you know," Mrs. Gisburn said with pardonable pride."#, "Hello, do you like tea?"]
    {
        println!("\n{text}");
        match tokenizer.encode(text) {
            Ok(ids) => println!("{ids:?}\n{}", tokenizer.decode(&ids)?),
            Err(error) => println!("error: {error}"),
        }
    }
    Ok(())
}
