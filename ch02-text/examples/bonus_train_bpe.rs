//! Bonus: byte pair encoding trained on the story, merged across words and inside words only.
//! `cargo run -p ch02-text --example bonus_train_bpe`

use ch02_text::END_OF_TEXT;
use ch02_text::bonus::full_bpe::MergeOrder;
use ch02_text::bonus::{FullBpe, SimpleBpe};

#[path = "common/story.rs"]
mod story;

fn main() -> anyhow::Result<()> {
    let story = story::story()?;
    let jack = "Jack embraced beauty through art and life.";

    let simple = SimpleBpe::train(&story, 1000, &[END_OF_TEXT]);
    println!("simple: {} tokens, {} merges", simple.vocab_size(), simple.num_merges());
    println!("first merges: {:?}", (258..268).filter_map(|id| simple.token(id)).collect::<Vec<_>>());
    let ids = simple.encode(jack)?;
    println!("{ids:?}");
    println!("{:?}", ids.iter().map(|&id| simple.decode(&[id])).collect::<Result<Vec<_>, _>>()?);
    let ids = simple.encode(&story)?;
    println!("story: {} ids, decoded exactly: {}\n", ids.len(), simple.decode(&ids)? == story);

    let full = FullBpe::train(&story, 1000, &[END_OF_TEXT]);
    println!("full: {} tokens, {} merges", full.vocab_size(), full.num_merges());
    println!("first merges: {:?}", (258..268).filter_map(|id| full.token(id)).collect::<Vec<_>>());
    let ids = full.encode(jack, &[])?;
    println!("{ids:?}");
    println!("{:?}", ids.iter().map(|&id| full.decode(&[id])).collect::<Result<Vec<_>, _>>()?);
    let ids = full.encode(&story, &[])?;
    println!("story: {} ids, decoded exactly: {}", ids.len(), full.decode(&ids)? == story);
    let ids = full.with_order(MergeOrder::Rank).encode(&story, &[])?;
    println!("story, merged in the order of training: {} ids", ids.len());
    Ok(())
}
