//! What the Markdown parser finds.

use std::ops::Range;

use mdbook_markdown::pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::{Item, Kind};

/// What is read as Markdown: as mdBook does, and formulas.
#[must_use]
pub fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_MATH
}

/// Finds headings, formulas, links, tables, code and text in what `lines::scan` left.
pub fn scan(text: &str, masked: &str) -> Vec<Item> {
    let mut scanner = Scanner {
        text,
        masked,
        items: Vec::new(),
        external: 0,
        in_fence: false,
        table_rows: 0,
        break_at: None,
        last: ' ',
    };
    for (event, range) in Parser::new_ext(masked, options()).into_offset_iter() {
        scanner.event(event, range);
    }
    scanner.items
}

struct Scanner<'a> {
    text: &'a str,
    /// The text without what takes whole lines.
    masked: &'a str,
    items: Vec<Item>,
    /// How many links to other sites are open.
    external: usize,
    in_fence: bool,
    table_rows: usize,
    /// A line break whose other side has not come yet.
    break_at: Option<Range<usize>>,
    /// The last character of text.
    last: char,
}

impl Scanner<'_> {
    fn event(&mut self, event: Event, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag, range),
            Event::Text(_) if self.in_fence => {}
            Event::Text(_) => self.prose(range),
            Event::Code(_) => self.inline(Kind::Code, range),
            Event::InlineMath(tex) => self.inline(Kind::Formula { tex: tex.to_string(), display: false }, range),
            Event::DisplayMath(tex) => self.inline(Kind::Formula { tex: tex.to_string(), display: true }, range),
            Event::InlineHtml(_) | Event::Html(_) => self.push(Kind::Html, range),
            Event::SoftBreak => self.break_at = Some(range),
            Event::HardBreak | Event::Rule | Event::FootnoteReference(_) | Event::TaskListMarker(_) => {
                self.break_at = None;
                self.last = ' ';
            }
        }
    }

    fn start(&mut self, tag: Tag, range: Range<usize>) {
        match tag {
            Tag::Heading { level, id, .. } => {
                self.push(Kind::Heading { level: level as u8, id: id.map(|id| id.to_string()) }, range);
            }
            Tag::CodeBlock(kind) => {
                self.in_fence = true;
                let info = match kind {
                    CodeBlockKind::Fenced(info) => info.to_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                self.push(Kind::Fence { info }, range);
            }
            Tag::Link { dest_url, .. } => {
                self.external += usize::from(self.external > 0 || dest_url.contains("://"));
                self.push(Kind::Link { target: dest_url.to_string() }, range);
            }
            Tag::Image { .. } => self.push(Kind::Image, range),
            Tag::Table(columns) => {
                self.table_rows = 0;
                self.push(Kind::Table { columns: columns.len(), rows: 0 }, range);
            }
            Tag::TableHead | Tag::TableRow => self.table_rows += 1,
            Tag::Paragraph | Tag::Item | Tag::TableCell => {
                self.break_at = None;
                self.last = ' ';
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd, range: Range<usize>) {
        match tag {
            TagEnd::CodeBlock => self.in_fence = false,
            TagEnd::Link => self.external = self.external.saturating_sub(1),
            TagEnd::Table => {
                let counted = self.table_rows;
                let table = self
                    .items
                    .iter_mut()
                    .find(|item| item.range.start == range.start && matches!(item.kind, Kind::Table { .. }));
                if let Some(Item { kind: Kind::Table { rows, .. }, .. }) = table {
                    *rows = counted;
                }
            }
            _ => {}
        }
    }

    /// Text, in which directives may stand.
    fn prose(&mut self, range: Range<usize>) {
        let text = &self.text[range.clone()];
        if let (Some(first), Some(last)) = (text.chars().next(), text.chars().next_back()) {
            self.join(first);
            self.last = last;
        }
        self.push(Kind::Prose { external: self.external > 0 }, range.clone());
        let mut at = 0;
        while let Some(open) = text[at..].find("{{").map(|open| at + open) {
            let close = text[open..].find("}}").map_or(text.len(), |close| open + close + 2);
            let inner = text[open..close].trim_start_matches("{{").trim_end_matches("}}").trim();
            let kind = Kind::Directive { text: inner.to_string(), alone: false };
            self.push(kind, range.start + open..range.start + close);
            at = close;
        }
    }

    /// A formula or code inside of a line.
    fn inline(&mut self, kind: Kind, range: Range<usize>) {
        self.join('x');
        self.last = 'x';
        self.push(kind, range);
    }

    /// Decides about the line break before a character.
    fn join(&mut self, next: char) {
        let Some(range) = self.break_at.take() else { return };
        let both = (is_han(self.last) && (is_han(next) || is_mark(next))) || (is_mark(self.last) && is_han(next));
        if both || is_full_width(self.last) || is_full_width(next) {
            let start = self.masked[..range.start].trim_end().len();
            let goes_on = |c: char| !c.is_whitespace() && c != '>';
            let end = self.masked[range.start..].find(goes_on).map_or(range.end, |length| range.start + length);
            self.push(Kind::Join, start..end);
        }
    }

    fn push(&mut self, kind: Kind, range: Range<usize>) {
        self.items.push(Item { range, kind });
    }
}

/// Whether the character is a Chinese one.
#[must_use]
pub fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Whether the character is punctuation that both languages use.
fn is_mark(c: char) -> bool {
    matches!(c, '“' | '”' | '‘' | '’' | '—' | '…' | '·')
}

/// Whether the character is punctuation as wide as a Chinese character.
#[must_use]
pub fn is_full_width(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{303f}' | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}' | '\u{ff3b}'..='\u{ff40}' | '\u{ff5b}'..='\u{ff65}')
}
