//! Pieces of HTML that can stand anywhere in Markdown: in one line, and nothing in them is taken for Markdown.

use html5ever::tokenizer::{BufferQueue, TokenSink, Tokenizer, TokenizerOpts};
use mdbook_markdown::pulldown_cmark::{Event, Options, Parser, html};

use crate::document::options;
use crate::language::Language;

/// Text as HTML.
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Text of several lines as HTML in one line.
#[must_use]
pub fn escape_lines(text: &str) -> String {
    escape(text).replace('\n', "&#10;")
}

/// A block of code as HTML in one line. mdBook hides lines of Rust that begin with `# `, so these get another `#`.
#[must_use]
pub fn code_block(text: &str, language: &str) -> String {
    let is_hidden = |line: &str| {
        let line = line.trim_start();
        language == "rust" && (line == "#" || line.starts_with("# ") || line.starts_with("##"))
    };
    let lines: Vec<String> =
        text.lines().map(|line| if is_hidden(line) { line.replacen('#', "##", 1) } else { line.to_string() }).collect();
    let class =
        if language == "text" { "language-text nohighlight".to_string() } else { format!("language-{language}") };
    format!("<pre><code class=\"{class}\">{}</code></pre>", escape_lines(&lines.join("\n")))
}

/// HTML in one line. Outside of preformatted text a line break is a space.
#[must_use]
pub fn one_line(html: &str) -> String {
    let mut result = String::with_capacity(html.len());
    let mut preformatted = false;
    for (index, line) in html.lines().enumerate() {
        if index > 0 {
            result.push_str(if preformatted { "&#10;" } else { " " });
        }
        let line = if preformatted { line } else { line.trim() };
        result.push_str(line);
        let (open, close) = (line.rfind("<pre"), line.rfind("</pre>"));
        preformatted = match (open, close) {
            (Some(open), Some(close)) => open > close,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => preformatted,
        };
    }
    result.trim().to_string()
}

/// HTML that can stand inside of a paragraph: outside of tags, what means something in Markdown is written as a reference.
/// It also mends what pulldown-latex 0.8 gets wrong: `<` as text, and attributes without a space between them.
#[must_use]
pub fn shield(html: &str) -> String {
    let mut result = String::with_capacity(html.len());
    let (mut in_tag, mut in_value) = (false, false);
    let mut chars = html.chars().peekable();
    while let Some(c) = chars.next() {
        let begins_tag = chars.peek().is_some_and(|next| next.is_ascii_alphabetic() || *next == '/');
        match c {
            '"' if in_tag => {
                in_value = !in_value;
                result.push(c);
                if !in_value && chars.peek().is_some_and(char::is_ascii_alphabetic) {
                    result.push(' ');
                }
            }
            '>' if in_tag && !in_value => {
                in_tag = false;
                result.push(c);
            }
            c if in_tag => result.push(c),
            '<' if begins_tag => {
                in_tag = true;
                result.push(c);
            }
            c if MARKS.contains(c) => result.push_str(&format!("&#{};", c as u32)),
            c => result.push(c),
        }
    }
    result
}

/// Reads HTML token by token.
pub fn read_tokens<S: TokenSink>(html: &str, sink: S) -> S {
    let queue = BufferQueue::default();
    queue.push_back(html.into());
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    // Scripts are not run, so there is nothing to wait for.
    let _ = tokenizer.feed(&queue);
    tokenizer.end();
    tokenizer.sink
}

/// Characters that mean something in Markdown or HTML.
const MARKS: &str = "*_[]`\\~|${}!\"'-.<>";

/// Whether straight quotation marks are made curly.
#[must_use]
pub fn smart_punctuation(language: Language) -> bool {
    language == Language::English
}

/// Markdown of a few paragraphs, as HTML in one line.
#[must_use]
pub fn markdown(text: &str, language: Language) -> String {
    let mut options = options() - Options::ENABLE_MATH;
    if smart_punctuation(language) {
        options |= Options::ENABLE_SMART_PUNCTUATION;
    }
    let joined = crate::expand::join_lines(text);
    let mut result = String::new();
    html::push_html(&mut result, Parser::new_ext(&joined, options));
    one_line(&result)
}

/// Markdown of one line, as HTML without a paragraph around it.
#[must_use]
pub fn inline_markdown(text: &str, language: Language) -> String {
    let html = markdown(text, language);
    html.strip_prefix("<p>").and_then(|html| html.strip_suffix("</p>")).unwrap_or(&html).to_string()
}

/// The text of Markdown, without its marks.
#[must_use]
pub fn plain_text(text: &str) -> String {
    let mut result = String::new();
    for event in Parser::new_ext(text, options()) {
        match event {
            Event::Text(text) | Event::Code(text) => result.push_str(&text),
            Event::SoftBreak | Event::HardBreak => result.push(' '),
            _ => {}
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_keeps_its_lines_and_its_hashes() {
        let html = code_block("#[test]\n# a\nlet x = \"<\";", "rust");
        assert_eq!(
            html,
            "<pre><code class=\"language-rust\">#[test]&#10;## a&#10;let x = &quot;&lt;&quot;;</code></pre>"
        );
    }

    #[test]
    fn html_in_one_line_keeps_lines_of_preformatted_text() {
        assert_eq!(one_line("<p>a\n b</p>\n<pre>c\n  d</pre>\n<p>e</p>\n"), "<p>a b</p> <pre>c&#10;  d</pre> <p>e</p>");
    }

    #[test]
    fn marks_of_markdown_are_shielded_outside_of_tags() {
        assert_eq!(shield("<mo a=\"_*\">*</mo><mi>_</mi>"), "<mo a=\"_*\">&#42;</mo><mi>&#95;</mi>");
        assert_eq!(shield("<mo><</mo><mo a=\"1\"b=\"2\"/>"), "<mo>&#60;</mo><mo a=\"1\" b=\"2\"/>");
    }
}
