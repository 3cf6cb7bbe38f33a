//! Text that is shown while it is generated.

use ch02_text::incomplete::without_incomplete_end;
use ch02_text::{Gpt2Tokenizer, TokenizerError};

/// Turns tokens that come one by one into pieces of text.
///
/// A character can be spread over several tokens (most Chinese ones are), and a token can end one character and begin
/// the next. A piece is returned when its characters are complete; all pieces together are what
/// [`Gpt2Tokenizer::decode_whole_characters`] makes of all tokens. The beginning of a character that nothing completes is
/// never shown.
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
    /// If the id is not in the tokenizer's vocabulary.
    pub fn push(&mut self, id: u32) -> Result<String, TokenizerError> {
        self.waiting.extend(self.tokenizer.decode_bytes(&[id])?);
        let complete = without_incomplete_end(&self.waiting);
        let text = String::from_utf8_lossy(complete).into_owned();
        let complete = complete.len();
        self.waiting.drain(..complete);
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(tokenizer: &Gpt2Tokenizer, ids: &[u32]) -> Vec<String> {
        let mut stream = TextStream::new(tokenizer);
        ids.iter().map(|&id| stream.push(id).unwrap()).collect()
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

    /// 茶 is more than one token.
    #[test]
    fn half_a_character_at_the_end_is_not_shown() {
        let tokenizer = Gpt2Tokenizer::new();
        let tea = tokenizer.encode("茶").unwrap();
        for n in 0..tea.len() {
            let ids = [tokenizer.encode("tea ").unwrap(), tea[..n].to_vec()].concat();
            assert_eq!(pieces(&tokenizer, &ids).concat(), "tea ");
            assert_eq!(tokenizer.decode_whole_characters(&ids).unwrap(), "tea ");
        }
        let lost = [&tea[..1], &tokenizer.encode("tea").unwrap()].concat();
        assert_eq!(pieces(&tokenizer, &lost).concat(), "\u{fffd}tea", "it was not at the end");
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
