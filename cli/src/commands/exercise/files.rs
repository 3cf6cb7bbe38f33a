//! The exercises of a checkout and their files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// One exercise of the workspace.
pub struct Exercise {
    pub id: String,
    /// Folder and package of the chapter.
    pub package: String,
    /// `ex2_1`, the stem of its files and the name of its test target.
    pub stem: String,
    pub title: String,
    /// The reader's file.
    pub file: PathBuf,
    pub solution: PathBuf,
}

/// The checkout around the current folder.
pub fn workspace_root() -> Result<PathBuf> {
    let here = std::env::current_dir().context("the current folder cannot be found")?;
    let root = here.ancestors().find(|folder| folder.join("ch02-text/exercises").is_dir());
    root.map(Path::to_path_buf).context("exercises are files of the project: run this inside its checkout")
}

pub fn find_all(root: &Path) -> Result<Vec<Exercise>> {
    let mut exercises = Vec::new();
    for chapter in fs::read_dir(root).with_context(|| format!("cannot read {}", root.display()))? {
        let chapter = chapter?.path();
        let Ok(files) = fs::read_dir(chapter.join("exercises")) else { continue };
        for file in files {
            exercises.extend(Exercise::of_file(&file?.path(), &chapter)?);
        }
    }
    exercises.sort_by_key(|exercise| sort_key(&exercise.id));
    Ok(exercises)
}

/// Orders 2.2 before 2.10, and chapters before appendices.
fn sort_key(id: &str) -> Vec<(usize, String)> {
    id.split('.').map(|part| (part.parse().unwrap_or(usize::MAX), part.to_string())).collect()
}

impl Exercise {
    /// The exercise of `.../exercises/ex2_1.rs`, or `None` for another file.
    fn of_file(file: &Path, chapter: &Path) -> Result<Option<Self>> {
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let (Some(number), Some("rs")) = (stem.strip_prefix("ex"), file.extension().and_then(|e| e.to_str())) else {
            return Ok(None);
        };
        let id = number.replace('_', ".").to_uppercase();
        let heading = format!("# Exercise {id}: ");
        let text = read(file)?;
        let title = text.lines().find_map(|line| line.strip_prefix("//! ")?.strip_prefix(&heading));
        Ok(Some(Self {
            package: chapter.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            title: title.unwrap_or("(without a title)").to_string(),
            solution: chapter.join("solutions").join(format!("{stem}.rs")),
            file: file.to_path_buf(),
            stem: stem.to_string(),
            id,
        }))
    }
}

pub fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The comment at the head of an exercise's file.
pub fn task(text: &str) -> String {
    let head = text.lines().map_while(|line| line.strip_prefix("//!"));
    head.map(|line| line.strip_prefix(' ').unwrap_or(line).to_string() + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exercises_are_ordered_by_number() {
        let mut ids = ["A.1", "2.10", "2.2", "10.1"];
        ids.sort_by_key(|id| sort_key(id));
        assert_eq!(ids, ["2.2", "2.10", "10.1", "A.1"]);
    }
}
