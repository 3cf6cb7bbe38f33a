//! Text that is shown while it is written.

use ch02_text::{Gpt2Tokenizer, TokenizerError};

/// Turns tokens that come one by one into pieces of text.
///
/// A character can be spread over several tokens (most Chinese ones are), so a piece comes only when its characters are
/// complete.
#[derive(Debug)]
pub struct TextStream<'a> {
    tokenizer: &'a Gpt2Tokenizer,
    waiting: Vec<u32>,
}

/// A character has at most four bytes, so it never spreads over more tokens than this.
const LONGEST_CHARACTER: usize = 4;

impl<'a> TextStream<'a> {
    /// Nothing has come yet.
    pub fn new(tokenizer: &'a Gpt2Tokenizer) -> Self {
        Self { tokenizer, waiting: Vec::new() }
    }

    /// Takes the next token and returns the text that is complete with it, which may be empty.
    ///
    /// # Errors
    /// If the id is not in GPT-2's vocabulary.
    pub fn push(&mut self, id: u32) -> Result<String, TokenizerError> {
        self.waiting.push(id);
        let text = self.tokenizer.decode(&self.waiting)?;
        // A replacement character at the end means that bytes are missing, unless they are plain wrong.
        if text.ends_with(char::REPLACEMENT_CHARACTER) && self.waiting.len() < LONGEST_CHARACTER {
            return Ok(String::new());
        }
        self.waiting.clear();
        Ok(text)
    }

    /// What is left when no more tokens come.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn finish(self) -> Result<String, TokenizerError> {
        self.tokenizer.decode(&self.waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_make_the_text_and_no_character_is_broken() {
        let tokenizer = Gpt2Tokenizer::new();
        for text in ["Every effort moves you", "水开了，外婆泡茶。", "naïve café 🦀 end"] {
            let mut stream = TextStream::new(&tokenizer);
            let mut shown = String::new();
            for id in tokenizer.encode(text).unwrap() {
                let piece = stream.push(id).unwrap();
                assert!(!piece.contains(char::REPLACEMENT_CHARACTER), "{piece}");
                shown += &piece;
            }
            assert_eq!(shown + &stream.finish().unwrap(), text);
        }
    }

    #[test]
    fn bytes_that_are_no_text_do_not_wait_for_ever() {
        let tokenizer = Gpt2Tokenizer::new();
        let mut stream = TextStream::new(&tokenizer);
        let pieces: Vec<String> = (0..8).map(|_| stream.push(255).unwrap()).collect();
        assert!(pieces.iter().any(|piece| !piece.is_empty()));
    }
}
