/// Why a text cannot be encoded or ids cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenizerError {
    /// A word-level tokenizer met a word that was not in the text its vocabulary comes from.
    #[error("'{0}' is not in the vocabulary")]
    UnknownToken(String),
    /// A byte pair encoder met characters that it was not trained on.
    #[error("the vocabulary has no token for the characters {0:?}")]
    UnknownCharacters(String),
    /// No token has this id.
    #[error("no token has the id {0}")]
    UnknownId(u32),
    /// The text contains a marker that the caller did not allow.
    #[error("the text contains the special token '{0}', which is not allowed here")]
    SpecialToken(String),
}
