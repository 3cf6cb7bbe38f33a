//! Cutting one long text where no token can cross, so that several threads can read it (bonus of section 2.5).
//!
//! GPT-2's pattern splits a text into pieces before any pair is merged: an optional blank and letters, or digits, or
//! other signs; a contraction; a run of whitespace. No piece has whitespace after anything else, so a piece always ends
//! in front of whitespace that follows a visible sign. And since the pattern never looks back, what comes after reads
//! the same with the text before it and without. In the same way a piece always ends between a letter and a comma or a
//! full stop, which is where a text without blanks is cut, such as a Chinese one.

/// The text in up to `parts` pieces of about the same length, whose ids put together are those of the whole.
///
/// There are fewer where the text offers no safe place, and none for an empty text.
///
/// ```
/// use ch02_text::cut::cut;
///
/// assert_eq!(cut("one two three", 2), ["one two", " three"]);
/// assert_eq!(cut("水开了。泡茶。", 2), ["水开了。泡茶", "。"]);
/// assert_eq!(cut("inseparable", 2), ["inseparable"]);
/// ```
pub fn cut(text: &str, parts: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    for left in (1..=parts).rev() {
        let end = if left == 1 { rest.len() } else { safe_place(rest, rest.len() / left) };
        let (piece, after) = rest.split_at(end);
        if !piece.is_empty() {
            pieces.push(piece);
        }
        rest = after;
    }
    pieces
}

/// The first safe place from byte `from` on, or the end.
fn safe_place(text: &str, from: usize) -> usize {
    let from = text.floor_char_boundary(from);
    let mut characters = text[from..].char_indices().peekable();
    while let Some((_, character)) = characters.next() {
        if let Some(&(at, next)) = characters.peek()
            && (ends_before_blank(character, next) || ends_before_stop(character, next))
        {
            return from + at;
        }
    }
    text.len()
}

fn ends_before_blank(character: char, next: char) -> bool {
    !character.is_whitespace() && next.is_whitespace()
}

/// Only characters whose class is beyond doubt, and none of those that `<|endoftext|>` is made of.
fn ends_before_stop(character: char, next: char) -> bool {
    let is_letter = matches!(character,
        'a'..='z' | 'A'..='Z' | 'ぁ'..='ゖ' | 'ァ'..='ヺ' | '一'..='鿿' | '가'..='힣');
    is_letter && matches!(next, '.' | ',' | ';' | '!' | '?' | '。' | '，' | '、' | '；' | '！' | '？')
}
