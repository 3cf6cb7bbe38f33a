//! How wide text and the terminal are.

use std::env;

use console::Term;

/// Columns for output: what `COLUMNS` says, else those of the terminal that standard output goes to. `None` if it goes
/// elsewhere.
pub fn columns() -> Option<usize> {
    let set = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|&columns| columns > 0);
    set.or_else(|| Term::stdout().size_checked().map(|(_, columns)| columns.into()))
}

/// Columns that a line takes on a terminal; a Chinese character takes two.
pub fn width(line: &str) -> usize {
    console::measure_text_width(line)
}

/// The text and spaces after it, together `columns` wide.
pub fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chinese_character_takes_two_columns() {
        assert_eq!((width("ok"), width("你的文件"), width("第 6 章")), (2, 8, 7));
        assert_eq!(padded("通过", 6), "通过  ");
        assert_eq!(padded("not cut", 3), "not cut");
    }
}
