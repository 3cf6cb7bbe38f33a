//! Tokenizers that know whole words (sections 2.3 and 2.4).
//!
//! [`SimpleTokenizerV1`] fails on a word that is not in its vocabulary. [`SimpleTokenizerV2`] has a token for such
//! words, and one that separates documents.

use std::sync::LazyLock;

use regex::Regex;

use crate::{END_OF_TEXT, TokenizerError, Vocabulary, tokenize};

/// The token that stands for every unknown word in [`SimpleTokenizerV2`].
pub const UNKNOWN: &str = "<|unk|>";

/// Text to ids and back, word by word (listing 2.3).
#[derive(Clone, Debug)]
pub struct SimpleTokenizerV1 {
    vocabulary: Vocabulary,
}

impl SimpleTokenizerV1 {
    /// A tokenizer for the words of `vocabulary`.
    pub fn new(vocabulary: Vocabulary) -> Self {
        Self { vocabulary }
    }

    /// The ids of a text.
    ///
    /// # Errors
    /// [`TokenizerError::UnknownToken`] with the first word that the vocabulary does not have.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let id = |token: &str| self.vocabulary.id(token).ok_or_else(|| TokenizerError::UnknownToken(token.into()));
        tokenize(text).into_iter().map(id).collect()
    }

    /// The text of a list of ids, with one space between words and none before `, . ? ! " ( ) '`. It is not exactly
    /// the text that was encoded: where the spaces were is lost.
    ///
    /// # Errors
    /// [`TokenizerError::UnknownId`] with the first id that the vocabulary does not have.
    pub fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        static SPACE_BEFORE: LazyLock<Regex> = LazyLock::new(|| space_before(r#"[,.?!"()']"#));
        decode(&self.vocabulary, ids, &SPACE_BEFORE)
    }
}

/// The same with two special tokens (listing 2.4): [`UNKNOWN`] and [`END_OF_TEXT`].
#[derive(Clone, Debug)]
pub struct SimpleTokenizerV2 {
    vocabulary: Vocabulary,
    unknown: u32,
}

impl SimpleTokenizerV2 {
    /// A tokenizer for the words of `vocabulary`, to which [`END_OF_TEXT`] and [`UNKNOWN`] are added, in this order.
    pub fn new(mut vocabulary: Vocabulary) -> Self {
        vocabulary.add(END_OF_TEXT);
        let unknown = vocabulary.add(UNKNOWN);
        Self { vocabulary, unknown }
    }

    /// The words and the special tokens.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The ids of a text; every word that the vocabulary does not have gets the id of [`UNKNOWN`].
    pub fn encode(&self, text: &str) -> Vec<u32> {
        tokenize(text).into_iter().map(|token| self.vocabulary.id(token).unwrap_or(self.unknown)).collect()
    }

    /// The text of a list of ids, with one space between words and none before `, . : ; ? ! " ( ) '`. Unknown words
    /// are lost.
    ///
    /// # Errors
    /// [`TokenizerError::UnknownId`] with the first id that the vocabulary does not have.
    pub fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        static SPACE_BEFORE: LazyLock<Regex> = LazyLock::new(|| space_before(r#"[,.:;?!"()']"#));
        decode(&self.vocabulary, ids, &SPACE_BEFORE)
    }
}

/// Whitespace before one of the characters of a class.
fn space_before(class: &str) -> Regex {
    Regex::new(&format!(r"\s+({class})")).expect("the pattern is well formed")
}

fn decode(vocabulary: &Vocabulary, ids: &[u32], space_before: &Regex) -> Result<String, TokenizerError> {
    let token = |&id: &u32| vocabulary.token(id).ok_or(TokenizerError::UnknownId(id));
    let tokens: Vec<&str> = ids.iter().map(token).collect::<Result<_, _>>()?;
    Ok(space_before.replace_all(&tokens.join(" "), "$1").into_owned())
}
