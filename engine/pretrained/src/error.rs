//! Why a model cannot be opened or saved. Every message names the file.

#![allow(missing_docs, reason = "an error's message says what its fields are")]

use std::path::{Path, PathBuf};

use model_files::{CheckpointError, ClassifierError, FileError};
use model_text::{ChatError, TokenizerError};

/// Why a model cannot be opened or saved.
#[derive(Debug, thiserror::Error)]
pub enum PretrainedError {
    /// The weights, the configuration or a GGUF file.
    #[error(transparent)]
    Model(#[from] CheckpointError),
    /// A classifier.
    #[error(transparent)]
    Classifier(#[from] ClassifierError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A small file is not a JSON object.
    #[error("{}: {source}", .path.display())]
    Json { path: PathBuf, source: serde_json::Error },
    /// A value in the metadata of a GGUF file is of another type.
    #[error("{}: {reason}", .path.display())]
    Metadata { path: PathBuf, reason: String },
    /// The tokenizer is damaged or of an unknown kind.
    #[error("{}", named(.path, .source))]
    Tokenizer { path: PathBuf, source: TokenizerError },
    /// The tokenizer is another model's.
    #[error(
        "{}: the tokenizer has {tokens} tokens, but the model has {vocab_size} token ids; the two do not belong together",
        .path.display()
    )]
    OtherTokenizer { path: PathBuf, tokens: usize, vocab_size: usize },
    /// The chat template is no program.
    #[error("{}: {source}", .path.display())]
    Template { path: PathBuf, source: ChatError },
    /// What ends a text is not an id.
    #[error("{}: {field} is {found}, but must be token ids from 0 to {last}", .path.display())]
    BadIds { path: PathBuf, field: &'static str, found: String, last: usize },
    /// A value for the draw of the next token is impossible.
    #[error("{}: {field} is {found}, but must be {allowed}", .path.display())]
    BadSampling { path: PathBuf, field: &'static str, found: String, allowed: &'static str },
}

/// The error of a tokenizer with the name of its file, which some errors have already.
fn named(path: &Path, source: &TokenizerError) -> String {
    match source {
        TokenizerError::File { .. } | TokenizerError::InFile { .. } => source.to_string(),
        _ => format!("{}: {source}", path.display()),
    }
}
