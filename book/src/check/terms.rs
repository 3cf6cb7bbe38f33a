//! One word for one thing: words that `book/terms.toml` forbids.

use crate::document::Kind;
use crate::language::Language;
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
        if let Some(what) = wrong(page.document.slice(item), terms, page.language) {
            problems.add(&page.file, page.document.line(item.range.start), what);
        }
    }
}

/// What is wrong with the words of a text.
pub fn wrong(text: &str, terms: &[Term], language: Language) -> Option<String> {
    let (wrong, right) = wrong_word(text, terms, language)?;
    Some(format!("“{wrong}” should be “{right}” (book/terms.toml)"))
}
