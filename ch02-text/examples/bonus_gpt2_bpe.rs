//! Bonus: GPT-2's encoder from its parts, against tiktoken. Needs the data sets gpt2-encoder and gpt2-merges.
//! `cargo run -p ch02-text --example bonus_gpt2_bpe`

use std::time::Instant;

use ch02_text::Gpt2Tokenizer;
use ch02_text::bonus::pre_split::pre_split;
use ch02_text::bonus::{FullBpe, Gpt2Bpe, Gpt2Files};
use shared::data::find;

#[path = "common/story.rs"]
mod story;

fn main() -> anyhow::Result<()> {
    let files = Gpt2Files::parse(&find("gpt2-encoder")?.text()?, &find("gpt2-merges")?.text()?)?;
    let (tiktoken, full, rebuilt) =
        (Gpt2Tokenizer::new(), FullBpe::from_gpt2_files(files.clone()), Gpt2Bpe::new(files)?);

    let text = "Hello, world. Is this-- a test?";
    println!("{:?}", pre_split(text));
    println!("tiktoken           {:?}", tiktoken.encode(text)?);
    println!("from its parts     {:?}", rebuilt.encode(text));
    println!("from-scratch class {:?}", full.encode(text, &[])?);

    let story = story::story()?;
    let time = |name: &str, encode: &dyn Fn() -> usize| {
        encode();
        let start = Instant::now();
        let tokens = encode();
        println!("{name}: {tokens} tokens in {:.2} ms", start.elapsed().as_secs_f64() * 1000.0);
    };
    println!("\nThe whole story");
    time("tiktoken", &|| tiktoken.encode_with_end_of_text(&story).len());
    time("from its parts", &|| rebuilt.encode(&story).len());
    // Other pieces than GPT-2's: a few tokens more, and an error where the text is not ASCII.
    time("from-scratch class", &|| full.encode(&story, &[]).map_or(0, |ids| ids.len()));
    Ok(())
}
