//! Bytes at the end of a text that are only the beginning of a character (bonus of section 2.5).
//!
//! A token can end in the middle of a character: `茶` has three bytes, and GPT-2 has no token for all of them. Text that is
//! shown while it is generated, or that ends after a number of tokens, waits for the rest or leaves the beginning out.

/// The bytes without the beginning of a character at their end.
///
/// ```
/// use ch02_text::incomplete::without_incomplete_end;
///
/// let tea = "tea 茶".as_bytes();
/// assert_eq!(without_incomplete_end(tea), tea);
/// assert_eq!(without_incomplete_end(&tea[..6]), b"tea ");
/// assert_eq!(without_incomplete_end(b"tea \xff"), b"tea \xff", "no byte that follows makes a character of this one");
/// ```
pub fn without_incomplete_end(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len() - incomplete_end(bytes)]
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
