//! `llm exercise`: the reader's files in `*/exercises/`, the reference solutions in `*/solutions/`, and the tests that
//! check either.

use std::fs;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use clap::Subcommand;
use similar::{ChangeTag, TextDiff};

use crate::say::warn;

#[derive(Subcommand)]
pub enum Command {
    /// All exercises, with their titles
    List,
    /// The task of an exercise
    Show {
        /// Number of the exercise, for example 2.1
        id: String,
    },
    /// Test your file and say what is missing
    Check {
        /// Number of the exercise, for example 2.1
        id: String,
    },
    /// Your file beside the reference solution
    Diff {
        /// Number of the exercise, for example 2.1
        id: String,
    },
}

/// One exercise of the workspace.
struct Exercise {
    id: String,
    /// Folder and package of the chapter.
    package: String,
    /// `ex2_1`, the stem of its files and the prefix of its tests.
    stem: String,
    title: String,
    /// The reader's file.
    file: PathBuf,
    solution: PathBuf,
}

pub fn run(command: Command) -> Result<ExitCode> {
    let root = workspace_root()?;
    let exercises = find_all(&root)?;
    let pick = |id: &str| {
        exercises.iter().find(|exercise| exercise.id == id).with_context(|| {
            let known: Vec<&str> = exercises.iter().map(|exercise| exercise.id.as_str()).collect();
            format!("there is no exercise {id}; the exercises are {}", known.join(", "))
        })
    };
    let mut out = stdout().lock();
    match command {
        Command::List => {
            for Exercise { id, title, file, .. } in &exercises {
                let file = file.strip_prefix(&root).unwrap_or(file);
                writeln!(out, "{id:<5} {title}  ({})", file.display())?;
            }
        }
        Command::Show { id } => {
            let exercise = pick(&id)?;
            writeln!(out, "{}\nYour file: {}", task(&read(&exercise.file)?), exercise.file.display())?;
        }
        Command::Diff { id } => {
            let exercise = pick(&id)?;
            let width = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok()).unwrap_or(160);
            let (mine, reference) = (read(&exercise.file)?, read(&exercise.solution)?);
            out.write_all(side_by_side(&mine, &reference, width).as_bytes())?;
        }
        Command::Check { id } => return check(pick(&id)?, &root),
    }
    Ok(ExitCode::SUCCESS)
}

/// The checkout around the current folder.
fn workspace_root() -> Result<PathBuf> {
    let here = std::env::current_dir().context("the current folder cannot be found")?;
    let root = here.ancestors().find(|folder| folder.join("ch02-text/exercises").is_dir());
    root.map(Path::to_path_buf).context("exercises are files of the project: run this inside its checkout")
}

fn find_all(root: &Path) -> Result<Vec<Exercise>> {
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

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The comment at the head of an exercise's file.
fn task(text: &str) -> String {
    let head = text.lines().map_while(|line| line.strip_prefix("//!"));
    head.map(|line| line.strip_prefix(' ').unwrap_or(line).to_string() + "\n").collect()
}

/// Runs the tests of an exercise on the reader's file.
fn check(exercise: &Exercise, root: &Path) -> Result<ExitCode> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let prefix = format!("{}_", exercise.stem);
    let output = std::process::Command::new(cargo)
        .current_dir(root)
        .env("RUST_BACKTRACE", "0")
        .args(["test", "--quiet", "-p", &exercise.package, "--features", "my-solutions", "--test", "exercises"])
        .args(["--", &prefix, "--format", "pretty", "--color", "never", "--test-threads", "1"])
        .output()
        .context("cannot run cargo, which compiles and tests your file")?;
    let report = String::from_utf8_lossy(&output.stdout);
    let results = parse_results(&report, &prefix);
    if results.is_empty() {
        warn(String::from_utf8_lossy(&output.stderr).trim_end());
        bail!("the exercises of {} do not compile; see above", exercise.package);
    }

    let mut out = stdout().lock();
    writeln!(out, "Exercise {}: {}", exercise.id, exercise.title)?;
    for TestResult { what, failure } in &results {
        match failure {
            None => writeln!(out, "  ok       {what}")?,
            Some(message) if message.contains("not yet implemented") => writeln!(out, "  to do    {what}")?,
            Some(message) => {
                writeln!(out, "  missing  {what}")?;
                message.lines().try_for_each(|line| writeln!(out, "             {line}"))?;
            }
        }
    }
    let missing = results.iter().filter(|result| result.failure.is_some()).count();
    if missing == 0 {
        ensure!(output.status.success(), "cargo failed although every test passed");
        writeln!(out, "Done. Compare: llm exercise diff {}", exercise.id)?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "{missing} of {} checks are missing. Your file: {}", results.len(), exercise.file.display())?;
    Ok(ExitCode::FAILURE)
}

/// The outcome of one test.
#[derive(Debug, PartialEq)]
struct TestResult {
    /// Its name as words, without the prefix.
    what: String,
    /// What it complained about.
    failure: Option<String>,
}

/// Reads the report of Rust's test runner.
fn parse_results(report: &str, prefix: &str) -> Vec<TestResult> {
    let complaint = |name: &str| {
        let start = report.find(&format!("---- {name} stdout ----"))?;
        let lines = report[start..].lines().skip(1).take_while(|line| !line.starts_with("---- "));
        let told: Vec<&str> = lines
            .take_while(|line| *line != "failures:")
            .filter(|line| !line.trim().is_empty() && !line.starts_with("note: ") && !line.starts_with("thread '"))
            .collect();
        Some(told.join("\n"))
    };
    report
        .lines()
        .filter_map(|line| line.strip_prefix("test ")?.split_once(" ... "))
        .filter(|(name, _)| name.starts_with(prefix))
        .map(|(name, outcome)| TestResult {
            what: name.trim_start_matches(prefix).replace('_', " "),
            failure: (outcome.trim() != "ok").then(|| complaint(name).unwrap_or_default()),
        })
        .collect()
}

/// Two texts in two columns, changed lines marked with `|`.
fn side_by_side(left: &str, right: &str, width: usize) -> String {
    let column = width.saturating_sub(3) / 2;
    let row = |left: &str, mark: char, right: &str| {
        let cut = |text: &str| text.trim_end().chars().take(column).collect::<String>();
        format!("{:<column$} {mark} {}\n", cut(left), cut(right)).replace(" \n", "\n")
    };
    let mut out = row("your file", ' ', "reference solution");
    let diff = TextDiff::from_lines(left, right);
    for op in diff.ops() {
        let (mut mine, mut theirs) = (Vec::new(), Vec::new());
        for change in diff.iter_changes(op) {
            match change.tag() {
                ChangeTag::Equal => out += &row(change.value(), ' ', change.value()),
                ChangeTag::Delete => mine.push(change.value()),
                ChangeTag::Insert => theirs.push(change.value()),
            }
        }
        for i in 0..mine.len().max(theirs.len()) {
            out += &row(mine.get(i).unwrap_or(&""), '|', theirs.get(i).unwrap_or(&""));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_becomes_results() {
        let report = "\nrunning 2 tests\ntest ex2_1_ids_match ... ok\ntest ex2_1_text_comes_back ... FAILED\n\n\
                      failures:\n\n---- ex2_1_text_comes_back stdout ----\n\nthread 'x' panicked at a.rs:1:1:\n\
                      the text is 'a'\nnote: run with `RUST_BACKTRACE=1`\n\n\nfailures:\n    ex2_1_text_comes_back\n";
        let expected = [
            TestResult { what: "ids match".into(), failure: None },
            TestResult { what: "text comes back".into(), failure: Some("the text is 'a'".into()) },
        ];
        assert_eq!(parse_results(report, "ex2_1_"), expected);
    }

    #[test]
    fn exercises_are_ordered_by_number() {
        let mut ids = ["A.1", "2.10", "2.2", "10.1"];
        ids.sort_by_key(|id| sort_key(id));
        assert_eq!(ids, ["2.2", "2.10", "10.1", "A.1"]);
    }

    #[test]
    fn the_columns_show_equal_and_changed_lines() {
        let text = side_by_side("a\nb\n", "a\nc\nd\n", 23);
        assert_eq!(text, "your file    reference\na            a\nb          | c\n           | d\n");
    }
}
