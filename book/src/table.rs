//! `{{table FILE.md#heading}}`: a table of another Markdown file of the project, so that its numbers stand in one place.
//!
//! The heading is named as in links to the English file. The Chinese page shows the same table of the Chinese file beside
//! it (`README.zh-CN.md`), which must have the same headings and tables.

use anyhow::{Context, Result, bail};

use crate::anchors::anchors;
use crate::directive::Table;
use crate::document::{Document, Kind};
use crate::language::Language;
use crate::problem::suggestion;
use crate::project::{Project, read};

/// The table as Markdown, in the page's language.
///
/// # Errors
/// If the file, the heading, the table or a row is missing, or if the Chinese file has another table there.
pub fn markdown(project: &Project, language: Language, wanted: &Table) -> Result<String> {
    let english = Source::read(project, &wanted.path)?;
    let section = english.section(&wanted.heading)?;
    let found = english.table(section, wanted.number)?;
    let (source, found) = match language {
        Language::English => (english, found),
        Language::Chinese => {
            let path = wanted.path.strip_suffix(".md").map(|stem| format!("{stem}.zh-CN.md"));
            let chinese = Source::read(project, &path.context("a table comes from a file `….md`")?)?;
            let (one, other) = (&english.path, &chinese.path);
            let levels = |source: &Source| source.document.sections().iter().map(|s| s.level).collect::<Vec<_>>();
            if levels(&english) != levels(&chinese) {
                bail!("{other} has not the same headings as {one}");
            }
            let found_there = chinese.table(section, wanted.number)?;
            if (found_there.rows, found_there.columns) != (found.rows, found.columns) {
                bail!("the table `{}` has another size in {other} than in {one}", wanted.heading);
            }
            (chinese, found_there)
        }
    };
    source.markdown(&found, wanted.rows)
}

/// A file with tables.
struct Source {
    path: String,
    document: Document,
}

/// A table of it.
struct Found {
    range: std::ops::Range<usize>,
    rows: usize,
    columns: usize,
}

impl Source {
    fn read(project: &Project, path: &str) -> Result<Self> {
        Ok(Self { path: path.to_string(), document: Document::parse(read(&project.root().join(path))?) })
    }

    /// The number of the section with this heading.
    fn section(&self, heading: &str) -> Result<usize> {
        let headings = anchors(self.document.sections().into_iter().map(|section| {
            let line = self.document.text[section.range].lines().next().unwrap_or_default();
            if section.level == 0 { "" } else { line }
        }));
        let found = headings.iter().position(|name| name == heading && !heading.is_empty());
        found.with_context(|| format!("no heading `{heading}` in {}{}", self.path, suggestion(heading, &headings)))
    }

    /// A table of a section, counted from 1.
    fn table(&self, section: usize, number: usize) -> Result<Found> {
        let sections = self.document.sections();
        let tables: Vec<Found> = sections[section]
            .items
            .iter()
            .filter_map(|item| match item.kind {
                Kind::Table { columns, rows } => Some(Found { range: item.range.clone(), rows, columns }),
                _ => None,
            })
            .collect();
        let there = tables.len();
        let found = number.checked_sub(1).and_then(|index| tables.into_iter().nth(index));
        found.with_context(|| format!("no table {number} in the section, {} has {there} there", self.path))
    }

    /// The head and some rows, counted from 1 below the head. Links become their text; a mark that leads to a note of the
    /// same file vanishes.
    fn markdown(&self, table: &Found, rows: Option<(usize, usize)>) -> Result<String> {
        let (first, last) = rows.unwrap_or((1, table.rows - 1));
        if first == 0 || first > last || last >= table.rows {
            bail!("the table has the rows 1..{}, not {first}..{last}", table.rows - 1);
        }
        let mut text = String::new();
        let mut at = table.range.start;
        for item in self.document.items.iter().filter(|item| table.range.contains(&item.range.start)) {
            let Kind::Link { target } = &item.kind else { continue };
            text.push_str(&self.document.text[at..item.range.start]);
            if target.starts_with('#') {
                text.truncate(text.trim_end().len());
            } else {
                let link = self.document.slice(item);
                text.push_str(link.split("](").next().unwrap_or_default().trim_start_matches('['));
            }
            at = item.range.end;
        }
        text.push_str(&self.document.text[at..table.range.end]);
        let lines: Vec<&str> = text.trim().lines().collect();
        Ok([&lines[..2], &lines[first + 1..=last + 1]].concat().join("\n") + "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Speed\n\n## What it is, on a GPU\n\n| a | b |\n|---|---|\n| x [¹](#n) | 1.25 |\n| [y](z.md) | 2 |\n\n\
        and\n\n| c |\n|---|\n| 3 |\n";

    fn source() -> Source {
        Source { path: "x.md".to_string(), document: Document::parse(TEXT.to_string()) }
    }

    #[test]
    fn tables_are_found_by_heading_and_number_and_lose_their_links() {
        let source = source();
        let section = source.section("what-it-is-on-a-gpu").unwrap();
        let first = source.table(section, 1).unwrap();
        assert_eq!(source.markdown(&first, None).unwrap(), "| a | b |\n|---|---|\n| x | 1.25 |\n| y | 2 |\n");
        assert_eq!(source.markdown(&first, Some((2, 2))).unwrap(), "| a | b |\n|---|---|\n| y | 2 |\n");
        assert_eq!(source.markdown(&source.table(section, 2).unwrap(), None).unwrap(), "| c |\n|---|\n| 3 |\n");
    }

    #[test]
    fn what_is_missing_is_said() {
        let source = source();
        let error = source.section("what-it-is").unwrap_err().to_string();
        assert!(error.starts_with("no heading `what-it-is` in x.md; "), "{error}");
        assert_eq!(source.table(1, 3).err().unwrap().to_string(), "no table 3 in the section, x.md has 2 there");
        let table = source.table(1, 1).unwrap();
        for rows in [(1, 3), (0, 1), (2, 1)] {
            let error = source.markdown(&table, Some(rows)).unwrap_err().to_string();
            assert_eq!(error, format!("the table has the rows 1..2, not {}..{}", rows.0, rows.1));
        }
    }
}
