//! The texts of tokens, each alone. A tokenizer writes whole texts; a token can be a part of a character.

use ch02_text::Gpt2Tokenizer;
use model_text::ModelTokenizer;
use serde::Serialize;

/// A token as it is shown.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Token {
    pub id: u32,
    /// Its text, of a control token its name. Bytes that are no character alone are U+FFFD.
    pub text: String,
    /// All bytes, two hexadecimal digits each, if there are such.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<String>,
}

/// What tokens look like.
pub(crate) trait TokenTexts {
    /// The bytes of a token; `None` if the tokenizer does not know the id. A model can know more ids than its tokenizer.
    fn bytes(&self, id: u32) -> Option<Vec<u8>>;

    /// The text of tokens together, without control tokens.
    fn together(&self, ids: &[u32]) -> String;

    /// A token alone.
    fn token(&self, id: u32) -> Token {
        let Some(bytes) = self.bytes(id) else { return Token { id, text: UNKNOWN.to_string(), bytes: None } };
        match String::from_utf8(bytes) {
            Ok(text) => Token { id, text, bytes: None },
            Err(error) => {
                let bytes = error.as_bytes();
                let digits = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                Token { id, text: String::from_utf8_lossy(bytes).into_owned(), bytes: Some(digits) }
            }
        }
    }
}

const UNKNOWN: &str = "\u{fffd}";

impl TokenTexts for Gpt2Tokenizer {
    fn bytes(&self, id: u32) -> Option<Vec<u8>> {
        self.decode_bytes(&[id]).ok()
    }

    fn together(&self, ids: &[u32]) -> String {
        self.decode(ids).unwrap_or_else(|_| UNKNOWN.to_string())
    }
}

impl TokenTexts for ModelTokenizer {
    fn bytes(&self, id: u32) -> Option<Vec<u8>> {
        self.token_bytes(id).ok().map(Into::into)
    }

    fn together(&self, ids: &[u32]) -> String {
        self.decode(ids).unwrap_or_else(|_| UNKNOWN.to_string())
    }
}
