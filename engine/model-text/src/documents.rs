//! A tokenizer of texts that stand alone, such as the messages of chapter 6.

use shared::Tokenizer;

use crate::{ModelTokenizer, TokenizerError};

/// The tokens that end a text in the families here; a vocabulary has one of them.
const END_OF_TEXT: [&str; 4] = ["<|endoftext|>", "<|end_of_text|>", "<eos>", "</s>"];

/// A tokenizer as the chapters need it: plain text to ids, and a token that ends a text.
#[derive(Debug)]
pub struct DocumentTokenizer {
    tokenizer: ModelTokenizer,
    end_of_text_id: u32,
}

impl DocumentTokenizer {
    /// # Errors
    /// [`TokenizerError::NoEndOfText`] if no token ends a text.
    pub fn new(tokenizer: ModelTokenizer) -> Result<Self, TokenizerError> {
        let end_of_text_id = end_of_text_id(&tokenizer)?;
        Ok(Self { tokenizer, end_of_text_id })
    }

    /// The tokenizer itself.
    pub fn tokenizer(&self) -> &ModelTokenizer {
        &self.tokenizer
    }
}

/// The id of the token that ends a text. In a conversation, another one ends an answer.
///
/// # Errors
/// [`TokenizerError::NoEndOfText`] if there is none.
pub fn end_of_text_id(tokenizer: &ModelTokenizer) -> Result<u32, TokenizerError> {
    let id = END_OF_TEXT.iter().find_map(|token| tokenizer.token_id(token));
    id.ok_or(TokenizerError::NoEndOfText { known: END_OF_TEXT.join(", ") })
}

impl Tokenizer for DocumentTokenizer {
    fn encode_ordinary(&self, text: &str) -> Vec<u32> {
        self.tokenizer.encode(text)
    }

    fn end_of_text_id(&self) -> u32 {
        self.end_of_text_id
    }
}
