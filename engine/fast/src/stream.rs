//! Text that is shown while it is generated.

use ch02_text::{Gpt2Tokenizer, TokenizerError};

/// Turns tokens that come one by one into pieces of text.
///
/// A character can be spread over several tokens (most Chinese ones are), and a token can end one character and begin
/// the next. A piece is returned when its characters are complete; all pieces together are what
/// [`Gpt2Tokenizer::decode`] makes of all tokens.
#[derive(Debug)]
pub struct TextStream<'a> {
    tokenizer: &'a Gpt2Tokenizer,
    /// The beginning of a character.
    waiting: Vec<u8>,
}

impl<'a> TextStream<'a> {
    /// A stream without tokens.
    pub fn new(tokenizer: &'a Gpt2Tokenizer) -> Self {
        Self { tokenizer, waiting: Vec::new() }
    }

    /// Takes the next token and returns the text that is complete with it, which may be empty.
    ///
    /// # Errors
    /// If the id is not in GPT-2's vocabulary.
    pub fn push(&mut self, id: u32) -> Result<String, TokenizerError> {
        self.waiting.extend(self.tokenizer.decode_bytes(&[id])?);
        let incomplete = incomplete_end(&self.waiting);
        let complete = self.waiting.len() - incomplete;
        let text = String::from_utf8_lossy(&self.waiting[..complete]).into_owned();
        self.waiting.drain(..complete);
        Ok(text)
    }

    /// What is left when no more tokens come.
    pub fn finish(self) -> String {
        String::from_utf8_lossy(&self.waiting).into_owned()
    }
}

/// How many bytes at the end are the beginning of a character whose rest is missing.
fn incomplete_end(mut bytes: &[u8]) -> usize {
    while let Err(error) = std::str::from_utf8(bytes) {
        // Bytes that cannot become a character are skipped; without a length, more bytes could make one.
        let Some(wrong) = error.error_len() else { return bytes.len() - error.valid_up_to() };
        bytes = &bytes[error.valid_up_to() + wrong..];
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(tokenizer: &Gpt2Tokenizer, ids: &[u32]) -> Vec<String> {
        let mut stream = TextStream::new(tokenizer);
        let mut pieces: Vec<String> = ids.iter().map(|&id| stream.push(id).unwrap()).collect();
        pieces.push(stream.finish());
        pieces
    }

    #[test]
    fn the_pieces_make_the_text_and_no_character_is_broken() {
        let tokenizer = Gpt2Tokenizer::new();
        let stories = ["lamp", "station-tea"].map(|name| shared::data::find(name).unwrap().text().unwrap());
        // In 晚饭 and 茶树, one token ends a character and begins the next.
        for text in ["Every effort moves you", "晚饭后看茶树", "naïve café 🦀 end", &stories[0], &stories[1]]
        {
            let pieces = pieces(&tokenizer, &tokenizer.encode(text).unwrap());
            assert!(pieces.iter().all(|piece| !piece.contains(char::REPLACEMENT_CHARACTER)));
            assert_eq!(pieces.concat(), text);
        }
    }

    #[test]
    fn bytes_that_are_no_text_do_not_wait_nor_break_what_follows() {
        let tokenizer = Gpt2Tokenizer::new();
        let byte = |byte: u8| (0..256).find(|&id| tokenizer.decode_bytes(&[id]).unwrap() == [byte]).unwrap();
        // The beginnings of characters of two and of four bytes, and one from the middle.
        let (first_of_two, first_of_four, later) = (byte(0xc3), byte(0xf0), byte(0xad));
        let tea = tokenizer.encode("茶").unwrap();
        for strays in [vec![first_of_two; 8], vec![first_of_four, first_of_two], vec![later, first_of_four]] {
            let ids = [strays, tea.clone()].concat();
            let pieces = pieces(&tokenizer, &ids);
            assert_eq!(pieces.concat(), tokenizer.decode(&ids).unwrap());
            assert!(pieces.concat().ends_with('茶'), "{pieces:?}");
            assert!(!pieces[..2].concat().is_empty(), "the first stray byte does not wait for ever");
        }
    }
}
