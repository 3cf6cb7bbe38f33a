//! One word for one thing: words that `book/terms.toml` forbids.

use crate::document::Kind;
use crate::problem::Problems;
use crate::terms::{Term, wrong_word};
use crate::tree::Page;

/// Checks the words of a page.
pub fn check(page: &Page, terms: &[Term], problems: &Problems) {
    for item in &page.document.items {
        let is_text = matches!(item.kind, Kind::Prose { external: false } | Kind::BoxStart { .. });
        if !is_text {
            continue;
        }
        if let Some((wrong, right)) = wrong_word(page.document.slice(item), terms, page.language) {
            let line = page.document.line(item.range.start);
            problems.add(&page.file, line, format!("“{wrong}” should be “{right}” (book/terms.toml)"));
        }
    }
}
