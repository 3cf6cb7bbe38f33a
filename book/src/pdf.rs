//! Prints the book to PDF, with an outline, by means of Chromium.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::language::Language;
use crate::paper::{Paper, drawing, mend_titles, page_numbers};
use crate::problem::Problems;
use crate::project::{Project, read};
use crate::tree::Tree;

/// What the programs are called that can print.
const BROWSERS: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

/// How the names of files for readers begin.
pub const NAME: &str = "llm-from-scratch-rs";

/// Prints both languages of the built book. Gives the files.
///
/// # Errors
/// If the book is not built, or there is no Chromium, or it fails.
pub fn print(project: &Project) -> Result<Vec<PathBuf>> {
    let browser = browser()?;
    let theme = |name: String| read(&project.book().join("theme").join(name)).unwrap_or_default();
    let (style, script) = (theme("pdf.css".to_string()), theme("pdf.js".to_string()));
    let mut files = Vec::new();
    for language in Language::ALL {
        let built = project.build().join(language.folder());
        let html = project.read_built(language, "print.html")?;
        let tree = Tree::read(project, language, &Problems::default())?;
        let cover = drawing(&theme(format!("cover-{language}.svg")));
        let paper = Paper { tree: &tree, print: &html, cover: &cover, style: &style, script: &script };
        let file = project.build().join(format!("{NAME}-{language}.pdf"));
        // Beside the pages, whose styles and fonts it uses.
        let page = Temporary(built.join("paper.html"));
        let print = |numbers: &HashMap<String, usize>| {
            let html = paper.html(numbers).with_context(|| project.relative(&built.join("print.html")))?;
            fs::write(&page.0, html).with_context(|| format!("cannot write {}", page.0.display()))?;
            run(&browser, &page.0, &file)
        };
        // The first time tells where everything is, the second time the table of contents says it.
        let mut printed = print(&HashMap::new())?;
        let numbers = page_numbers(&printed);
        if !numbers.is_empty() {
            printed = print(&numbers)?;
        }
        mend_titles(&mut printed);
        fs::write(&file, printed).with_context(|| format!("cannot write {}", file.display()))?;
        files.push(file);
    }
    Ok(files)
}

/// A file that goes away.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // What cannot be removed is in nobody's way.
        let _ = fs::remove_file(&self.0);
    }
}

/// The browser: `CHROMIUM`, or the first that is installed.
fn browser() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("CHROMIUM") {
        return Ok(PathBuf::from(path));
    }
    let found = BROWSERS.iter().find_map(|name| find(name));
    found.context(
        "Chromium prints the book, and none was found: install it (Debian: `apt install chromium fonts-noto-cjk`), or name it in the \
         variable CHROMIUM",
    )
}

/// Where a program is installed.
pub fn find(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// Prints a page. Gives what was printed.
fn run(browser: &Path, page: &Path, file: &Path) -> Result<Vec<u8>> {
    let page = page.canonicalize().with_context(|| format!("cannot find {}", page.display()))?;
    let profile = tempfile::tempdir().context("cannot make a folder for the browser")?;
    if file.exists() {
        fs::remove_file(file).with_context(|| format!("cannot replace {}", file.display()))?;
    }
    let mut command = Command::new(browser);
    command.args(["--headless", "--disable-gpu", "--no-pdf-header-footer", "--generate-pdf-document-outline"]);
    if is_root() {
        // Chromium's sandbox does not run as root.
        command.arg("--no-sandbox");
    }
    command.arg(format!("--user-data-dir={}", profile.path().display()));
    command.arg(format!("--print-to-pdf={}", file.display())).arg(format!("file://{}", page.display()));
    let output = command.output().with_context(|| format!("cannot run {}", browser.display()))?;
    match fs::read(file) {
        Ok(bytes) if output.status.success() && bytes.starts_with(b"%PDF") => Ok(bytes),
        _ => bail!("{} did not print: {}", browser.display(), String::from_utf8_lossy(&output.stderr).trim()),
    }
}

#[cfg(unix)]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|data| data.uid() == 0)
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
