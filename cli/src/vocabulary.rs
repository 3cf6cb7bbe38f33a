//! Training a vocabulary on the spot.

use anyhow::Result;
use ch02_text::Gpt2Tokenizer;
use ch02_text::bonus::BpeTrainer;

use crate::terminal::{Interrupt, Progress, grouped, tr, warn};

/// The tokenizer of a vocabulary of up to `vocab_size` tokens that is trained on this text; there are fewer if no other pair
/// of tokens occurs twice.
pub fn train_vocabulary(text: &str, vocab_size: usize) -> Result<Gpt2Tokenizer> {
    Interrupt::end_at_once()?;
    let mut trainer = BpeTrainer::new(text);
    let mut progress = Progress::new(trainer.vocab_size() as u64, vocab_size as u64);
    while trainer.vocab_size() < vocab_size && trainer.merge_next().is_some() {
        progress.step(String::new);
    }
    progress.finish();
    Ok(Gpt2Tokenizer::with_vocabulary(trainer.finish())?)
}

/// Says that a text gives fewer tokens than were asked for.
pub fn note_fewer_tokens(asked: usize) {
    let asked = grouped(asked);
    warn(tr!(
        "note: the vocabulary has fewer than {asked} tokens: no other pair of tokens occurs twice in the text",
        "提示：词表不足 {asked} 个词元：文本中再没有出现两次的词元对"
    ));
}
