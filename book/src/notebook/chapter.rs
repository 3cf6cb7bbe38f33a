//! A chapter as a notebook.

use anyhow::{Result, anyhow};

use super::cells::{Cells, shown};
use super::format::Notebook;
use super::markdown::{Piece, Writer};
use super::{chapter_of, chapters};
use crate::build::Materials;
use crate::language::Language;
use crate::problem::Problems;
use crate::project::Project;
use crate::tree::Tree;

/// The first cell: the crate that the others use. The path leads from the folder of the notebooks.
const SETUP: &str =
    ":dep notebook = { package = \"notebook-dylib\", path = \"../../../notebook/dylib\" }\nuse notebook::prelude::*;";

/// The text of a chapter's notebook.
///
/// # Errors
/// Never, as a notebook is made of text; what is wrong with cells is added to the problems.
pub fn notebook(
    project: &Project,
    materials: &Materials,
    tree: &Tree,
    chapter: &str,
    problems: &Problems,
) -> Result<String> {
    let pages: Vec<_> = tree.pages.iter().filter(|page| chapter_of(&page.path) == Some(chapter)).collect();
    let writer = Writer::new(project, materials, tree, chapter);
    let cells = Cells::of(project, chapter);
    let mut notebook = Notebook::default();
    for (index, page) in pages.iter().enumerate() {
        for (at, piece) in writer.page(page, problems).into_iter().enumerate() {
            match piece {
                Piece::Text { id, text } if index == 0 && at == 0 => {
                    let (title, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
                    notebook.text(&id, &format!("{title}\n\n{}\n\n{rest}", links(tree, chapter)));
                    if cells.is_ok() {
                        notebook.text("setup", setup(tree.language));
                        notebook.code("setup-cell", SETUP, &[]);
                    }
                }
                Piece::Text { id, text } => notebook.text(&id, &text),
                Piece::Cell { id, line } => {
                    let found = match &cells {
                        Ok(cells) => cells.get(&id).and_then(|cell| Ok((cell, shown(project, chapter, &id)?))),
                        Err(error) => Err(anyhow!("{error:#}")),
                    };
                    match found {
                        Ok((cell, shown)) => notebook.code(&format!("cell-{id}"), &cell.for_kernel(), &shown),
                        Err(error) => problems.add(&page.file, line, format!("{error:#}")),
                    }
                }
            }
        }
    }
    notebook.to_text()
}

/// The other language, the notebooks before and after, and how all this runs.
fn links(tree: &Tree, chapter: &str) -> String {
    let language = tree.language;
    let (folder, name) = language.pick(("zh", "简体中文"), ("en", "English"));
    let mut links = vec![format!("[{name}](../{folder}/{chapter}.ipynb)")];
    let readme = language.pick("../README.md", "../README.zh-CN.md");
    links.push(format!("[{}]({readme})", language.pick("How to run this", "怎样运行")));
    let all = chapters(tree);
    let at = all.iter().position(|other| *other == chapter).unwrap_or_default();
    if let Some(before) = at.checked_sub(1) {
        links.push(format!("[← {}]({}.ipynb)", language.pick("Previous", "上一章"), all[before]));
    }
    if let Some(after) = all.get(at + 1) {
        links.push(format!("[{} →]({after}.ipynb)", language.pick("Next", "下一章")));
    }
    links.join(" · ")
}

/// What stands before the first cell.
fn setup(language: Language) -> &'static str {
    language.pick(
        "Run this cell first. It loads burn and the crates of the chapters; the very first time it builds them, which takes a while.",
        "请先运行这个单元格。它载入 burn 和各章的 crate；第一次运行时要先构建它们，需要等一段时间。",
    )
}
