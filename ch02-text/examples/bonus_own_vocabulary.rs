//! Bonus: a vocabulary trained on the Chinese story, beside GPT-2's.
//! `cargo run -p ch02-text --example bonus_own_vocabulary`

use ch02_text::Gpt2Tokenizer;
use ch02_text::bonus::{BpeTrainer, train_bpe};
use shared::data::find;

fn main() -> anyhow::Result<()> {
    let story = find("station-tea")?.text()?;
    let mut trainer = BpeTrainer::new(&story);
    let mut first = Vec::new();
    while first.len() < 10
        && let Some(token) = trainer.merge_next()
    {
        first.push(token.to_string());
    }
    println!("first merges, a character for every byte: {first:?}");

    let sentence = "水开了，外婆泡茶。";
    println!("\n{} characters", story.chars().count());
    for vocab_size in [0, 500, 1000] {
        let (tokenizer, name) = match vocab_size {
            0 => (Gpt2Tokenizer::new(), "GPT-2".to_string()),
            _ => (Gpt2Tokenizer::with_vocabulary(train_bpe(&story, vocab_size))?, format!("own {vocab_size}")),
        };
        let ids = tokenizer.encode(sentence)?;
        let pieces = ids.iter().map(|&id| tokenizer.decode(&[id])).collect::<Result<Vec<_>, _>>()?;
        println!("{name:>8}: {:>5} tokens; {sentence} is {pieces:?}", tokenizer.encode(&story)?.len());
    }
    Ok(())
}
