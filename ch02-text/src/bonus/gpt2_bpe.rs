//! GPT-2's encoder from its parts. It gives the ids of [`Gpt2Tokenizer`](crate::Gpt2Tokenizer) on every text.
//!
//! A text goes through four steps:
//!
//! 1. it is cut into pieces ([`pre_split`]);
//! 2. each byte of a piece becomes a token ([`byte_table`](super::byte_table));
//! 3. pairs of tokens are merged, those learnt first before the others ([`merge_by_rank`]);
//! 4. what is left are the ids.

use std::collections::HashMap;

use super::byte_table::bytes_of_characters;
use super::gpt2_files::{BpeFileError, Gpt2Files};
use super::pairs::{Merges, merge_by_rank};
use super::pre_split::pre_split;
use crate::TokenizerError;

/// GPT-2's byte pair encoding, read from its files.
#[derive(Clone, Debug)]
pub struct Gpt2Bpe {
    /// The id of each byte.
    byte_ids: [u32; 256],
    merges: Merges,
    /// The bytes of each id.
    tokens: Vec<Vec<u8>>,
}

impl Gpt2Bpe {
    /// The encoder of these files.
    ///
    /// # Errors
    /// [`BpeFileError::Byte`] if a byte has no token or a token has a character that stands for no byte.
    pub fn new(files: Gpt2Files) -> Result<Self, BpeFileError> {
        let byte_ids = files.byte_ids()?;
        let bytes = bytes_of_characters();
        let byte = |c: char| bytes.get(&c).copied().ok_or(BpeFileError::Byte(c));
        let tokens = files.tokens.iter().map(|token| token.chars().map(byte).collect()).collect::<Result<_, _>>()?;
        Ok(Self { byte_ids, merges: files.merges, tokens })
    }

    /// Number of tokens.
    pub fn vocab_size(&self) -> usize {
        self.tokens.len()
    }

    /// The ids of a text. The end-of-text marker is a text like any other here, as in OpenAI's program.
    ///
    /// The time for a piece grows with the square of its length; the pieces of ordinary text are short.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        // Words repeat: each is merged once.
        let mut known: HashMap<&str, Vec<u32>> = HashMap::new();
        let mut ids = Vec::new();
        for piece in pre_split(text) {
            ids.extend_from_slice(known.entry(piece).or_insert_with(|| self.encode_piece(piece)));
        }
        ids
    }

    fn encode_piece(&self, piece: &str) -> Vec<u32> {
        let ids = piece.bytes().map(|byte| self.byte_ids[usize::from(byte)]).collect();
        merge_by_rank(ids, &self.merges)
    }

    /// The text of a list of ids; bytes that do not form a character become U+FFFD.
    ///
    /// # Errors
    /// [`TokenizerError::UnknownId`] with the first id that no token has.
    pub fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        let token = |&id: &u32| self.tokens.get(id as usize).map(Vec::as_slice).ok_or(TokenizerError::UnknownId(id));
        let bytes: Vec<&[u8]> = ids.iter().map(token).collect::<Result<_, _>>()?;
        Ok(String::from_utf8_lossy(&bytes.concat()).into_owned())
    }
}
