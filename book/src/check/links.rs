//! Links lead to pages and headings that exist.

use crate::directive::Directive;
use crate::document::Kind;
use crate::html::escape;
use crate::paths::resolve;
use crate::problem::{Problems, suggestion};
use crate::tree::{Page, Tree};
use crate::{exercise, figure};

/// Checks the links of a page.
pub fn check(page: &Page, tree: &Tree, problems: &Problems) {
    for item in &page.document.items {
        if let Kind::Link { target } = &item.kind
            && let Some(what) = wrong(page, tree, target)
        {
            problems.add(&page.file, page.document.line(item.range.start), what);
        }
    }
}

/// What is wrong with a link.
fn wrong(page: &Page, tree: &Tree, target: &str) -> Option<String> {
    if target.starts_with("https://") {
        return None;
    }
    if target.contains("://") {
        return Some(format!("the link {target} should begin with https://"));
    }
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let goal = if path.is_empty() {
        page
    } else {
        let path = resolve(&page.path, path);
        match tree.page(&path) {
            Some(goal) => goal,
            None => {
                let known = suggestion(&path, &tree.paths());
                return Some(format!("the link {target} leads to no page: {path}{known}"));
            }
        }
    };
    let anchor = anchor?;
    let ids: Vec<String> = goal.document.ids().map(String::from).chain(made_ids(goal)).collect();
    let missing = !ids.iter().any(|id| id == anchor);
    missing.then(|| {
        format!(
            "the link {target} leads to no heading: {} has no #{}{}",
            goal.path,
            escape(anchor),
            suggestion(anchor, &ids)
        )
    })
}

/// The ids of figures and exercises.
fn made_ids(page: &Page) -> impl Iterator<Item = String> {
    page.document.directives().filter_map(|(_, directive)| match directive {
        Directive::Fig(id) => Some(figure::anchor(&id)),
        Directive::Exercise(id) => Some(exercise::anchor(&id)),
        _ => None,
    })
}
