//! The book as EPUB 3: the pages of the built book as XHTML, with their figures, formulas and a table of contents.

mod package;
mod xhtml;

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::language::Language;
use crate::pdf::{NAME, find};
use crate::problem::Problems;
use crate::project::{Project, read};
use crate::tree::Tree;

/// Where the files of the book lie in the archive.
const FOLDER: &str = "book/";

/// A page of the book.
struct Page {
    /// Its path, `ch03/causal.xhtml`.
    path: String,
    /// Its text.
    text: String,
    /// What a reading system has to know of: `svg`, `mathml`.
    properties: Vec<&'static str>,
}

/// Writes both languages of the built book. Gives the files.
///
/// # Errors
/// If the book is not built, or a page is not as expected.
pub fn write(project: &Project) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for language in Language::ALL {
        let tree = Tree::read(project, language, &Problems::default())?;
        let pages = pages(project, &tree)?;
        let file = project.build().join(format!("{NAME}-{language}.epub"));
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        archive(project, &tree, &pages, &now, &file)
            .with_context(|| format!("cannot write {}", project.relative(&file)))?;
        files.push(file);
    }
    Ok(files)
}

/// The pages of a language as XHTML.
fn pages(project: &Project, tree: &Tree) -> Result<Vec<Page>> {
    let mut pages = Vec::new();
    for page in &tree.pages {
        let built = page.path.replace(".md", ".html");
        let html = project.read_built(tree.language, &built)?;
        let content = xhtml::of(&html).with_context(|| format!("book/build/{}/{built}", tree.language))?;
        let path = page.path.replace(".md", ".xhtml");
        let text = package::page(tree.language, &content.title, &path, &content.body);
        pages.push(Page { path, text, properties: content.properties });
    }
    Ok(pages)
}

/// Writes an archive. The type of the file comes first, as it is.
fn archive(project: &Project, tree: &Tree, pages: &[Page], now: &str, file: &Path) -> Result<()> {
    let theme = project.book().join("theme");
    let mut cover = Vec::new();
    let cover_file = theme.join(format!("cover-{}.png", tree.language));
    // A book without a cover is a book, too.
    if cover_file.is_file() {
        File::open(&cover_file)?.read_to_end(&mut cover)?;
    }
    let style = read(&theme.join("epub.css")).unwrap_or_default();
    let texts = [
        ("META-INF/container.xml".to_string(), package::container()),
        (format!("{FOLDER}package.opf"), package::package(tree, pages, now, !cover.is_empty())),
        (format!("{FOLDER}contents.xhtml"), package::contents(tree)),
        (format!("{FOLDER}style.css"), style),
    ];
    let mut zip = ZipWriter::new(File::create(file)?);
    let time = DateTime::default();
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).last_modified_time(time);
    let packed = stored.compression_method(CompressionMethod::Deflated);
    zip.start_file("mimetype", stored)?;
    zip.write_all(b"application/epub+zip")?;
    for (path, text) in &texts {
        zip.start_file(path, packed)?;
        zip.write_all(text.as_bytes())?;
    }
    if !cover.is_empty() {
        zip.start_file(format!("{FOLDER}cover.png"), stored)?;
        zip.write_all(&cover)?;
        zip.start_file(format!("{FOLDER}cover.xhtml"), packed)?;
        zip.write_all(package::cover(tree).as_bytes())?;
    }
    for page in pages {
        zip.start_file(format!("{FOLDER}{}", page.path), packed)?;
        zip.write_all(page.text.as_bytes())?;
    }
    zip.finish()?;
    Ok(())
}

/// Lets epubcheck look at a file, where it is installed. Gives what it says, nothing if all is well; `None` without it.
///
/// # Errors
/// If it cannot be run.
pub fn check(file: &Path) -> Result<Option<String>> {
    let Some(program) = find("epubcheck") else { return Ok(None) };
    // Debian installs a Java archive, which is a program only where the kernel knows of it.
    let is_archive = std::fs::read(&program).is_ok_and(|bytes| bytes.starts_with(b"PK"));
    let mut command = if is_archive { Command::new("java") } else { Command::new(&program) };
    if is_archive {
        command.arg("-jar").arg(&program);
    }
    let output = command.arg("--failonwarnings").arg(file).output().context("epubcheck cannot be run")?;
    if output.status.success() {
        return Ok(Some(String::new()));
    }
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    Ok(Some(said.trim().to_string()))
}
