//! The exercises of a checkout and their files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::terminal::{Language, language, tr};

/// One exercise of the workspace.
pub struct Exercise {
    pub id: String,
    /// Folder and package of the chapter.
    pub package: String,
    /// `ex2_1`, the stem of its files and the name of its test target.
    pub stem: String,
    /// In the reader's language.
    pub title: String,
    /// The reader's file.
    pub file: PathBuf,
    pub solution: PathBuf,
    /// The file with its checks.
    pub checks: PathBuf,
}

/// The checkout around the current folder.
pub fn workspace_root() -> Result<PathBuf> {
    let here =
        std::env::current_dir().with_context(|| tr!("the current folder cannot be found", "找不到当前文件夹"))?;
    let root = here.ancestors().find(|folder| folder.join("ch02-text/exercises").is_dir());
    root.map(Path::to_path_buf).with_context(|| {
        tr!(
            "exercises are files of the project: run this inside its checkout",
            "练习是项目里的文件：请在项目的文件夹中运行"
        )
    })
}

pub fn find_all(root: &Path) -> Result<Vec<Exercise>> {
    let mut exercises = Vec::new();
    let chapters = fs::read_dir(root).with_context(|| tr!("cannot read {}", "无法读取 {}", root.display()))?;
    for chapter in chapters {
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
        let beside = |folder: &str| chapter.join(folder).join(format!("{stem}.rs"));
        Ok(Some(Self {
            id: number.replace('_', ".").to_uppercase(),
            package: chapter.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            title: title(&head(&read(file)?, language())),
            solution: beside("solutions"),
            checks: beside("tests"),
            file: file.to_path_buf(),
            stem: stem.to_string(),
        }))
    }
}

pub fn read(path: &Path) -> Result<String> {
    shared::text::read(path).with_context(|| tr!("cannot read {}", "无法读取 {}", path.display()))
}

/// How the Chinese part at the head of a file begins: exercise, solution.
const HEADINGS: [&str; 2] = ["# 练习 ", "# 解答 "];

/// The comment at the head of a file, in one language: the English part comes first.
pub fn head(text: &str, language: Language) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .filter(|line| !line.starts_with("Check it: "))
        .collect();
    let middle =
        lines.iter().position(|line| HEADINGS.iter().any(|start| line.starts_with(start))).unwrap_or(lines.len());
    let (english, chinese) = lines.split_at(middle);
    let part = if language == Language::Chinese && !chinese.is_empty() { chinese } else { english };
    part.join("\n").trim_end().to_string()
}

/// The title of an exercise, of the heading `# Exercise 2.1: TITLE` or `# 练习 2.1：TITLE`.
fn title(head: &str) -> String {
    let heading = head.lines().next().unwrap_or_default();
    let title = heading.split_once(": ").or_else(|| heading.split_once('：')).map(|(_, title)| title);
    title.unwrap_or("-").to_string()
}

/// What stands below the comment at the head of the file.
pub fn code(text: &str) -> &str {
    let head: usize = text.split_inclusive('\n').take_while(|line| line.starts_with("//!")).map(str::len).sum();
    text[head..].trim_start_matches(['\r', '\n'])
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "//! # Exercise 2.1: A title: long\n//!\n//! The task.\n//!\n//! # 练习 2.1：题目\n//!\n\
                        //! 任务。\n//!\n//! Check it: `cargo run -- exercise check 2.1`\n\nuse burn::Tensor;\n//! no\n";

    #[test]
    fn exercises_are_ordered_by_number() {
        let mut ids = ["A.1", "2.10", "2.2", "10.1"];
        ids.sort_by_key(|id| sort_key(id));
        assert_eq!(ids, ["2.2", "2.10", "10.1", "A.1"]);
    }

    #[test]
    fn a_file_has_a_head_in_two_languages_and_code() {
        assert_eq!(head(FILE, Language::English), "# Exercise 2.1: A title: long\n\nThe task.");
        assert_eq!(head(FILE, Language::Chinese), "# 练习 2.1：题目\n\n任务。");
        assert_eq!(head("//! # Exercise 2.1: One\n", Language::Chinese), "# Exercise 2.1: One", "not translated");
        assert_eq!(title(&head(FILE, Language::English)), "A title: long");
        assert_eq!(title(&head(FILE, Language::Chinese)), "题目");
        assert_eq!(code(FILE), "use burn::Tensor;\n//! no\n");
    }

    /// Every file of an exercise has its title and its task, or its explanation, in both languages.
    #[test]
    fn every_exercise_is_written_in_both_languages() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let exercises = find_all(&root).unwrap();
        assert!(exercises.len() > 20, "{}", exercises.len());
        for Exercise { id, file, solution, checks, .. } in exercises {
            let checks = read(&checks).unwrap();
            assert!(checks.matches("// 中文：").count() >= 2, "the checks of {id} are not described in Chinese");
            for (path, english, chinese) in [(file, "Exercise", "练习"), (solution, "Solution", "解答")] {
                let text = read(&path).unwrap();
                let (english_head, chinese_head) = (head(&text, Language::English), head(&text, Language::Chinese));
                let (heading, title) = (format!("# {english} {id}: "), title(&english_head));
                assert!(english_head.starts_with(&heading), "{}: {english_head}", path.display());
                assert!(chinese_head.starts_with(&format!("# {chinese} {id}：")), "{}: {chinese_head}", path.display());
                assert!(!title.starts_with(char::is_lowercase), "{}: {title}", path.display());
                assert!(!english_head.contains('。') && !chinese_head.contains("Check"), "{}", path.display());
            }
        }
    }
}
