//! `{{exercise …}}`: task, file, command, hint and solution of an exercise, from its two files.

use anyhow::{Context, Result, bail};

use crate::expand::join_lines;
use crate::html::{code_block, escape, inline_markdown, markdown};
use crate::language::Language;
use crate::listing::{command_html, page_of};
use crate::notebook::fenced;
use crate::problem::suggestion;
use crate::project::{Project, names, read};

/// An exercise in one language.
#[derive(Debug, PartialEq, Eq)]
pub struct Exercise {
    /// Its number, 3.1 or A.1.
    pub id: String,
    /// The reader's file, from the top folder.
    pub file: String,
    /// The file of the solution.
    pub solution_file: String,
    title: String,
    task: String,
    hint: Option<String>,
    starter: String,
    explanation: String,
    solution: String,
}

/// How the Chinese part at the head of a file begins: exercise, solution.
const CHINESE: [&str; 2] = ["# 练习 ", "# 解答 "];

impl Exercise {
    /// Reads an exercise.
    ///
    /// # Errors
    /// If there is none of this number, or a file lacks something.
    pub fn read(project: &Project, language: Language, id: &str) -> Result<Self> {
        let all = find_all(project)?;
        let Some((id, folder)) = all.iter().find(|(known, _)| known.eq_ignore_ascii_case(id)) else {
            let known: Vec<&String> = all.iter().map(|(id, _)| id).collect();
            bail!("no exercise {id}{}", suggestion(id, &known));
        };
        let stem = format!("ex{}.rs", id.replace('.', "_").to_lowercase());
        let (file, solution_file) = (format!("{folder}/exercises/{stem}"), format!("{folder}/solutions/{stem}"));
        let text = read(&project.root().join(&file))?;
        let solution = read(&project.root().join(&solution_file))?;
        let (title, task) = titled(&head(&text, language)).with_context(|| format!("{file} has no title"))?;
        let (_, explanation) =
            titled(&head(&solution, language)).with_context(|| format!("{solution_file} has no title"))?;
        let (task, hint) = split_hint(&task);
        let (starter, solution) = (code(&text).to_string(), code(&solution).to_string());
        Ok(Self { id: id.clone(), file, solution_file, title, task, hint, starter, explanation, solution })
    }

    /// The exercise as HTML. `to_root` leads from the page to the top of the book.
    #[must_use]
    pub fn html(&self, language: Language, to_root: &str) -> String {
        let Self { id, file, .. } = self;
        let heading = language.pick(format!("Exercise {id}: "), format!("练习 {id}："));
        let folded = |class: &str, summary: &str, content: &str| {
            format!("<details class=\"{class}\"><summary>{summary}</summary>{content}</details>")
        };
        let hint =
            self.hint.as_ref().map(|hint| folded("hint", language.pick("Hint", "提示"), &markdown(hint, language)));
        let link = format!(
            "<p class=\"exercise-file\">{} <a class=\"file\" href=\"{to_root}{}\">{}</a></p>",
            language.pick("Your file:", "你的文件："),
            page_of(file),
            escape(file)
        );
        let explained = markdown(&self.explanation, language) + &code_block(&self.solution, "rust");
        format!(
            "<section class=\"exercise\" id=\"{}\"><h4 class=\"exercise-title\">{heading}{}</h4>{}{link}{}{}{}{}</section>",
            anchor(id),
            inline_markdown(&self.title, language),
            markdown(&self.task, language),
            folded("starter", language.pick("Code to begin with", "起始代码"), &code_block(&self.starter, "rust")),
            command_html(&format!("cargo run -- exercise check {id}")),
            hint.unwrap_or_default(),
            folded("solution", language.pick("Solution", "解答"), &explained),
        )
    }

    /// The exercise as Markdown, for notebooks.
    #[must_use]
    pub fn markdown(&self, language: Language) -> String {
        let Self { id, file, title, task, .. } = self;
        let heading = language.pick(format!("**Exercise {id}: {title}**"), format!("**练习 {id}：{title}**"));
        let folded =
            |summary: &str, content: &str| format!("<details><summary>{summary}</summary>\n\n{content}\n\n</details>");
        let mut blocks = vec![
            format!("<a id=\"{}\"></a>\n{heading}", anchor(id)),
            join_lines(task),
            format!("{} [{file}](../../../{file})", language.pick("Your file:", "你的文件：")),
            folded(language.pick("Code to begin with", "起始代码"), &fenced(&self.starter, "rust")),
            format!("`cargo run -- exercise check {id}`"),
        ];
        blocks.extend(self.hint.as_ref().map(|hint| folded(language.pick("Hint", "提示"), &join_lines(hint))));
        let solution = format!("{}\n\n{}", join_lines(&self.explanation), fenced(&self.solution, "rust"));
        blocks.push(folded(language.pick("Solution", "解答"), &solution));
        blocks.join("\n\n") + "\n"
    }

    /// The text of task, hint and solution, for what looks at numbers.
    #[must_use]
    pub fn code_text(&self) -> String {
        [self.task.as_str(), self.starter.as_str(), self.explanation.as_str(), self.solution.as_str()].join("\n")
    }
}

/// The id of the element that shows an exercise.
#[must_use]
pub fn anchor(id: &str) -> String {
    format!("exercise-{}", id.replace('.', "-").to_lowercase())
}

/// Number and folder of every exercise.
fn find_all(project: &Project) -> Result<Vec<(String, String)>> {
    let mut all = Vec::new();
    for folder in project.crates()? {
        for name in names(&project.root().join(&folder).join("exercises"))? {
            if let Some(number) = name.strip_prefix("ex").and_then(|name| name.strip_suffix(".rs")) {
                all.push((number.replace('_', ".").to_uppercase(), folder.clone()));
            }
        }
    }
    Ok(all)
}

/// The comment at the head of a file, in one language: the English part comes first.
fn head(text: &str, language: Language) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .filter(|line| !line.starts_with("Check it: "))
        .collect();
    let starts = |line: &&str| CHINESE.iter().any(|start| line.starts_with(start));
    let (english, chinese) = lines.split_at(lines.iter().position(starts).unwrap_or(lines.len()));
    language.pick(english, chinese).join("\n").trim_end().to_string()
}

/// What stands below the comment at the head of a file.
fn code(text: &str) -> &str {
    let head: usize = text.split_inclusive('\n').take_while(|line| line.starts_with("//!")).map(str::len).sum();
    text[head..].trim_start_matches('\n').trim_end()
}

/// Title and text of `# Exercise 2.1: TITLE` or `# 练习 2.1：TITLE` and what follows.
fn titled(head: &str) -> Option<(String, String)> {
    let (heading, text) = head.split_once('\n').unwrap_or((head, ""));
    let (_, title) = heading.split_once(": ").or_else(|| heading.split_once('：'))?;
    Some((title.to_string(), text.trim().to_string()))
}

/// The task without its hint, the paragraph that begins with `Hint:` or `提示：`.
fn split_hint(task: &str) -> (String, Option<String>) {
    let is_hint = |paragraph: &&str| paragraph.starts_with("Hint:") || paragraph.starts_with("提示：");
    let (hints, rest): (Vec<&str>, Vec<&str>) = task.split("\n\n").partition(is_hint);
    let hint = hints.first().map(|hint| {
        let hint = hint.trim_start_matches("Hint:").trim_start_matches("提示：").trim_start();
        let mut chars = hint.chars();
        let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
        first + chars.as_str()
    });
    (rest.join("\n\n"), hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "//! # Exercise 2.1: A title: long\n//!\n//! The task.\n//!\n//! Hint: think\n//! twice.\n//!\n\
                        //! # 练习 2.1：题目\n//!\n//! 任务。\n//!\n//! 提示：想想。\n//!\n\
                        //! Check it: `cargo run -- exercise check 2.1`\n\nuse burn::Tensor;\n//! no\n";

    #[test]
    fn a_file_has_a_head_in_two_languages_and_code() {
        let (title, text) = titled(&head(FILE, Language::English)).unwrap();
        assert_eq!(title, "A title: long");
        assert_eq!(split_hint(&text), ("The task.".to_string(), Some("Think\ntwice.".to_string())));
        let (title, text) = titled(&head(FILE, Language::Chinese)).unwrap();
        assert_eq!(title, "题目");
        assert_eq!(split_hint(&text), ("任务。".to_string(), Some("想想。".to_string())));
        assert_eq!(code(FILE), "use burn::Tensor;\n//! no");
    }
}
