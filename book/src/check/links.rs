//! Links lead to pages and headings that exist.

use crate::document::Kind;
use crate::html::escape;
use crate::problem::{Problems, suggestion};
use crate::tree::{Page, Tree};

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
                let known: Vec<&str> = tree.pages.iter().map(|page| page.path.as_str()).collect();
                return Some(format!("the link {target} leads to no page: {path}{}", suggestion(&path, &known)));
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
fn made_ids(page: &Page) -> impl Iterator<Item = String> + '_ {
    page.document.items.iter().filter_map(|item| match &item.kind {
        Kind::Directive { text, alone: true } => {
            let (name, id) = text.split_once(' ')?;
            match name {
                "fig" => Some(format!("fig-{id}")),
                "exercise" => Some(format!("exercise-{}", id.replace('.', "-").to_lowercase())),
                _ => None,
            }
        }
        _ => None,
    })
}

/// The path that a relative one means.
fn resolve(from: &str, path: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_paths_are_resolved() {
        assert_eq!(resolve("ch03/causal.md", "../ch02/words.md"), "ch02/words.md");
        assert_eq!(resolve("ch03/causal.md", "./simplified.md"), "ch03/simplified.md");
        assert_eq!(resolve("preface.md", "ch03/causal.md"), "ch03/causal.md");
    }
}
