//! Texts of models and files on a terminal.

use std::borrow::Cow;
use std::io::{IsTerminal, stdout};
use std::sync::OnceLock;

/// A text for standard output. On a terminal, characters that control it are written out as `\u{1b}`, except tabs and line
/// breaks: a model can write any character, and nobody wants its text to move the cursor. Files and pipes get the text
/// as it is.
pub fn visible(text: &str) -> Cow<'_, str> {
    static IN_TERMINAL: OnceLock<bool> = OnceLock::new();
    if *IN_TERMINAL.get_or_init(|| stdout().is_terminal()) { written_out(text) } else { Cow::Borrowed(text) }
}

fn written_out(text: &str) -> Cow<'_, str> {
    let controls = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
    if !text.contains(controls) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if controls(character) { shown.extend(character.escape_default()) } else { shown.push(character) }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_controls_a_terminal_is_written_out() {
        assert_eq!(written_out("one\ttwo\n茶 \u{1b}[2J\u{7}\r\u{9b}1m"), "one\ttwo\n茶 \\u{1b}[2J\\u{7}\\r\\u{9b}1m");
        assert!(matches!(written_out("one\ttwo\n茶"), Cow::Borrowed(_)));
    }
}
