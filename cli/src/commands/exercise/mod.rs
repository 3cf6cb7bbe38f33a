//! `llm exercise`: the reader's files in `*/exercises/`, the reference solutions in `*/solutions/`, and the tests that
//! check either.

mod build;
mod check;
mod compile;
mod diff;
mod files;
mod memory;
mod report;

use std::io::{Write, stdout};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Subcommand;

use self::check::check;
use self::diff::compare;
use self::files::{Exercise, code, find_all, head, read};
use self::memory::Memory;
use crate::terminal::{columns, command, language, padded, tr};

pub use self::files::workspace_root;

#[derive(Subcommand)]
pub enum Command {
    /// List all exercises: to do, changed since the last check, or done
    List,
    /// Show the task of an exercise
    Show {
        /// Number of the exercise, for example 2.1 or A.1
        id: String,
    },
    /// Compile and test your file, and say which checks fail
    Check {
        /// Number of the exercise, for example 2.1 or A.1
        id: String,
    },
    /// Compare your code with the reference solution, and show its explanation
    Diff {
        /// Number of the exercise, for example 2.1 or A.1
        id: String,
    },
}

pub fn run(command: Command) -> Result<ExitCode> {
    let root = workspace_root()?;
    let exercises = find_all(&root)?;
    let pick = |id: &str| {
        exercises.iter().find(|exercise| exercise.id.eq_ignore_ascii_case(id)).with_context(|| {
            let known: Vec<&str> = exercises.iter().map(|exercise| exercise.id.as_str()).collect();
            let known = known.join(", ");
            tr!("there is no exercise {id}; the exercises are {known}", "没有练习 {id}；现有的练习是 {known}")
        })
    };
    match command {
        Command::List => list(&exercises, &root)?,
        Command::Show { id } => show(pick(&id)?)?,
        Command::Diff { id } => diff(pick(&id)?)?,
        Command::Check { id } => return check(pick(&id)?, &root),
    }
    Ok(ExitCode::SUCCESS)
}

/// One line for each exercise, which begins with its number.
fn list(exercises: &[Exercise], root: &Path) -> Result<()> {
    let memory = Memory::load(root);
    let mut out = stdout().lock();
    for exercise in exercises {
        let state = padded(&memory.state(exercise)?.describe(), 9);
        let Exercise { id, title, file, .. } = exercise;
        let file = file.strip_prefix(root).unwrap_or(file).display();
        writeln!(out, "{id:<5} {state} {title}  ({file})")?;
    }
    Ok(())
}

fn show(exercise: &Exercise) -> Result<()> {
    let Exercise { id, file, .. } = exercise;
    let (task, check) = (head(&read(file)?, language()), command(format_args!("exercise check {id}")));
    let file = file.display();
    let mut out = stdout().lock();
    writeln!(out, "{task}\n\n{}", tr!("Your file: {file}\nCheck it:  {check}", "你的文件：{file}\n检查它：  {check}"))?;
    Ok(())
}

fn diff(exercise: &Exercise) -> Result<()> {
    let (mine, reference) = (read(&exercise.file)?, read(&exercise.solution)?);
    let compared = compare(code(&mine), code(&reference), columns());
    writeln!(stdout().lock(), "{compared}\n{}", head(&reference, language()))?;
    Ok(())
}
