//! A page for each file that is shown in part, with the numbers of its lines.

use std::fs;
use std::path::Path;
use std::rc::Rc;

use anyhow::{Context, Result};
use mdbook_core::book::{BookItem, Chapter};

use crate::html::{code_block, escape};
use crate::listing::page_of;
use crate::problem::Problems;
use crate::project::Project;
use crate::render::render;
use crate::source::Source;
use crate::tree::Tree;

/// Adds the pages of files to the built book of a language.
///
/// # Errors
/// If they cannot be rendered or moved.
pub fn add(project: &Project, tree: &Tree, sources: &[Rc<Source>], into: &Path, problems: &Problems) -> Result<()> {
    if sources.is_empty() {
        return Ok(());
    }
    let scratch = into.with_file_name("source-pages");
    let chapters = sources.iter().map(|source| BookItem::Chapter(chapter(source))).collect();
    render(project, tree, chapters, &scratch, problems)?;
    for source in sources {
        let page = page_of(&source.path);
        let html = fs::read_to_string(scratch.join(&page)).with_context(|| format!("mdBook has not written {page}"))?;
        let target = into.join(&page);
        fs::create_dir_all(target.parent().unwrap_or(into))?;
        fs::write(target, without_neighbours(&html))?;
    }
    fs::remove_dir_all(&scratch).with_context(|| format!("cannot remove {}", scratch.display()))
}

fn chapter(source: &Source) -> Chapter {
    let path = page_of(&source.path).replace(".html", ".md");
    let numbers: Vec<String> =
        source.lines.iter().map(|line| format!("<a id=\"L{0}\" href=\"#L{0}\">{0}</a>", line.number)).collect();
    let text: Vec<&str> = source.lines.iter().map(|line| line.text.as_str()).collect();
    let content = format!(
        "# {} {{#file}}\n\n<div class=\"source\"><pre class=\"line-numbers\">{}</pre>{}</div>\n",
        escape(&source.path).replace('_', "\\_"),
        numbers.join("&#10;"),
        code_block(&text.join("\n"), "rust")
    );
    Chapter::new(&source.path, content, path, Vec::new())
}

/// A page of a file has no page before and after it.
fn without_neighbours(html: &str) -> String {
    let mut html = html.to_string();
    const END: &str = "</nav>";
    for start in ["<nav class=\"nav-wrapper\"", "<nav class=\"nav-wide-wrapper\""] {
        if let Some(from) = html.find(start)
            && let Some(length) = html[from..].find(END)
        {
            html.replace_range(from..from + length + END.len(), "");
        }
    }
    html
}
