//! Headings: one title, an id for each, no level left out.

use std::collections::HashSet;

use crate::document::Kind;
use crate::problem::Problems;
use crate::tree::Page;

/// Checks the headings of a page.
pub fn check(page: &Page, problems: &Problems) {
    let mut ids = HashSet::new();
    let (mut titles, mut above) = (0, 0);
    for item in &page.document.items {
        let Kind::Heading { level, id } = &item.kind else { continue };
        let line = page.document.line(item.range.start);
        let add = |what: String| problems.add(&page.file, line, what);
        match id {
            None => add("the heading has no id: write `## Title {#the-id}`, the same id in both languages".to_string()),
            Some(id) if !is_good(id) => add(format!("the id `{id}` is not of the form `causal-attention`")),
            Some(id) if !ids.insert(id) => add(format!("two headings of the page have the id `{id}`")),
            Some(_) => {}
        }
        titles += usize::from(*level == 1);
        if *level > 3 {
            add(format!("a heading of level {level}; the book has `#`, `##` and `###`"));
        } else if *level > above + 1 {
            add(format!("a heading of level {level} follows one of level {above}"));
        }
        above = *level;
    }
    if titles != 1 {
        problems.add(&page.file, 1, format!("the page has {titles} titles (`# …`); it needs one"));
    }
}

/// Whether an id consists of lowercase words with hyphens between them.
fn is_good(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}
