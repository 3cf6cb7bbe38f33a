//! Cutting a text into words and punctuation with regular expressions (section 2.2).
//!
//! The expression is refined in three steps: whitespace; whitespace, comma and period; all of the punctuation. The
//! separators are kept, because a comma is a token too. Uppercase letters stay: they mark names and the beginnings of
//! sentences.

use std::sync::LazyLock;

use regex::Regex;

static WHITESPACE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\s"));
static COMMA_PERIOD: LazyLock<Regex> = LazyLock::new(|| pattern(r"[,.]|\s"));
static PUNCTUATION: LazyLock<Regex> = LazyLock::new(|| pattern(r#"[,.:;?_!"()']|--|\s"#));

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is well formed")
}

/// First step: splits at every whitespace character. `"a b"` becomes `["a", " ", "b"]`.
pub fn split_whitespace(text: &str) -> Vec<&str> {
    split_keeping(&WHITESPACE, text)
}

/// Second step: splits at commas, periods and whitespace. Between two separators there is an empty piece; see
/// [`without_blanks`].
pub fn split_comma_period(text: &str) -> Vec<&str> {
    split_keeping(&COMMA_PERIOD, text)
}

/// Third step: splits at all of the punctuation `, . : ; ? _ ! " ( ) '`, at double dashes and at whitespace, and drops
/// what is only whitespace. These are the tokens of sections 2.3 and 2.4.
///
/// ```
/// assert_eq!(ch02_text::tokenize("Is this-- a well-made test?"), ["Is", "this", "--", "a", "well-made", "test", "?"]);
/// ```
pub fn tokenize(text: &str) -> Vec<&str> {
    without_blanks(split_keeping(&PUNCTUATION, text))
}

/// Trims the pieces and drops those that are empty then. Where whitespace has a meaning, as in Python programs, it
/// should be kept.
pub fn without_blanks(pieces: Vec<&str>) -> Vec<&str> {
    pieces.into_iter().map(str::trim).filter(|piece| !piece.is_empty()).collect()
}

/// The text between the separators and the separators, in order, as Python's `re.split` gives them for a pattern in
/// parentheses.
fn split_keeping<'t>(separator: &Regex, text: &'t str) -> Vec<&'t str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for found in separator.find_iter(text) {
        pieces.push(&text[start..found.start()]);
        pieces.push(found.as_str());
        start = found.end();
    }
    pieces.push(&text[start..]);
    pieces
}
