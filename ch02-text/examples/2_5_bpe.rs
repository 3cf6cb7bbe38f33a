//! Section 2.5: GPT-2's byte pair encoding knows every text. `cargo run -p ch02-text --example 2_5_bpe`

use ch02_text::{END_OF_TEXT, Gpt2Tokenizer, VOCAB_SIZE};

fn main() -> anyhow::Result<()> {
    let tokenizer = Gpt2Tokenizer::new();
    println!("{VOCAB_SIZE} tokens\n");

    let text = "Hello, do you like tea? <|endoftext|> In the sunlit terraces of someunknownPlace.";
    let ids = tokenizer.encode_with_end_of_text(text);
    println!("{ids:?}\n{}\n", tokenizer.decode(&ids)?);

    // The book's two strings are joined without a space, so that it has 1659 ("of") for 286 (" of").
    let glued = text.replace("terraces of", "terracesof");
    println!("{:?}\n", tokenizer.encode_with_end_of_text(&glued));

    match tokenizer.encode(text) {
        Ok(ids) => println!("{ids:?}"),
        Err(error) => println!("error: {error}"),
    }

    println!();
    for word in ["tea", " tea", "Tea", " Tea", "TEA", "  tea"] {
        println!("{word:?} {:?}", tokenizer.encode(word)?);
    }
    println!("{END_OF_TEXT:?} {:?}", tokenizer.encode_ordinary(END_OF_TEXT));
    Ok(())
}
