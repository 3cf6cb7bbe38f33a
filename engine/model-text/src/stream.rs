//! Text that is shown while it is generated.

use ch02_text::incomplete::without_incomplete_end;

use crate::{ModelTokenizer, TokenizerError};

/// Decodes id by id. A character can be spread over several tokens; its bytes are held back until it is complete.
#[derive(Debug)]
pub struct TextStream<'t> {
    tokenizer: &'t ModelTokenizer,
    held_back: Vec<u8>,
}

impl<'t> TextStream<'t> {
    pub(crate) fn new(tokenizer: &'t ModelTokenizer) -> Self {
        Self { tokenizer, held_back: Vec::new() }
    }

    /// The text that this id completes: often that of one token, nothing after half a character or a control token.
    ///
    /// # Errors
    /// [`TokenizerError::UnknownId`]
    pub fn push(&mut self, id: u32) -> Result<String, TokenizerError> {
        self.held_back.extend_from_slice(&self.tokenizer.shown_bytes(id)?);
        let whole = without_incomplete_end(&self.held_back).len();
        let rest = self.held_back.split_off(whole);
        let text = String::from_utf8_lossy(&self.held_back).into_owned();
        self.held_back = rest;
        Ok(text)
    }

    /// What was held back when the text ends: nothing, or U+FFFD for a character that was never completed.
    pub fn finish(self) -> String {
        String::from_utf8_lossy(&self.held_back).into_owned()
    }
}
