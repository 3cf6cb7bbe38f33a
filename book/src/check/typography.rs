//! Spaces and punctuation between Chinese and Latin text, and emphasis that did not become any.

use std::sync::Once;

use crate::document::{Document, Kind};
use crate::language::Language;
use crate::problem::Problems;
use crate::tree::Page;

/// Checks the typography of a page.
pub fn check(page: &Page, problems: &Problems) {
    leftovers(page, problems);
    if page.language == Language::English {
        return;
    }
    let text = readable(&page.document);
    configure();
    let found = autocorrect::lint_for(&text, "md");
    if !found.error.is_empty() {
        problems.add(&page.file, 0, format!("AutoCorrect cannot read the page: {}", found.error.trim()));
    }
    for line in found.lines {
        let (old, new) = (line.old.trim(), line.new.trim());
        problems.add(&page.file, line.line, format!("write `{}` as `{}`", around(old, new), around(new, old)));
    }
}

/// Leaves out what does not fit the pages: they have a space between “English words” in quotation marks and Chinese ones, and
/// `：` stays as it is before numbers.
fn configure() {
    static ONCE: Once = Once::new();
    const RULES: &str = "rules:\n  no-space-fullwidth-quote: 0\n  halfwidth-punctuation: 0\n  halfwidth-word: 0\n";
    ONCE.call_once(|| {
        // The text is ours and has the right form; the test below says so.
        let _ = autocorrect::config::load(RULES);
    });
}

/// The text with all that is not to be read as prose replaced: code and formulas by letters, the rest by spaces.
fn readable(document: &Document) -> String {
    let mut text = document.text.clone().into_bytes();
    for item in &document.items {
        let fill = match item.kind {
            Kind::Code | Kind::Formula { .. } => b'x',
            Kind::Directive { alone: false, .. } => {
                // It becomes this.
                text[item.range.clone()].fill(b'7');
                text[item.range.start..item.range.start + "图 ".len()].copy_from_slice("图 ".as_bytes());
                continue;
            }
            Kind::Directive { .. } | Kind::Comment(_) | Kind::Fence { .. } | Kind::Html | Kind::BoxPrefix => b' ',
            _ => continue,
        };
        for byte in &mut text[item.range.clone()] {
            if *byte != b'\n' {
                *byte = fill;
            }
        }
    }
    // Whole items were replaced, so this cannot fail.
    String::from_utf8(text).unwrap_or_default()
}

/// The part of a text that differs from another, with some of what surrounds it.
fn around(text: &str, other: &str) -> String {
    const SOME: usize = 6;
    let (chars, others): (Vec<char>, Vec<char>) = (text.chars().collect(), other.chars().collect());
    let start = chars.iter().zip(&others).take_while(|(a, b)| a == b).count();
    let rest = chars.len().min(others.len()) - start;
    let end = chars.iter().rev().zip(others.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    let part: String = chars[start.saturating_sub(SOME)..(chars.len() - end + SOME).min(chars.len())].iter().collect();
    part.replace('\n', " ")
}

/// Marks of Markdown that are left in the text.
fn leftovers(page: &Page, problems: &Problems) {
    for item in &page.document.items {
        let Kind::Prose { .. } = item.kind else { continue };
        let text = page.document.slice(item);
        let is_escaped = page.document.text[..item.range.start].ends_with('\\');
        let found = ["*", "__", "[!"].into_iter().find(|mark| text.contains(mark));
        if let Some(mark) = found
            && !is_escaped
        {
            // The parser gives each `*` by itself.
            let (before, after) = (&page.document.text[..item.range.start], &page.document.text[item.range.start..]);
            let is_double = mark == "*" && (after.starts_with("**") || before.ends_with('*'));
            let mark = if is_double { "**" } else { mark };
            let line = page.document.line(item.range.start);
            let advice = match mark {
                "[!" => "a box begins with `> [!` at the beginning of a line",
                _ => {
                    "no space or full-width punctuation inside of the marks beside them (write `**word**。`), or `\\*`"
                }
            };
            problems.add(&page.file, line, format!("`{mark}` is left in the text: {advice}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> Vec<String> {
        let page = Page {
            path: "a.md".to_string(),
            file: "book/zh/a.md".to_string(),
            language: Language::Chinese,
            document: Document::parse(text.to_string()),
        };
        let problems = Problems::default();
        check(&page, &problems);
        problems.sorted().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn spaces_and_punctuation_are_checked_outside_of_code_and_formulas() {
        assert_eq!(wrong("一行\n使用GPT模型。\n"), ["book/zh/a.md:2: write `使用GPT模型。` as `使用 GPT 模型。`"]);
        assert_eq!(
            wrong("“journey” 的值：5,141 个，在 `a,b` 里，见 $a,b$，{{fig 3-07}} 与“因果”。图{{fig 3-07}} 是\n"),
            [""; 0]
        );
        assert_eq!(wrong("在{{fig 3-07}}里\n").len(), 1);
        assert_eq!(wrong("```text\n使用GPT模型,\n```\n"), [""; 0]);
        assert_eq!(wrong("使用 GPT 模型,很好。\n"), ["book/zh/a.md:1: write `GPT 模型,很好。` as `GPT 模型，很好。`"]);
    }

    #[test]
    fn emphasis_that_became_none_is_found() {
        let found = wrong("一行\n\n**因果掩码。**后面\n");
        assert!(found[0].starts_with("book/zh/a.md:3: `**` is left in the text"), "{found:?}");
        assert_eq!(wrong("**因果掩码**。后面，2 \\* 3\n"), [""; 0]);
    }

    #[test]
    fn a_difference_is_shown_with_what_surrounds_it() {
        assert_eq!(
            around("前面的很多字使用GPT模型后面的很多字", "前面的很多字使用 GPT 模型后面的很多字"),
            "的很多字使用GPT模型后面的很"
        );
    }
}
