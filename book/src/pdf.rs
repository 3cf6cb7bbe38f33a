//! Prints the book to PDF, with an outline, by means of Chromium.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::language::Language;
use crate::project::Project;

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
    let mut files = Vec::new();
    for language in Language::ALL {
        let page = project.build().join(language.folder()).join("print.html");
        if !page.is_file() {
            bail!("{} is missing: run `cargo book build` first", project.relative(&page));
        }
        let file = project.build().join(format!("{NAME}-{language}.pdf"));
        let page = page.canonicalize().with_context(|| format!("cannot find {}", page.display()))?;
        run(&browser, &page, &file)?;
        files.push(file);
    }
    Ok(files)
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

fn run(browser: &Path, page: &Path, file: &Path) -> Result<()> {
    let profile = tempfile::tempdir().context("cannot make a folder for the browser")?;
    let mut command = Command::new(browser);
    command.args(["--headless", "--disable-gpu", "--no-pdf-header-footer", "--generate-pdf-document-outline"]);
    if is_root() {
        // Chromium's sandbox does not run as root.
        command.arg("--no-sandbox");
    }
    command.arg(format!("--user-data-dir={}", profile.path().display()));
    command.arg(format!("--print-to-pdf={}", file.display())).arg(format!("file://{}", page.display()));
    let output = command.output().with_context(|| format!("cannot run {}", browser.display()))?;
    let is_pdf = fs::read(file).is_ok_and(|bytes| bytes.starts_with(b"%PDF"));
    if !output.status.success() || !is_pdf {
        bail!("{} did not print: {}", browser.display(), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
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
