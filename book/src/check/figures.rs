//! Every figure can be read aloud and stands somewhere, in the order of the numbers.

use std::collections::HashMap;

use anyhow::Result;

use crate::figure::{element, figure_pages, file, on_page, words};
use crate::problem::Problems;
use crate::project::{Project, names, read};
use crate::terms::Term;
use crate::tree::Tree;

/// Checks the figures of a language.
pub fn check(project: &Project, tree: &Tree, terms: &[Term], problems: &Problems) -> Result<()> {
    order(tree, problems);
    let stands = figure_pages(tree, &Problems::default());
    for name in names(&project.figures(tree.language))? {
        let Some(id) = name.strip_suffix(".svg") else { continue };
        let path = file(project, tree.language, id);
        let (shown, svg) = (project.relative(&path), read(&path)?);
        for (what, why) in [("title", "the caption"), ("desc", "what a screen reader says")] {
            if element(&svg, what).is_none_or(str::is_empty) {
                problems.add(&shown, 0, format!("<{what}> is missing or empty: {why}"));
            }
        }
        if !svg.contains("role=\"img\"") {
            problems.add(&shown, 0, "role=\"img\" is missing");
        }
        if !stands.contains_key(id) {
            problems.add(&shown, 0, format!("the figure stands on no page: `{{{{fig {id}}}}}` on a line of its own"));
        }
        if let Some(what) = super::terms::wrong(&words(&svg), terms, tree.language) {
            problems.add(&shown, 0, what);
        }
    }
    Ok(())
}

/// Checks that the numbers of a chapter's figures grow from page to page.
fn order(tree: &Tree, problems: &Problems) {
    // `3-` and `3-B` are counted apart.
    let mut last: HashMap<String, (u32, String)> = HashMap::new();
    for page in &tree.pages {
        for (line, id) in on_page(page) {
            let series = id.trim_end_matches(|c: char| c.is_ascii_digit());
            let Ok(number) = id[series.len()..].parse() else { continue };
            if let Some((before, other)) = last.get(series)
                && *before > number
            {
                let what = format!("the figure {id} comes after {other}: number them in the order of the pages");
                problems.add(&page.file, line, what);
            }
            last.insert(series.to_string(), (number, id));
        }
    }
}
