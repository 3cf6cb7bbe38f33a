//! Why a tokenizer cannot be made, or ids cannot be decoded.

#![allow(missing_docs, reason = "an error's message says what its fields are")]

use std::io;
use std::path::PathBuf;

/// Why a tokenizer cannot be made, or ids cannot be decoded.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerError {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    File { path: PathBuf, source: io::Error },
    /// The file holds no usable tokenizer.
    #[error("{}: {source}", .path.display())]
    InFile { path: PathBuf, source: Box<TokenizerError> },
    /// The text is not JSON of the right form.
    #[error("this is not a tokenizer.json: {0}")]
    BadJson(#[from] serde_json::Error),
    /// A part of the tokenizer is of a kind that the models here do not have.
    #[error("the tokenizer's {part} is {found}, and known are {known}")]
    Unsupported { part: &'static str, found: String, known: &'static str },
    /// A list of the vocabulary has another length than the tokens.
    #[error("the vocabulary has {tokens} tokens, but {found} {list}")]
    OtherLength { list: &'static str, tokens: usize, found: usize },
    /// The vocabulary has no tokens.
    #[error("the vocabulary has no tokens")]
    Empty,
    /// An id is too large for the number of tokens.
    #[error("{what} has the id {id}, but the vocabulary has only {tokens} tokens")]
    IdOutside { what: String, id: u64, tokens: usize },
    /// Two tokens have one id.
    #[error("the tokens {first:?} and {second:?} both have the id {id}")]
    IdTwice { id: u32, first: String, second: String },
    /// Two ids have one token.
    #[error("the token {token:?} has two ids, {first} and {second}")]
    TokenTwice { token: String, first: u32, second: u32 },
    /// A token has no text, so nothing would end up as it, and everything would contain it.
    #[error("the token with the id {0} is empty")]
    EmptyToken(u32),
    /// The number that says what a token is for has no meaning.
    #[error("the token {token:?} is of type {found}; there are the types 1 to 6")]
    TokenType { token: String, found: i32 },
    /// A score is not a number.
    #[error("the token {token:?} has the score {score}")]
    BadScore { token: String, score: f32 },
    /// A merge is not two tokens.
    #[error("merge {number} is {merge:?}, not two tokens with a space between them")]
    BadMerge { number: usize, merge: String },
    /// A merge makes or uses something that is no token.
    #[error("merge {number} needs the token {token:?}, which the vocabulary does not have")]
    UnknownMerge { number: usize, token: String },
    /// A text can contain bytes for which there is no token.
    #[error("the vocabulary has no token for the byte {0:#04x}")]
    NoByte(u8),
    /// The pattern that cuts a text into pieces cannot be used.
    #[error("the pattern {pattern:?} that cuts text into pieces cannot be used: {reason}")]
    BadPattern { pattern: String, reason: String },
    /// The control tokens cannot be searched for.
    #[error("the tokenizer's added tokens cannot be used: {0}")]
    BadAddedTokens(String),
    /// The byte pair encoder refuses the vocabulary.
    #[error("the vocabulary cannot be used: {0}")]
    BadVocabulary(String),
    /// No token has this id.
    #[error("no token has the id {id}; the vocabulary has the ids 0 to {last}")]
    UnknownId { id: u32, last: u32 },
    /// Nothing ends a text, or pads a batch.
    #[error("the vocabulary has no token that ends a text: none of {known}")]
    NoEndOfText { known: String },
}
