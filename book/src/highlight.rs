//! Marks comments, keywords and strings of Rust code, for readers without scripts.

use crate::html::escape;

/// Words that are marked.
const KEYWORDS: [&str; 36] = [
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern", "fn", "for", "if",
    "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self", "Self", "static",
    "struct", "super", "trait", "type", "unsafe", "use", "where", "while",
];

/// Rust code as HTML, with `b` around keywords, and `i` of class `comment` or `string` around comments and strings.
#[must_use]
pub fn rust(code: &str) -> String {
    let mut html = String::with_capacity(code.len() * 2);
    let mut rest = code;
    while let Some(first) = rest.chars().next() {
        let length = piece(rest, first);
        let (text, after) = rest.split_at(length);
        let shown = escape(text);
        html.push_str(&match first {
            '/' if is_comment(text) => format!("<i class=\"comment\">{shown}</i>"),
            _ if is_string(text) => format!("<i class=\"string\">{shown}</i>"),
            _ if KEYWORDS.contains(&text) => format!("<b>{shown}</b>"),
            _ => shown,
        });
        rest = after;
    }
    html
}

fn is_comment(text: &str) -> bool {
    text.starts_with("//") || text.starts_with("/*")
}

fn is_string(text: &str) -> bool {
    let quoted = text.trim_start_matches(['b', 'r', '#']);
    text.len() > 1 && (quoted.starts_with('"') || quoted.starts_with('\'') && quoted[1..].ends_with('\''))
}

/// The length of the comment, the string, the character, the word or the sign that a text begins with.
fn piece(text: &str, first: char) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return text.find("*/").map_or(text.len(), |end| end + 2);
    }
    if let Some(length) = raw_string(text) {
        return length;
    }
    let quote = usize::from(text.starts_with("b\"") || text.starts_with("b'"));
    match text.as_bytes()[quote] {
        b'"' => quote + closed(&text[quote..], '"').unwrap_or(text.len() - quote),
        b'\'' => character(&text[quote..]).map_or(1, |length| quote + length),
        _ if first.is_alphanumeric() || first == '_' => {
            text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len())
        }
        _ => first.len_utf8(),
    }
}

/// The length of a raw string.
fn raw_string(text: &str) -> Option<usize> {
    let marks = text.strip_prefix('b').unwrap_or(text).strip_prefix('r')?;
    let hashes = marks.len() - marks.trim_start_matches('#').len();
    let content = marks[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let start = text.len() - content.len();
    Some(content.find(&end).map_or(text.len(), |at| start + at + end.len()))
}

/// The length of what a quotation mark begins, up to the next one that is not escaped.
fn closed(text: &str, mark: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == mark => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The length of a character between `'`; a lifetime is none.
fn character(text: &str) -> Option<usize> {
    let inside = text[1..].chars().next()?;
    if inside == '\\' {
        return closed(text, '\'');
    }
    let length = 1 + inside.len_utf8();
    text[length..].starts_with('\'').then_some(length + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_comments_and_strings_are_marked() {
        assert_eq!(rust("let x_let = 1; // a < b\n"), "<b>let</b> x_let = 1; <i class=\"comment\">// a &lt; b</i>\n");
        assert_eq!(rust("a(\"x \\\" // y\")"), "a(<i class=\"string\">&quot;x \\&quot; // y&quot;</i>)");
        assert_eq!(rust("r#\"a\"b\"#;"), "<i class=\"string\">r#&quot;a&quot;b&quot;#</i>;");
        assert_eq!(
            rust("b'a' '\\'' &'a str '字'"),
            "<i class=\"string\">b'a'</i> <i class=\"string\">'\\''</i> &amp;'a str <i class=\"string\">'字'</i>"
        );
        assert_eq!(rust("/* for\n */ for"), "<i class=\"comment\">/* for\n */</i> <b>for</b>");
    }

    #[test]
    fn no_text_is_lost() {
        for code in ["fn main() { r }", "\"open", "'", "b", "r#\"x", "é'a", "x / y", "#[must_use]"] {
            let html = rust(code);
            let text = ["<b>", "</b>", "</i>", "<i class=\"comment\">", "<i class=\"string\">"]
                .iter()
                .fold(html, |html, tag| html.replace(tag, ""));
            assert_eq!(text, escape(code));
        }
    }
}
