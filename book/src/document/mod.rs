//! A page as written: where its headings, directives, boxes, formulas and links stand.
//!
//! A page is read twice. `lines` finds what takes whole lines, directives and boxes, and hides it behind spaces, so that
//! `inline` can give the rest to a Markdown parser. All positions are byte offsets into the text as written.

mod inline;
mod lines;

use std::ops::Range;

use crate::directive::Directive;

pub use self::inline::{is_full_width, is_han, options};
pub use self::lines::BoxKind;

/// Something that stands in a page.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Where.
    pub range: Range<usize>,
    /// What.
    pub kind: Kind,
}

/// What can stand in a page.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A heading, with its explicit id.
    Heading {
        /// 1 for `#`.
        level: u8,
        /// What `{#…}` says.
        id: Option<String>,
    },
    /// `{{…}}`, with what stands between the braces.
    Directive {
        /// What stands between the braces.
        text: String,
        /// Whether it stands alone on its line.
        alone: bool,
    },
    /// `<!-- … -->` alone on its line, with what stands inside.
    Comment(String),
    /// The marker `[!KIND] title` that begins a box.
    BoxStart {
        /// The kind, or the unknown word.
        kind: Result<BoxKind, String>,
        /// The box's own title.
        title: String,
    },
    /// The line `---` between a question and its answer.
    BoxDivider,
    /// The end of a box; an empty range.
    BoxEnd {
        /// Whether an empty line or the end of the page follows.
        apart: bool,
    },
    /// `> ` at the beginning of a line in a box.
    BoxPrefix,
    /// A formula.
    Formula {
        /// The LaTeX between the dollar signs.
        tex: String,
        /// Whether it has lines of its own (`$$`).
        display: bool,
    },
    /// A link.
    Link {
        /// Where it goes.
        target: String,
    },
    /// A table.
    Table {
        /// Number of columns.
        columns: usize,
        /// Number of rows, with the head.
        rows: usize,
    },
    /// A block of code or text.
    Fence {
        /// What stands behind the opening marks.
        info: String,
    },
    /// Code inside of a line.
    Code,
    /// Text to read.
    Prose {
        /// Whether it is the text of a link to another site.
        external: bool,
    },
    /// A line break inside of a Chinese sentence, which must vanish.
    Join,
    /// HTML.
    Html,
    /// A picture.
    Image,
}

/// A page as written.
#[derive(Debug)]
pub struct Document {
    /// The whole text.
    pub text: String,
    /// What stands in it, in order.
    pub items: Vec<Item>,
    line_starts: Vec<usize>,
}

/// A heading and what follows it up to the next heading.
#[derive(Debug)]
pub struct Section<'a> {
    /// The level of the heading; 0 for what precedes the first heading.
    pub level: u8,
    /// Its id; empty if it has none.
    pub id: &'a str,
    /// The whole section.
    pub range: Range<usize>,
    /// What stands in it.
    pub items: &'a [Item],
}

impl Document {
    /// Reads a page.
    #[must_use]
    pub fn parse(text: String) -> Self {
        let (masked, mut items) = lines::scan(&text);
        items.extend(inline::scan(&text, &masked));
        items.sort_by_key(|item| (item.range.start, item.range.end));
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, items, line_starts }
    }

    /// The number of the line, from 1, of a position.
    #[must_use]
    pub fn line(&self, position: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= position)
    }

    /// The text of an item.
    #[must_use]
    pub fn slice(&self, item: &Item) -> &str {
        &self.text[item.range.clone()]
    }

    /// The sections, in order. What precedes the first heading is one only if there is something.
    #[must_use]
    pub fn sections(&self) -> Vec<Section<'_>> {
        let heads = self.items.iter().enumerate().filter(|(_, item)| matches!(item.kind, Kind::Heading { .. }));
        let mut bounds: Vec<(usize, usize)> = heads.map(|(index, item)| (index, item.range.start)).collect();
        if !self.text[..bounds.first().map_or(self.text.len(), |first| first.1)].trim().is_empty() {
            bounds.insert(0, (0, 0));
        }
        let ends = bounds.iter().skip(1).copied().chain([(self.items.len(), self.text.len())]);
        bounds
            .iter()
            .zip(ends)
            .map(|(&(first, start), (last, end))| {
                let items = &self.items[first..last];
                let (level, id) = match items.first().map(|item| &item.kind) {
                    Some(Kind::Heading { level, id }) => (*level, id.as_deref().unwrap_or_default()),
                    _ => (0, ""),
                };
                Section { level, id, range: start..end, items }
            })
            .collect()
    }

    /// The directives that stand alone on their lines, with the lines. What is wrong with others is said by the build.
    pub fn directives(&self) -> impl Iterator<Item = (usize, Directive)> {
        self.items.iter().filter_map(|item| match &item.kind {
            Kind::Directive { text, alone: true } => Some((self.line(item.range.start), Directive::parse(text).ok()?)),
            _ => None,
        })
    }

    /// The ids of its headings.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.items.iter().filter_map(|item| match &item.kind {
            Kind::Heading { id, .. } => id.as_deref(),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        Document::parse(text.to_string()).items.into_iter().map(|item| item.kind).collect()
    }

    #[test]
    fn sections_reach_from_heading_to_heading() {
        let document = Document::parse("# One {#one}\n\ntext\n\n## Two {#two}\n\n$a$ and `b`\n".to_string());
        let sections = document.sections();
        let shown: Vec<_> = sections.iter().map(|s| (s.level, s.id, &document.text[s.range.clone()])).collect();
        assert_eq!(shown, [(1, "one", "# One {#one}\n\ntext\n\n"), (2, "two", "## Two {#two}\n\n$a$ and `b`\n")]);
        assert!(sections[1].items.iter().any(|item| matches!(item.kind, Kind::Formula { .. })));
        assert_eq!(document.line(document.text.find("## Two").unwrap()), 5);
        assert_eq!(document.ids().collect::<Vec<_>>(), ["one", "two"]);
    }

    #[test]
    fn directives_stand_alone_or_in_a_sentence() {
        let directive = |text: &str, alone| Kind::Directive { text: text.to_string(), alone };
        let prose = Kind::Prose { external: false };
        assert_eq!(
            kinds("{{code a.rs#b from=\"*x\" to=\"_y\"}}\n"),
            [directive("code a.rs#b from=\"*x\" to=\"_y\"", true)]
        );
        assert_eq!(kinds("see {{fig 3-07}} here\n"), [prose.clone(), directive("fig 3-07", false)]);
        let wrapped = kinds("as\n{{fig 3-07}}\nshows\n");
        assert!(wrapped.contains(&directive("fig 3-07", false)), "part of a sentence: {wrapped:?}");
        assert_eq!(kinds("```text\n{{out x}}\n```\n"), [Kind::Fence { info: "text".to_string() }]);
        assert_eq!(kinds("`{{out x}}`\n"), [Kind::Code]);
    }

    #[test]
    fn a_box_has_a_marker_prefixes_a_divider_and_an_end() {
        let found = kinds("> [!QUESTION]\n> What is $x$?\n> ---\n> 3\n\nafter\n");
        let start = Kind::BoxStart { kind: Ok(BoxKind::Question), title: String::new() };
        assert_eq!(found[0], start);
        assert_eq!(found.iter().filter(|kind| **kind == Kind::BoxPrefix).count(), 3);
        assert!(found.contains(&Kind::BoxDivider));
        assert!(found.contains(&Kind::BoxEnd { apart: true }));
        assert!(!found.iter().any(|kind| matches!(kind, Kind::Heading { .. })), "--- does not make a heading");
        assert!(
            kinds("> [!PICTURE] A title\n> x\n")
                .contains(&Kind::BoxStart { kind: Ok(BoxKind::Picture), title: "A title".to_string() })
        );
        assert_eq!(
            kinds("> [!TRYE]\n> x\n")[0],
            Kind::BoxStart { kind: Err("TRYE".to_string()), title: String::new() }
        );
        assert_eq!(kinds("> an ordinary quotation\n"), [Kind::Prose { external: false }]);
    }

    #[test]
    fn line_breaks_vanish_between_han_and_beside_full_width_punctuation() {
        let joins = |text: &str| kinds(text).iter().filter(|kind| **kind == Kind::Join).count();
        assert_eq!(joins("因果\n掩码"), 1);
        assert_eq!(joins("掩码，\nGPT 很好"), 1);
        assert_eq!(joins("使用\nGPT"), 0, "a space must stay");
        assert_eq!(joins("*因果*\n掩码"), 1);
        assert_eq!(joins("公式 $x$\n掩码"), 0);
        assert_eq!(joins("an English\nsentence"), 0);
        assert_eq!(joins("> [!TRY]\n> 因果\n> 掩码\n"), 1, "in a box");
    }
}
