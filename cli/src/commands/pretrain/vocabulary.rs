//! The vocabulary of a new run.

use std::path::Path;

use anyhow::{Result, ensure};
use ch02_text::bonus::MIN_VOCAB_SIZE;
use ch02_text::{END_OF_TEXT, Gpt2Tokenizer, VOCAB_SIZE};
use ch05_pretrain::text_split::{TRAINING_SHARE, split_text};
use model_files::tokenizer_of;

use crate::vocabulary::train_vocabulary;

/// The tokenizer of a run: that of `folder`, if it is given; GPT-2's, if that has `vocab_size` tokens; else one that is
/// trained here, on the training part of the text, so that the validation part stays unseen.
pub fn choose(folder: Option<&Path>, vocab_size: usize, text: &str) -> Result<Gpt2Tokenizer> {
    match folder {
        Some(folder) => Ok(tokenizer_of(folder)?),
        None if vocab_size == VOCAB_SIZE => Ok(Gpt2Tokenizer::new()),
        None => {
            ensure!(
                vocab_size >= MIN_VOCAB_SIZE,
                "vocab_size is {vocab_size}, but must be at least {MIN_VOCAB_SIZE}: the 256 bytes and {END_OF_TEXT}"
            );
            train_vocabulary(split_text(text, TRAINING_SHARE).0, vocab_size)
        }
    }
}
