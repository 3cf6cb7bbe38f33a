//! GPT-2's pre-split: a text is cut into pieces before any pair is merged, so that no token crosses a word
//! boundary.

use std::sync::LazyLock;

use regex::Regex;

use crate::special_tokens::END_OF_TEXT;

/// An English contraction, or a run of letters, of digits or of other characters, each with at most one space before
/// it, or a run of whitespace.
static PIECE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+").expect("the pattern is well formed")
});

/// Cuts a text into GPT-2's pieces, which put together are the text again.
///
/// The original pattern has one more rule: of a run of whitespace before a word, the last character is not taken, so
/// that a space can go with the word. It needs a look ahead, which the `regex` crate leaves out to stay linear in time;
/// the rule is applied by hand here.
///
/// ```
/// use ch02_text::bonus::pre_split::pre_split;
///
/// assert_eq!(pre_split("I'll  pay 5 dollars.\n"), ["I", "'ll", " ", " pay", " 5", " dollars", ".", "\n"]);
/// ```
pub fn pre_split(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    while let Some(found) = PIECE.find_at(text, start) {
        let mut piece = found.as_str();
        if found.end() < text.len()
            && let Some((last, _)) = piece.char_indices().next_back()
            && last > 0
            && piece.trim_start().is_empty()
        {
            piece = &piece[..last];
        }
        start += piece.len();
        pieces.push(piece);
    }
    pieces
}

/// The ids of a text with a run of about a million spaces or more, on which tiktoken's pattern gives up: the text is
/// cut into GPT-2's pieces first, so that the pattern does not have to give back a space of such a run. `encode` gives
/// the ids of a piece.
pub(crate) fn encode_in_pieces(text: &str, end_of_text_id: u32, encode: impl Fn(&str) -> Vec<u32>) -> Vec<u32> {
    let mut ids = Vec::new();
    for (i, document) in text.split(END_OF_TEXT).enumerate() {
        if i > 0 {
            ids.push(end_of_text_id);
        }
        ids.extend(pre_split(document).into_iter().flat_map(&encode));
    }
    ids
}
