//! What takes whole lines: directives, comments and boxes.

use std::ops::Range;

use super::{Item, Kind};

/// The kinds of boxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoxKind {
    /// Something to change and run.
    Try,
    /// A calculation by hand.
    Check,
    /// Where the code differs from PyTorch's.
    Pytorch,
    /// Where the original is wrong.
    Erratum,
    /// An everyday analogy.
    Picture,
    /// A note.
    Note,
    /// Folded, for the curious.
    Detail,
    /// A question with a folded answer.
    Question,
    /// Cells of the notebook.
    Notebook,
}

impl BoxKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Try,
        Self::Check,
        Self::Pytorch,
        Self::Erratum,
        Self::Picture,
        Self::Note,
        Self::Detail,
        Self::Question,
        Self::Notebook,
    ];

    /// The word that stands in the marker.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Try => "TRY",
            Self::Check => "CHECK",
            Self::Pytorch => "PYTORCH",
            Self::Erratum => "ERRATUM",
            Self::Picture => "PICTURE",
            Self::Note => "NOTE",
            Self::Detail => "DETAIL",
            Self::Question => "QUESTION",
            Self::Notebook => "NOTEBOOK",
        }
    }
}

/// One line of the text.
struct Line<'a> {
    range: Range<usize>,
    text: &'a str,
}

/// Finds what takes whole lines, and gives the text with all of it replaced by spaces, at the same length.
pub fn scan(text: &str) -> (String, Vec<Item>) {
    let mut at = 0;
    let lines: Vec<Line> = text
        .split_inclusive('\n')
        .map(|line| {
            let start = at;
            at += line.len();
            let text = line.trim_end_matches('\n');
            Line { range: start..start + text.len(), text }
        })
        .collect();
    let mut scanner = Scanner { masked: text.as_bytes().to_vec(), items: Vec::new(), fence: None, in_box: false };
    for index in 0..lines.len() {
        scanner.line(&lines, index);
    }
    scanner.close_box(text.len(), true);
    // Only whole lines and ASCII prefixes were replaced, so this cannot fail; if it did, nothing would be hidden.
    let masked = String::from_utf8(scanner.masked).unwrap_or_else(|_| text.to_string());
    (masked, scanner.items)
}

struct Scanner {
    masked: Vec<u8>,
    items: Vec<Item>,
    /// The marks that opened the block of code around this line.
    fence: Option<String>,
    in_box: bool,
}

impl Scanner {
    fn line(&mut self, lines: &[Line], index: usize) {
        let line = &lines[index];
        let mut content = line.text;
        if self.fence.is_none() || self.in_box {
            let marker = quoted(line.text).and_then(marker);
            if marker.is_some() || (self.in_box && quoted(line.text).is_none()) {
                let end = index.checked_sub(1).map_or(0, |before| lines[before].range.end);
                self.close_box(end, line.text.trim().is_empty() || marker.is_some());
            }
            if let Some((kind, title)) = marker {
                self.in_box = true;
                return self.hide(line.range.clone(), Kind::BoxStart { kind, title });
            }
            if self.in_box {
                content = quoted(line.text).unwrap_or_default();
                let prefix = line.range.start..line.range.end - content.len();
                self.hide(prefix, Kind::BoxPrefix);
            }
        }
        if self.fence_goes_on(content) {
            return;
        }
        let trimmed = content.trim();
        let start = line.range.end - content.trim_start().len();
        let range = start..start + trimmed.len();
        if self.in_box && trimmed == "---" {
            self.hide(range, Kind::BoxDivider);
        } else if let Some(comment) = trimmed.strip_prefix("<!--").and_then(|rest| rest.strip_suffix("-->")) {
            self.hide(range, Kind::Comment(comment.trim().to_string()));
        } else if let Some(directive) = directive(trimmed)
            && !(directive.starts_with("fig") && beside_text(lines, index))
        {
            self.hide(range, Kind::Directive { text: directive.to_string(), alone: true });
        }
    }

    /// Whether the line opens, continues or closes a block of code.
    fn fence_goes_on(&mut self, content: &str) -> bool {
        let content = content.trim();
        match &self.fence {
            Some(open) => {
                if content.starts_with(open.as_str()) && content.trim_start_matches(&open[..1]).is_empty() {
                    self.fence = None;
                }
                true
            }
            None => {
                let mark = ["```", "~~~"].into_iter().find(|mark| content.starts_with(mark));
                let Some(mark) = mark else { return false };
                let length = content.len() - content.trim_start_matches(&mark[..1]).len();
                self.fence = Some(mark[..1].repeat(length));
                true
            }
        }
    }

    fn close_box(&mut self, end: usize, apart: bool) {
        if self.in_box {
            self.in_box = false;
            self.fence = None;
            self.items.push(Item { range: end..end, kind: Kind::BoxEnd { apart } });
        }
    }

    fn hide(&mut self, range: Range<usize>, kind: Kind) {
        self.masked[range.clone()].fill(b' ');
        self.items.push(Item { range, kind });
    }
}

/// The line without `> `, if it begins with it.
fn quoted(line: &str) -> Option<&str> {
    let rest = line.strip_prefix('>')?;
    Some(rest.strip_prefix(' ').unwrap_or(rest))
}

/// What a line `[!KIND] title` says.
fn marker(line: &str) -> Option<(Result<BoxKind, String>, String)> {
    let (word, title) = line.strip_prefix("[!")?.split_once(']')?;
    let kind = BoxKind::ALL.into_iter().find(|kind| kind.word() == word);
    Some((kind.ok_or_else(|| word.to_string()), title.trim().to_string()))
}

/// What stands between the braces of a line that is one directive.
fn directive(line: &str) -> Option<&str> {
    let inner = line.strip_prefix("{{")?.strip_suffix("}}")?;
    (!inner.contains("{{") && !inner.contains("}}")).then(|| inner.trim())
}

/// Whether the line belongs to a paragraph.
fn beside_text(lines: &[Line], index: usize) -> bool {
    let is_text = |line: &Line| {
        let line = quoted(line.text).unwrap_or(line.text).trim();
        let ends = ["{{", "<!--", "[!", "---", "#", "```", "|"].iter().any(|start| line.starts_with(start));
        !line.is_empty() && !ends
    };
    index.checked_sub(1).is_some_and(|before| is_text(&lines[before])) || lines.get(index + 1).is_some_and(is_text)
}
