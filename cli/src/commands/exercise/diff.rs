//! Two texts side by side.

use similar::{ChangeTag, TextDiff};

/// Two texts in two columns, changed lines marked with `|`.
pub fn side_by_side(left: &str, right: &str, width: usize) -> String {
    let column = width.saturating_sub(3) / 2;
    let row = |left: &str, mark: char, right: &str| {
        let cut = |text: &str| text.trim_end().chars().take(column).collect::<String>();
        format!("{:<column$} {mark} {}\n", cut(left), cut(right)).replace(" \n", "\n")
    };
    let mut out = row("your file", ' ', "reference solution");
    let diff = TextDiff::from_lines(left, right);
    for op in diff.ops() {
        let (mut mine, mut theirs) = (Vec::new(), Vec::new());
        for change in diff.iter_changes(op) {
            match change.tag() {
                ChangeTag::Equal => out += &row(change.value(), ' ', change.value()),
                ChangeTag::Delete => mine.push(change.value()),
                ChangeTag::Insert => theirs.push(change.value()),
            }
        }
        for i in 0..mine.len().max(theirs.len()) {
            out += &row(mine.get(i).unwrap_or(&""), '|', theirs.get(i).unwrap_or(&""));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_show_equal_and_changed_lines() {
        let text = side_by_side("a\nb\n", "a\nc\nd\n", 23);
        assert_eq!(text, "your file    reference\na            a\nb          | c\n           | d\n");
    }
}
