//! The pages of a language, in the order of its `SUMMARY.md`.

use std::path::Path;

use anyhow::{Context, Result};
use mdbook_core::book::{BookItem, Chapter};
use mdbook_summary::{Link, Summary, SummaryItem, parse_summary};

use crate::document::Document;
use crate::language::Language;
use crate::problem::Problems;
use crate::project::{Project, read};

/// One page.
#[derive(Debug)]
pub struct Page {
    /// Its path in the tree, `ch03/causal.md`.
    pub path: String,
    /// Its path in the project, `book/zh/ch03/causal.md`.
    pub file: String,
    /// Its language.
    pub language: Language,
    /// What it contains.
    pub document: Document,
}

/// An entry of the table of contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is called.
    pub title: String,
    /// The page, `ch03/causal.md`; the title of a part has none.
    pub path: Option<String>,
    /// What stands below it.
    pub below: Vec<Entry>,
}

/// All pages of a language.
#[derive(Debug)]
pub struct Tree {
    /// The language.
    pub language: Language,
    /// The title of the book.
    pub title: String,
    /// The pages that exist, in order.
    pub pages: Vec<Page>,
    summary: Summary,
}

impl Tree {
    /// Reads the pages that `SUMMARY.md` names. A page that is missing is a problem.
    ///
    /// # Errors
    /// If `SUMMARY.md` or a page cannot be read.
    pub fn read(project: &Project, language: Language, problems: &Problems) -> Result<Self> {
        let folder = project.pages(language);
        let summary_file = folder.join("SUMMARY.md");
        let summary =
            parse_summary(&read(&summary_file)?).with_context(|| format!("{} is wrong", summary_file.display()))?;
        let mut pages = Vec::new();
        for path in links(&summary) {
            let file = folder.join(&path);
            let shown = project.relative(&file);
            if file.is_file() {
                let document = Document::parse(read(&file)?);
                pages.push(Page { path, file: shown, language, document });
            } else {
                problems.add(project.relative(&summary_file), 0, format!("the page {shown} is missing"));
            }
        }
        let title = summary.title.clone().context("SUMMARY.md has no title")?;
        Ok(Self { language, title, pages, summary })
    }

    /// The page of a path.
    #[must_use]
    pub fn page(&self, path: &str) -> Option<&Page> {
        self.pages.iter().find(|page| page.path == path)
    }

    /// The paths of all pages, in order.
    #[must_use]
    pub fn paths(&self) -> Vec<&str> {
        self.pages.iter().map(|page| page.path.as_str()).collect()
    }

    /// The book as mdBook wants it; `content` gives the Markdown of each page. Pages that are missing are left out.
    #[must_use]
    pub fn book_items(&self, content: &dyn Fn(&Page) -> String) -> Vec<BookItem> {
        all(&self.summary).into_iter().flat_map(|items| self.items(items, &[], content)).collect()
    }

    /// The table of contents. Pages that are missing are left out.
    #[must_use]
    pub fn contents(&self) -> Vec<Entry> {
        all(&self.summary).into_iter().flat_map(|items| self.entries(items)).collect()
    }

    /// Entries of the table of contents. What follows the title of a part stands below it.
    fn entries(&self, items: &[SummaryItem]) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut part: Option<Entry> = None;
        for item in items {
            match item {
                SummaryItem::Link(link) => {
                    let below = self.entries(&link.nested_items);
                    let path = link.location.as_deref().map(slashes).filter(|path| self.page(path).is_some());
                    let found = match path {
                        Some(path) => vec![Entry { title: link.name.clone(), path: Some(path), below }],
                        None => below,
                    };
                    part.as_mut().map_or(&mut entries, |part| &mut part.below).extend(found);
                }
                SummaryItem::PartTitle(title) => {
                    entries.extend(part.replace(Entry { title: title.clone(), path: None, below: Vec::new() }));
                }
                _ => {}
            }
        }
        entries.extend(part);
        entries.retain(|entry| entry.path.is_some() || !entry.below.is_empty());
        entries
    }

    fn items(&self, items: &[SummaryItem], above: &[String], content: &dyn Fn(&Page) -> String) -> Vec<BookItem> {
        let mut built = Vec::new();
        for item in items {
            match item {
                SummaryItem::Link(link) => built.extend(self.chapter(link, above, content)),
                SummaryItem::PartTitle(title) => built.push(BookItem::PartTitle(title.clone())),
                _ => built.push(BookItem::Separator),
            }
        }
        built
    }

    fn chapter(&self, link: &Link, above: &[String], content: &dyn Fn(&Page) -> String) -> Vec<BookItem> {
        let mut names = above.to_vec();
        names.push(link.name.clone());
        let below = self.items(&link.nested_items, &names, content);
        let page = link.location.as_deref().map(slashes).and_then(|path| self.page(&path));
        let Some(page) = page else { return below };
        let mut chapter = Chapter::new(&link.name, content(page), page.path.clone(), above.to_vec());
        chapter.number.clone_from(&link.number);
        chapter.sub_items = below;
        vec![BookItem::Chapter(chapter)]
    }
}

/// The pages that a summary names, in order.
fn links(summary: &Summary) -> Vec<String> {
    fn collect(items: &[SummaryItem], found: &mut Vec<String>) {
        for item in items {
            if let SummaryItem::Link(link) = item {
                found.extend(link.location.as_deref().map(slashes));
                collect(&link.nested_items, found);
            }
        }
    }
    let mut found = Vec::new();
    for items in all(summary) {
        collect(items, &mut found);
    }
    found
}

/// What stands before the numbered chapters, these, and what stands behind them.
fn all(summary: &Summary) -> [&[SummaryItem]; 3] {
    [&summary.prefix_chapters, &summary.numbered_chapters, &summary.suffix_chapters]
}

fn slashes(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/").trim_start_matches("./").to_string()
}
