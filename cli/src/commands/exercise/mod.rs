//! `llm exercise`: the reader's files in `*/exercises/`, the reference solutions in `*/solutions/`, and the tests that
//! check either.

mod check;
mod diff;
mod files;

use std::io::{Write, stdout};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Subcommand;

use self::check::check;
use self::diff::side_by_side;
use self::files::{Exercise, find_all, read, task, workspace_root};

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
