//! The text of single tokens.

use ch02_text::{Gpt2Tokenizer, TokenizerError};

/// The text of every token alone, as JSON has it: a part of a character is U+FFFD.
pub fn texts(ids: &[u32], tokenizer: &Gpt2Tokenizer) -> Result<Vec<String>, TokenizerError> {
    ids.iter().map(|&id| tokenizer.decode(&[id])).collect()
}

/// A token in quotation marks. Bytes that are only a part of a character are shown as `\xe8`.
pub fn quoted(id: u32, tokenizer: &Gpt2Tokenizer) -> Result<String, TokenizerError> {
    let bytes = tokenizer.decode_bytes(&[id])?;
    let mut shown = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        shown.extend(chunk.valid().escape_debug());
        chunk.invalid().iter().for_each(|byte| shown += &format!("\\x{byte:02x}"));
    }
    Ok(shown + "\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_character_is_shown_as_bytes() {
        let tokenizer = Gpt2Tokenizer::new();
        let shown = |text: &str| {
            let ids = tokenizer.encode_ordinary(text);
            ids.iter().map(|&id| quoted(id, &tokenizer).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(
            shown("Hello, \"world\"\n"),
            ["\"Hello\"", "\",\"", "\" \\\"\"", "\"world\"", "\"\\\"\"", "\"\\n\""]
        );
        // tiktoken's `decode_single_token_bytes` of GPT-2's ids 164 and 234.
        assert_eq!(quoted(164, &tokenizer).unwrap(), "\"\\xe8\"");
        assert_eq!(quoted(234, &tokenizer).unwrap(), "\"\\x8c\"");
        assert_eq!(texts(&[15496, 164], &tokenizer).unwrap(), ["Hello", "\u{fffd}"]);
    }
}
