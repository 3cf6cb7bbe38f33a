//! GPT-2's byte pair encoding (section 2.5).
//!
//! A vocabulary of words knows only the words of its text. Byte pair encoding cuts an unknown word into smaller known
//! pieces, in the worst case into single bytes, so that every text has ids and every list of ids is a text. The crate
//! `tiktoken-rs` does the work here; [`bonus`](crate::bonus) builds the same thing from its parts.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use shared::Tokenizer;
use tiktoken_rs::{CoreBPE, r50k_base};

use crate::TokenizerError;
use crate::bonus::own_vocabulary::{core_bpe, is_gpt2};
use crate::bonus::pre_split::{encode_in_pieces, pre_split};
use crate::bonus::{BpeFileError, Gpt2Files};
use crate::incomplete::without_incomplete_end;
use crate::special_tokens::{END_OF_TEXT, END_OF_TEXT_ID, VOCAB_SIZE};

/// GPT-2's table, which the first use loads.
static GPT2: LazyLock<Arc<CoreBPE>> =
    LazyLock::new(|| Arc::new(r50k_base().expect("the table is part of the program")));

/// GPT-2's tokenizer, with GPT-2's vocabulary or, as bonus material, one that was trained on another text. All copies
/// share one table.
#[derive(Clone)]
pub struct Gpt2Tokenizer {
    bpe: Arc<CoreBPE>,
    end_of_text_id: u32,
    /// `None` for GPT-2's.
    vocabulary: Option<Arc<Gpt2Files>>,
}

impl Gpt2Tokenizer {
    /// The tokenizer with GPT-2's vocabulary; it needs no files.
    pub fn new() -> Self {
        Self { bpe: Arc::clone(&GPT2), end_of_text_id: END_OF_TEXT_ID, vocabulary: None }
    }

    /// The tokenizer with this vocabulary (bonus), for example one of [`train_bpe`](crate::bonus::train_bpe).
    ///
    /// # Errors
    /// [`BpeFileError::Byte`] if a byte has no token, [`BpeFileError::NoEndOfText`] if [`END_OF_TEXT`] has none.
    pub fn with_vocabulary(files: Gpt2Files) -> Result<Self, BpeFileError> {
        if is_gpt2(&files, &GPT2) {
            return Ok(Self::new());
        }
        let (bpe, end_of_text_id) = core_bpe(&files)?;
        Ok(Self { bpe: Arc::new(bpe), end_of_text_id, vocabulary: Some(Arc::new(files)) })
    }

    /// Its vocabulary; `None` if that is GPT-2's.
    pub fn vocabulary(&self) -> Option<&Gpt2Files> {
        self.vocabulary.as_deref()
    }

    /// Number of tokens, [`VOCAB_SIZE`] for GPT-2's vocabulary.
    pub fn vocab_size(&self) -> usize {
        self.vocabulary.as_ref().map_or(VOCAB_SIZE, |files| files.tokens.len())
    }

    /// The id of [`END_OF_TEXT`], [`END_OF_TEXT_ID`] for GPT-2's vocabulary. It is also the padding token.
    pub fn end_of_text_id(&self) -> u32 {
        self.end_of_text_id
    }

    /// The ids of a text, which must not contain [`END_OF_TEXT`], as the book's `encode` wants it: whoever calls it has to
    /// decide what the marker means, with [`encode_ordinary`](Self::encode_ordinary) or
    /// [`encode_with_end_of_text`](Self::encode_with_end_of_text).
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
    /// [`end_of_text_id`](Self::end_of_text_id). Long texts are encoded faster by
    /// [`long_text::encode`](crate::long_text::encode).
    pub fn encode_with_end_of_text(&self, text: &str) -> Vec<u32> {
        match self.bpe.encode(text, &HashSet::from([END_OF_TEXT])) {
            Ok((ids, _)) => ids,
            // tiktoken has one error only: its pattern gives up in a run of about a million spaces.
            Err(_) => encode_in_pieces(text, self.end_of_text_id, |piece| self.bpe.encode_ordinary(piece)),
        }
    }

    /// The ids of a text in which nothing is special: [`END_OF_TEXT`] is text, seven ids in GPT-2's vocabulary, as in
    /// tiktoken's `encode_ordinary`. It is for text of a user, who may well ask what the marker means, but should not be
    /// able to end a document with it.
    pub fn encode_ordinary(&self, text: &str) -> Vec<u32> {
        match self.bpe.encode(text, &HashSet::new()) {
            Ok((ids, _)) => ids,
            // As in `encode_with_end_of_text`.
            Err(_) => pre_split(text).into_iter().flat_map(|piece| self.bpe.encode_ordinary(piece)).collect(),
        }
    }

    /// The text of a list of ids. A character can be spread over several ids; bytes that do not form a character
    /// become U+FFFD, the replacement character.
    ///
    /// # Errors
    /// [`TokenizerError::UnknownId`] for an id from [`vocab_size`](Self::vocab_size) on.
    pub fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        Ok(String::from_utf8_lossy(&self.decode_bytes(ids)?).into_owned())
    }

    /// As [`decode`](Self::decode), but without the beginning of a character at the very end: a model that has to stop
    /// after some number of tokens can stop in the middle of a character, which nobody wants to see.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn decode_whole_characters(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        let bytes = self.decode_bytes(ids)?;
        Ok(String::from_utf8_lossy(without_incomplete_end(&bytes)).into_owned())
    }

    /// The bytes of a list of ids, in which a character can be incomplete.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn decode_bytes(&self, ids: &[u32]) -> Result<Vec<u8>, TokenizerError> {
        match &self.vocabulary {
            None => self.bpe.decode_bytes(ids).map_err(|e| TokenizerError::UnknownId(e.token)),
            Some(files) => {
                let bytes = |&id: &u32| files.bytes(id).ok_or(TokenizerError::UnknownId(id));
                Ok(ids.iter().map(bytes).collect::<Result<Vec<_>, _>>()?.concat())
            }
        }
    }
}

impl Tokenizer for Gpt2Tokenizer {
    fn encode_ordinary(&self, text: &str) -> Vec<u32> {
        self.encode_ordinary(text)
    }

    fn end_of_text_id(&self) -> u32 {
        self.end_of_text_id()
    }
}

impl Default for Gpt2Tokenizer {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Gpt2Tokenizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Gpt2Tokenizer with {} tokens", self.vocab_size())
    }
}
