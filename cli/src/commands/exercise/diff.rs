//! Two programs compared: side by side where both fit beside each other, else as a unified diff. No line is cut.

use similar::{ChangeTag, TextDiff};

use crate::terminal::{padded, tr, width};

/// `mine` beside `reference` if that fits into `columns`, else one below the other.
pub fn compare(mine: &str, reference: &str, columns: Option<usize>) -> String {
    if mine == reference {
        return tr!("Your code is that of the reference solution.\n", "你的代码与参考答案相同。\n");
    }
    let headings = [tr!("your file", "你的文件"), tr!("reference solution", "参考答案")];
    let [left, right] = [mine, reference].map(|text| text.lines().map(width).max().unwrap_or(0));
    let [left, right] = [left.max(width(&headings[0])), right.max(width(&headings[1]))];
    match columns {
        Some(columns) if left + BETWEEN + right <= columns => side_by_side(mine, reference, &headings, left),
        _ => unified(mine, reference, &headings),
    }
}

/// Columns between the texts: a mark between two spaces.
const BETWEEN: usize = 3;

/// Two columns; changed lines are marked with `|`.
fn side_by_side(left: &str, right: &str, headings: &[String; 2], left_width: usize) -> String {
    let row = |left: &str, mark: char, right: &str| {
        let line = format!("{} {mark} {}", padded(left.trim_end(), left_width), right.trim_end());
        line.trim_end().to_string() + "\n"
    };
    let mut out = row(&headings[0], ' ', &headings[1]);
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

fn unified(mine: &str, reference: &str, [of_mine, of_reference]: &[String; 2]) -> String {
    TextDiff::from_lines(mine, reference).unified_diff().header(of_mine, of_reference).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_show_equal_and_changed_lines() {
        let headings = ["mine", "theirs"].map(String::from);
        let text = side_by_side("a\nb\n", "a\nc\nd\n", &headings, 4);
        assert_eq!(text, "mine   theirs\na      a\nb    | c\n     | d\n");
    }

    #[test]
    fn chinese_lines_keep_the_columns_straight() {
        let headings = ["mine", "theirs"].map(String::from);
        let text = side_by_side("// 权重\nb\n", "// 权重\nc\n", &headings, 7);
        assert_eq!(text, "mine      theirs\n// 权重   // 权重\nb       | c\n");
    }

    #[test]
    fn code_is_never_cut() {
        let (mine, reference) = ("let short = 1;\nlet b = 2;\n", "let a_much_longer_name = 1;\nlet b = 2;\n");
        // 14 columns for mine, 27 for the reference, 3 between.
        let beside = compare(mine, reference, Some(44));
        assert!(beside.contains("let short = 1; | let a_much_longer_name = 1;\n"), "{beside}");
        for columns in [Some(43), None] {
            let below = compare(mine, reference, columns);
            let lines: Vec<&str> = below.lines().skip(2).collect();
            let expected = ["@@ -1,2 +1,2 @@", "-let short = 1;", "+let a_much_longer_name = 1;", " let b = 2;"];
            assert_eq!(lines, expected, "{columns:?}");
        }
        assert!(!compare(mine, mine, Some(80)).contains("let"));
    }
}
