//! GPT-2's byte pair encoding (section 2.5).
//!
//! A vocabulary of words knows only the words of its text. Byte pair encoding cuts an unknown word into smaller known
//! pieces, in the worst case into single bytes, so that every text has ids and every list of ids is a text. The crate
//! `tiktoken-rs` does the work here; [`bonus`](crate::bonus) builds the same thing from its parts.

use std::collections::HashSet;

use tiktoken_rs::{CoreBPE, r50k_base_singleton};

use crate::TokenizerError;
use crate::bonus::pre_split::encode_in_pieces;
use crate::special_tokens::END_OF_TEXT;

/// GPT-2's tokenizer. All copies share one table, which the first use loads.
#[derive(Clone)]
pub struct Gpt2Tokenizer {
    bpe: &'static CoreBPE,
}

impl Gpt2Tokenizer {
    /// The tokenizer; it needs no files.
    pub fn new() -> Self {
        Self { bpe: r50k_base_singleton() }
    }

    /// The ids of a text, which must not contain [`END_OF_TEXT`]: text of a user should not be able to end a document.
    ///
    /// # Errors
    /// [`TokenizerError::SpecialToken`] if the text contains the marker.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        if text.contains(END_OF_TEXT) {
            return Err(TokenizerError::SpecialToken(END_OF_TEXT.to_string()));
        }
        Ok(self.encode_with_end_of_text(text))
    }

    /// The ids of a text in which every [`END_OF_TEXT`] stands for its own id,
    /// [`END_OF_TEXT_ID`](crate::END_OF_TEXT_ID). Long texts are encoded faster by
    /// [`long_text::encode`](crate::long_text::encode).
    pub fn encode_with_end_of_text(&self, text: &str) -> Vec<u32> {
        match self.bpe.encode(text, &HashSet::from([END_OF_TEXT])) {
            Ok((ids, _)) => ids,
            // tiktoken has one error only: its pattern gives up in a run of about a million spaces.
            Err(_) => encode_in_pieces(text, |piece| self.bpe.encode_ordinary(piece)),
        }
    }

    /// The text of a list of ids. A character can be spread over several ids; bytes that do not form a character
    /// become U+FFFD, the replacement character.
    ///
    /// # Errors
    /// [`TokenizerError::UnknownId`] for an id from [`VOCAB_SIZE`](crate::VOCAB_SIZE) on.
    pub fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        Ok(String::from_utf8_lossy(&self.decode_bytes(ids)?).into_owned())
    }

    /// The bytes of a list of ids, in which a character can be incomplete.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn decode_bytes(&self, ids: &[u32]) -> Result<Vec<u8>, TokenizerError> {
        self.bpe.decode_bytes(ids).map_err(|e| TokenizerError::UnknownId(e.token))
    }
}

impl Default for Gpt2Tokenizer {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Gpt2Tokenizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gpt2Tokenizer")
    }
}
