//! Where things lie in a checkout.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::language::Language;

/// A checkout of the project.
#[derive(Clone, Debug)]
pub struct Project {
    root: PathBuf,
}

impl Project {
    /// The project whose top folder this is.
    ///
    /// # Errors
    /// If there is no book in it.
    pub fn at(root: impl Into<PathBuf>) -> Result<Self> {
        let root = std::path::absolute(root.into())?;
        if !has_book(&root) {
            bail!("{} has no book: book/en/SUMMARY.md is missing", root.display());
        }
        Ok(Self { root })
    }

    /// The project around a folder.
    ///
    /// # Errors
    /// If neither the folder nor one above it has a book.
    pub fn around(folder: &Path) -> Result<Self> {
        let root = folder.ancestors().find(|folder| has_book(folder));
        let root = root.context("the book is part of the project: run this inside its checkout")?;
        Ok(Self { root: root.to_path_buf() })
    }

    /// The top folder, which the paths in directives begin at.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder `book`.
    #[must_use]
    pub fn book(&self) -> PathBuf {
        self.root.join("book")
    }

    /// The pages of a language.
    #[must_use]
    pub fn pages(&self, language: Language) -> PathBuf {
        self.book().join(language.folder())
    }

    /// The figures of a language.
    #[must_use]
    pub fn figures(&self, language: Language) -> PathBuf {
        self.book().join("figures").join(language.folder())
    }

    /// The recorded outputs of examples.
    #[must_use]
    pub fn outputs(&self) -> PathBuf {
        self.book().join("outputs")
    }

    /// Where the built book is put.
    #[must_use]
    pub fn build(&self) -> PathBuf {
        self.book().join("build")
    }

    /// The text of a page of the built book.
    ///
    /// # Errors
    /// If the book is not built.
    pub fn read_built(&self, language: Language, page: &str) -> Result<String> {
        let file = self.build().join(language.folder()).join(page);
        if !file.is_file() {
            bail!("{} is missing: run `cargo book build` first", self.relative(&file));
        }
        read(&file)
    }

    /// The crates of the project: folders with a `Cargo.toml`, at the top or in `engine`, as paths from the top, in order.
    ///
    /// # Errors
    /// If a folder cannot be listed.
    pub fn crates(&self) -> Result<Vec<String>> {
        let mut found = Vec::new();
        for above in ["", "engine/"] {
            for name in names(&self.root.join(above))? {
                if name != "book" && self.root.join(above).join(&name).join("Cargo.toml").is_file() {
                    found.push(format!("{above}{name}"));
                }
            }
        }
        Ok(found)
    }

    /// A path as it is written in messages: from the top folder, with slashes.
    #[must_use]
    pub fn relative(&self, path: &Path) -> String {
        relative(path, &self.root)
    }
}

/// A path from a folder on, with slashes.
#[must_use]
pub fn relative(path: &Path, folder: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

fn has_book(folder: &Path) -> bool {
    folder.join("book/en/SUMMARY.md").is_file()
}

/// The names in a folder, sorted; none if there is no such folder.
///
/// # Errors
/// If the folder is there but cannot be listed.
pub fn names(folder: &Path) -> Result<Vec<String>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// All files in a folder and below, sorted; none if there is no such folder.
///
/// # Errors
/// If a folder cannot be listed.
pub fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for name in names(folder)? {
        let path = folder.join(name);
        if path.is_dir() {
            files.extend(files_below(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

/// The text of a file with `\n` at the ends of lines.
///
/// # Errors
/// If it cannot be read or is not UTF-8.
pub fn read(path: &Path) -> Result<String> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text.replace("\r\n", "\n"))
}
