//! `--tokenizer` and `--model` of the commands that tokenize, and `--vocab-size`.

use std::path::PathBuf;

use anyhow::Result;
use ch02_text::bonus::MIN_VOCAB_SIZE;
use ch02_text::{END_OF_TEXT, Gpt2Tokenizer, VOCAB_SIZE};
use model_files::tokenizer_of;

#[derive(clap::Args)]
pub struct TokenizerArgs {
    /// Folder with a vocabulary of `llm tokenizer train` [default: GPT-2's vocabulary]
    #[arg(long, value_name = "DIR", conflicts_with = "model")]
    tokenizer: Option<PathBuf>,
    /// Folder with a model, for its vocabulary
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
}

impl TokenizerArgs {
    pub fn open(&self) -> Result<Gpt2Tokenizer> {
        match self.tokenizer.as_ref().or(self.model.as_ref()) {
            Some(folder) => Ok(tokenizer_of(folder)?),
            None => Ok(Gpt2Tokenizer::new()),
        }
    }
}

/// For clap: the size of a vocabulary that can be trained, or that of GPT-2's by its name.
pub fn vocab_size_or_gpt2(text: &str) -> Result<usize, String> {
    if text == "gpt2" { Ok(VOCAB_SIZE) } else { vocab_size(text) }
}

/// For clap: the size of a vocabulary that can be trained.
pub fn vocab_size(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(size) if size >= MIN_VOCAB_SIZE => Ok(size),
        Ok(_) => Err(format!("must be at least {MIN_VOCAB_SIZE}: the 256 bytes and {END_OF_TEXT}")),
        Err(error) => Err(error.to_string()),
    }
}
