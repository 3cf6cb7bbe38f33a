//! Stamps: each section of the Chinese tree ends with the hash of the English section that it renders. A stale one says that
//! the English text has changed since.

use std::fs;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::document::{Document, Kind, Section};
use crate::language::Language;
use crate::problem::{Problems, suggestion};
use crate::project::Project;
use crate::tree::{Page, Tree};

/// Which stamps to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that are missing.
    Missing,
    /// All.
    All,
    /// Those of a page or a section, `ch03/causal.md#causal-attention`.
    Of(Vec<String>),
}

/// What was done.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Sections that have a new stamp.
    pub written: Vec<String>,
    /// Sections whose stamp is stale and was left.
    pub stale: Vec<String>,
}

/// The stamp of an English section. Line breaks and spaces make no difference.
#[must_use]
pub fn of(document: &Document, section: &Section) -> String {
    let text: Vec<&str> = document.text[section.range.clone()].split_whitespace().collect();
    let hash = Sha256::digest(text.join(" ").as_bytes());
    hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// The stamp of the English section with an id.
fn of_original(original: &Page, id: &str) -> Option<String> {
    original.document.sections().iter().find(|section| section.id == id).map(|section| of(&original.document, section))
}

/// The stamp at the end of a section: its place, and what it says.
fn written<'a>(section: &Section<'a>) -> Option<(std::ops::Range<usize>, &'a str)> {
    section.items.iter().rev().find_map(|item| match &item.kind {
        Kind::Comment(text) => text.strip_prefix("en ").map(|stamp| (item.range.clone(), stamp.trim())),
        _ => None,
    })
}

/// Checks the stamps of a page.
pub fn check(original: &Page, page: &Page, problems: &Problems) {
    for section in page.document.sections() {
        let name = format!("{}#{}", page.path, section.id);
        let Some(wanted) = of_original(original, section.id) else { continue };
        let line = page.document.line(section.range.start);
        match written(&section) {
            Some((_, stamp)) if stamp == wanted => {}
            Some((at, _)) => {
                let what = format!(
                    "section #{} of {} has changed since this was written: bring the text up to date, then `cargo book stamp {name}`",
                    section.id, original.file
                );
                problems.add(&page.file, page.document.line(at.start), what);
            }
            None => problems.add(&page.file, line, format!("the section has no stamp: `cargo book stamp {name}`")),
        }
    }
}

/// Writes stamps.
///
/// # Errors
/// If a page or a section is not there, or a file cannot be written.
pub fn write(project: &Project, which: &Which) -> Result<Report> {
    let problems = Problems::default();
    let leading = Tree::read(project, Language::English, &problems)?;
    let following = Tree::read(project, Language::Chinese, &problems)?;
    if let Which::Of(names) = which {
        known(&leading, &following, names)?;
    }
    let mut report = Report::default();
    for page in &following.pages {
        let Some(original) = leading.page(&page.path) else { continue };
        let text = stamped(original, page, which, &mut report);
        if text != page.document.text {
            let file = project.root().join(&page.file);
            fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    Ok(report)
}

/// Whether all pages and sections exist.
fn known(leading: &Tree, following: &Tree, names: &[String]) -> Result<()> {
    for name in names {
        let (path, id) = name.split_once('#').map_or((name.as_str(), None), |(path, id)| (path, Some(id)));
        for tree in [leading, following] {
            let Some(page) = tree.page(path) else {
                bail!("no page {path} in book/{}{}", tree.language, suggestion(path, &tree.paths()));
            };
            let ids: Vec<&str> = page.document.ids().collect();
            if let Some(id) = id
                && !ids.contains(&id)
            {
                bail!("no section #{id} in {}{}", page.file, suggestion(id, &ids));
            }
        }
    }
    Ok(())
}

/// The text of a page with new stamps.
fn stamped(original: &Page, page: &Page, which: &Which, report: &mut Report) -> String {
    let mut text = page.document.text.clone();
    for section in page.document.sections().iter().rev() {
        let Some(stamp) = of_original(original, section.id) else { continue };
        let name = format!("{}#{}", page.path, section.id);
        let wanted = match which {
            Which::Missing => false,
            Which::All => true,
            Which::Of(names) => names.iter().any(|wanted| *wanted == page.path || *wanted == name),
        };
        let line = format!("<!-- en {stamp} -->");
        match written(section) {
            Some((_, old)) if old == stamp => continue,
            Some(_) if !wanted => {
                report.stale.push(name);
                continue;
            }
            Some((at, _)) => text.replace_range(at, &line),
            None if wanted || *which == Which::Missing => {
                let end = section.range.start + text[section.range.clone()].trim_end().len();
                let after = if section.range.end == page.document.text.len() { "\n" } else { "\n\n" };
                text.replace_range(end..section.range.end, &format!("\n\n{line}{after}"));
            }
            None => continue,
        }
        report.written.push(name);
    }
    report.written.sort();
    report.stale.sort();
    text
}
