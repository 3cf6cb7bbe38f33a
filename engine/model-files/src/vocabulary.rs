//! The vocabulary of a model in its folder: `vocab.json` and `merges.txt`, in the format of GPT-2 and Hugging Face.
//!
//! A model with GPT-2's vocabulary needs no such files.

use std::path::{Path, PathBuf};

use ch02_text::bonus::{BpeFileError, Gpt2Files};
use ch02_text::{Gpt2Tokenizer, VOCAB_SIZE};
use serde_json::Value;

use crate::folder::read_json;
use crate::gpt2::HPARAMS_FILE;
use crate::{CONFIG_FILE, CheckpointError};

/// Name of the tokens in a model folder.
pub const VOCAB_FILE: &str = "vocab.json";
/// Name of the merges in a model folder.
pub const MERGES_FILE: &str = "merges.txt";

/// Why there is no tokenizer for a model.
#[allow(missing_docs, reason = "an error's message says what its fields are")]
#[derive(Debug, thiserror::Error)]
pub enum VocabularyError {
    /// The files are damaged or of another kind.
    #[error("the vocabulary in {}: {source}", .folder.display())]
    Bad { folder: PathBuf, source: BpeFileError },
    /// One of the two files is missing.
    #[error("{} has no whole vocabulary: {missing} is missing", .folder.display())]
    Incomplete { folder: PathBuf, missing: &'static str },
    /// The vocabulary belongs to another model.
    #[error("the vocabulary in {} has {found} tokens, but the model there has {expected} token ids", .folder.display())]
    OtherModel { folder: PathBuf, found: usize, expected: usize },
    /// There is no vocabulary.
    #[error(
        "the model in {} has {vocab_size} token ids, not GPT-2's {VOCAB_SIZE}, and no vocabulary of its own beside it \
         ({VOCAB_FILE} and {MERGES_FILE}), so it cannot read text",
        .folder.display()
    )]
    NoVocabulary { folder: PathBuf, vocab_size: usize },
    /// The configuration says how large the vocabulary is.
    #[error(transparent)]
    Model(#[from] CheckpointError),
}

/// The tokenizer of the vocabulary in `folder`; `None` if there is none.
///
/// # Errors
/// If only one of the two files is there, one cannot be read, or they are damaged.
pub fn read_vocabulary(folder: &Path) -> Result<Option<Gpt2Tokenizer>, VocabularyError> {
    let [vocab, merges] = [VOCAB_FILE, MERGES_FILE].map(|name| folder.join(name));
    match (vocab.is_file(), merges.is_file()) {
        (false, false) => return Ok(None),
        (true, true) => {}
        (has_vocab, _) => {
            let missing = if has_vocab { MERGES_FILE } else { VOCAB_FILE };
            return Err(VocabularyError::Incomplete { folder: folder.into(), missing });
        }
    }
    let tokenizer = Gpt2Files::read(&vocab, &merges).and_then(Gpt2Tokenizer::with_vocabulary);
    tokenizer.map(Some).map_err(|source| VocabularyError::Bad { folder: folder.into(), source })
}

/// The tokenizer of the model in `folder`, which has `vocab_size` token ids: with the vocabulary beside it, else with
/// GPT-2's.
///
/// # Errors
/// As [`read_vocabulary`], and if neither has `vocab_size` tokens. GPT-2's models need no whole vocabulary beside them.
pub fn open_tokenizer(folder: &Path, vocab_size: usize) -> Result<Gpt2Tokenizer, VocabularyError> {
    match read_vocabulary(folder) {
        Ok(Some(tokenizer)) if tokenizer.vocab_size() == vocab_size => Ok(tokenizer),
        Ok(Some(tokenizer)) => {
            let (folder, found) = (folder.into(), tokenizer.vocab_size());
            Err(VocabularyError::OtherModel { folder, found, expected: vocab_size })
        }
        Ok(None) | Err(VocabularyError::Incomplete { .. }) if vocab_size == VOCAB_SIZE => Ok(Gpt2Tokenizer::new()),
        Ok(None) => Err(VocabularyError::NoVocabulary { folder: folder.into(), vocab_size }),
        Err(error) => Err(error),
    }
}

/// The tokenizer of the model in `folder`, of which only the configuration is read, or the vocabulary in a folder without
/// a model.
///
/// # Errors
/// As [`open_tokenizer`]; if there is neither a model nor a vocabulary; if the configuration cannot be read.
pub fn tokenizer_of(folder: &Path) -> Result<Gpt2Tokenizer, VocabularyError> {
    let file = [CONFIG_FILE, HPARAMS_FILE].into_iter().find(|name| folder.join(name).is_file());
    let Some(file) = file else {
        let missing = || VocabularyError::Incomplete { folder: folder.into(), missing: VOCAB_FILE };
        return read_vocabulary(folder)?.ok_or_else(missing);
    };
    let config: Value = read_json(folder, file)?;
    // A classifier has the sizes of its model in a field; OpenAI calls the size otherwise.
    let sizes = config.get("model").unwrap_or(&config);
    let size = sizes.get("vocab_size").or_else(|| sizes.get("n_vocab")).and_then(Value::as_u64);
    match size.and_then(|size| usize::try_from(size).ok()) {
        Some(vocab_size) => open_tokenizer(folder, vocab_size),
        None => Err(CheckpointError::NoVocabSize { path: folder.join(file) }.into()),
    }
}

/// The files that a model with this vocabulary has beside it, with their contents; `None` for a file that it must not
/// have: GPT-2's vocabulary needs none.
pub fn vocabulary_files(vocabulary: Option<&Gpt2Files>) -> [(&'static str, Option<String>); 2] {
    [(VOCAB_FILE, vocabulary.map(Gpt2Files::vocab_json)), (MERGES_FILE, vocabulary.map(Gpt2Files::merges_txt))]
}
