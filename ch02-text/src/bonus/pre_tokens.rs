//! How [`full_bpe`](super::full_bpe) cuts a text before it merges anything.

use super::simple_bpe::SPACE;

/// Cuts a text into line breaks, words and spaces, none of which is lost.
///
/// - A line feed or carriage return is a piece of its own.
/// - The space before a word goes with the word, as [`SPACE`].
/// - Further spaces, and those at the end of a line, are pieces of their own.
///
/// Anything else, tabs too, belongs to a word.
///
/// ```
/// use ch02_text::bonus::pre_tokens::pre_tokens;
///
/// assert_eq!(pre_tokens("one  two \r\n"), ["one", "Ġ", "Ġtwo", "Ġ", "\r", "\n"]);
/// ```
pub fn pre_tokens(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    for line in text.split_inclusive(['\r', '\n']) {
        let (line, line_break) = match line.strip_suffix(['\r', '\n']) {
            Some(line_only) => (line_only, &line[line_only.len()..]),
            None => (line, ""),
        };
        // Between two spaces stands an empty word; its space becomes a piece of its own.
        for (i, word) in line.split(' ').enumerate() {
            pieces.push(if i == 0 { word.to_string() } else { format!("{SPACE}{word}") });
        }
        pieces.push(line_break.to_string());
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}
