//! The notebooks: the pages of a chapter with cells that can be changed and run. `cargo book notebooks` writes them to
//! `book/notebooks`.
//!
//! The cells are the pieces of an example, `notebook/examples/CHAPTER_notebook.rs`; what they print is recorded as for every
//! example. So a notebook has nothing that is not written elsewhere.

mod cells;
mod chapter;
mod format;
mod lint;
mod markdown;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::build::Materials;
use crate::directive::Directive;
use crate::language::Language;
use crate::problem::Problems;
use crate::project::{Project, names, read};
use crate::tree::Tree;

pub use self::cells::{Cell, Cells, html, printed};
pub(crate) use self::markdown::fenced;

/// How the names of the examples end that are cut into cells.
const SUFFIX: &str = "_notebook";

/// Whether an example is one of cells.
#[must_use]
pub fn is_notebook(example: &str) -> bool {
    example.ends_with(SUFFIX)
}

/// The example with the cells of a chapter: `appendix_a_notebook` of `appendix-a`.
#[must_use]
pub fn example_of(chapter: &str) -> String {
    chapter.replace('-', "_") + SUFFIX
}

/// The chapter that a page belongs to, `ch03` of `ch03/causal.md`, if chapters like it become notebooks.
#[must_use]
pub fn chapter_of(page: &str) -> Option<&str> {
    let (chapter, _) = page.split_once('/')?;
    (chapter.starts_with("ch") || chapter.starts_with("appendix-")).then_some(chapter)
}

/// The chapters that become notebooks, in order.
#[must_use]
pub fn chapters(tree: &Tree) -> Vec<&str> {
    let mut chapters: Vec<&str> = tree.pages.iter().filter_map(|page| chapter_of(&page.path)).collect();
    chapters.dedup();
    chapters
}

/// The folder of the notebooks of a language.
fn folder(project: &Project, language: Language) -> PathBuf {
    project.book().join("notebooks").join(language.folder())
}

/// Where the notebook of a chapter is, and the command that opens it, as HTML for the chapter's first page.
#[must_use]
pub fn link(language: Language, chapter: &str, has_cells: bool) -> String {
    let what = if has_cells {
        language.pick("As a notebook, with cells to change and run:", "笔记本版，单元格可以修改和运行：")
    } else {
        language.pick("As a notebook:", "笔记本版：")
    };
    let (command, folder) = (open_command(language, chapter), language.folder());
    format!(
        "<p class=\"notebook-link\">{what} <code>{command}</code> (<a href=\"../../notebooks/{folder}/{chapter}.ipynb\" \
         download>{chapter}.ipynb</a>)</p>"
    )
}

/// The command that opens the notebook of a chapter.
#[must_use]
pub fn open_command(language: Language, chapter: &str) -> String {
    format!("cargo run -- notebook {}{chapter}", language.pick("", "zh "))
}

/// Copies the notebooks into a built book, in which its pages lead to them.
///
/// # Errors
/// If a file cannot be copied.
pub fn copy(project: &Project, build: &Path) -> Result<()> {
    for language in Language::ALL {
        let (from, into) = (folder(project, language), build.join("notebooks").join(language.folder()));
        fs::create_dir_all(&into)?;
        // Jupyter keeps its own copies beside them.
        for name in names(&from)?.iter().filter(|name| name.ends_with(".ipynb")) {
            fs::copy(from.join(name), into.join(name)).with_context(|| format!("cannot copy {name}"))?;
        }
    }
    Ok(())
}

/// All notebooks, by file. What is wrong with pages was said by the build, and what is wrong with cells is added to the problems.
///
/// # Errors
/// If an example or a recorded output cannot be read.
pub fn make(project: &Project, materials: &Materials, problems: &Problems) -> Result<BTreeMap<PathBuf, String>> {
    let mut made = BTreeMap::new();
    for tree in &materials.trees {
        for chapter in chapters(tree) {
            let file = folder(project, tree.language).join(format!("{chapter}.ipynb"));
            made.insert(file, chapter::notebook(project, materials, tree, chapter, problems)?);
        }
    }
    Ok(made)
}

/// Writes the notebooks that have changed, and removes those whose chapter is gone. Gives the files.
///
/// # Errors
/// If a file cannot be written.
pub fn write(project: &Project, materials: &Materials, problems: &Problems) -> Result<Vec<String>> {
    let made = make(project, materials, problems)?;
    let mut changed = Vec::new();
    for (file, text) in &made {
        if !file.is_file() || read(file)? != *text {
            fs::create_dir_all(file.parent().context("a notebook lies in a folder")?)?;
            fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
            changed.push(project.relative(file));
        }
    }
    for file in superfluous(project, &made)? {
        fs::remove_file(&file)?;
        changed.push(project.relative(&file));
    }
    Ok(changed)
}

/// Checks cells and boxes, and that the notebooks are as they would be written.
///
/// # Errors
/// If a file cannot be read.
pub fn check(project: &Project, materials: &Materials, problems: &Problems) -> Result<()> {
    let made = make(project, materials, problems)?;
    for (file, text) in &made {
        if !file.is_file() || read(file)? != *text {
            problems.add(
                project.relative(file),
                0,
                "the notebook is not as its pages and cells are: `cargo book notebooks`",
            );
        }
    }
    for file in superfluous(project, &made)? {
        problems.add(project.relative(&file), 0, "the notebook belongs to no chapter: `cargo book notebooks`");
    }
    // Both languages have the same cells in the same places.
    if let Some(tree) = materials.trees.first() {
        for chapter in chapters(tree) {
            let example = example_of(chapter);
            if materials.examples.get(&example).is_ok() {
                cells_are_in_order(project, tree, chapter, problems)?;
            }
        }
    }
    Ok(())
}

/// Notebooks of no chapter.
fn superfluous(project: &Project, made: &BTreeMap<PathBuf, String>) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for language in Language::ALL {
        for name in names(&folder(project, language))? {
            let file = folder(project, language).join(name);
            if file.extension().is_some_and(|extension| extension == "ipynb") && !made.contains_key(&file) {
                found.push(file);
            }
        }
    }
    Ok(found)
}

/// A notebook is run from top to bottom, so the cells of the pages are those of the example, all and in its order.
fn cells_are_in_order(project: &Project, tree: &Tree, chapter: &str, problems: &Problems) -> Result<()> {
    let cells = Cells::of(project, chapter)?;
    let mut shown = Vec::new();
    for page in tree.pages.iter().filter(|page| chapter_of(&page.path) == Some(chapter)) {
        shown.extend(page.document.directives().filter_map(|(line, directive)| match directive {
            Directive::Cell(id) => Some((page, line, id)),
            _ => None,
        }));
    }
    for cell in &cells.cells {
        // That nothing was recorded is said where the cell is shown.
        let pieces = cells::shown(project, chapter, &cell.id).unwrap_or_default();
        if pieces[..pieces.len().saturating_sub(1)].iter().any(|piece| matches!(piece, cells::Shown::Picture(_))) {
            let what = format!("cell `{}`: the kernel shows one picture, below all text: draw it at the end", cell.id);
            problems.add(&cells.file, cell.line, what);
        }
    }
    for (index, cell) in cells.cells.iter().enumerate() {
        match shown.get(index) {
            Some((_, _, id)) if *id == cell.id => {}
            Some((page, line, id)) => {
                let what =
                    format!("the cell `{id}` stands here, and `{}` in {}: the order is the same", cell.id, cells.file);
                problems.add(&page.file, *line, what);
                return Ok(());
            }
            None => problems.add(&cells.file, cell.line, format!("no page shows the cell: `{{{{cell {}}}}}`", cell.id)),
        }
    }
    if let Some((page, line, id)) = shown.get(cells.cells.len()) {
        problems.add(&page.file, *line, format!("the cell `{id}` is shown twice"));
    }
    lint::check(&cells, problems);
    Ok(())
}
