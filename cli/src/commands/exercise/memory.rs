//! What the last check of each exercise has found. It is kept in the build directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::Result;
use serde::{Deserialize, Serialize};
use shared::data::sha256;
use shared::files::write_whole;

use super::build::own_build;
use super::files::{Exercise, code, read};
use crate::terminal::tr;

/// Name of the file.
const FILE: &str = "exercises.json";

/// How far the reader is with an exercise.
#[derive(Debug, PartialEq, Eq)]
pub enum State {
    /// There is still a `todo!()`, and no check has passed.
    ToDo,
    /// The file is another one than at the last check.
    Changed,
    /// Some checks pass.
    Partly { passed: usize, checks: usize },
    /// All checks pass.
    Done,
}

impl State {
    pub fn describe(&self) -> String {
        match self {
            Self::ToDo => tr!("to do", "待完成"),
            Self::Changed => tr!("changed", "已修改"),
            Self::Partly { passed, checks } => tr!("{passed} of {checks}", "通过 {passed}/{checks}"),
            Self::Done => tr!("done", "已完成"),
        }
    }
}

/// The outcome of a check.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Checked {
    /// Of the reader's file and of the file with the checks.
    sha256: String,
    passed: usize,
    checks: usize,
}

/// The outcomes of the last checks.
pub struct Memory {
    path: PathBuf,
    /// By the absolute path of the reader's file: several checkouts can share a build directory.
    outcomes: BTreeMap<String, Checked>,
}

impl Memory {
    /// What is known of the exercises of the checkout `root`; nothing if there is no such file.
    pub fn load(root: &Path) -> Self {
        let named = || env::var_os("CARGO_TARGET_DIR").map(|folder| root.join(folder));
        let folder = own_build().map(|build| build.folder).or_else(named).unwrap_or_else(|| root.join("target"));
        Self::of_file(folder.join(FILE))
    }

    fn of_file(path: PathBuf) -> Self {
        let outcomes = fs::read(&path).ok().and_then(|json| serde_json::from_slice(&json).ok());
        Self { path, outcomes: outcomes.unwrap_or_default() }
    }

    /// Keeps the outcome of a check.
    pub fn keep(&mut self, exercise: &Exercise, passed: usize, checks: usize) -> Result<()> {
        let outcome = Checked { sha256: fingerprint(exercise)?, passed, checks };
        self.outcomes.insert(key(exercise), outcome);
        // Checkouts are deleted, too.
        self.outcomes.retain(|file, _| Path::new(file).is_file());
        Ok(write_whole(&self.path, &serde_json::to_vec_pretty(&self.outcomes)?)?)
    }

    pub fn state(&self, exercise: &Exercise) -> Result<State> {
        let known = self.outcomes.get(&key(exercise));
        let is_open = code(&read(&exercise.file)?).contains("todo!(");
        Ok(match known {
            Some(outcome) if outcome.sha256 == fingerprint(exercise)? => match (outcome.passed, outcome.checks) {
                (passed, checks) if passed == checks => State::Done,
                (0, _) if is_open => State::ToDo,
                (passed, checks) => State::Partly { passed, checks },
            },
            None if is_open => State::ToDo,
            _ => State::Changed,
        })
    }
}

fn key(exercise: &Exercise) -> String {
    let path = exercise.file.canonicalize().unwrap_or_else(|_| exercise.file.clone());
    path.display().to_string()
}

fn fingerprint(exercise: &Exercise) -> Result<String> {
    Ok(sha256((read(&exercise.file)? + &read(&exercise.checks)?).as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_lasts_until_the_file_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let exercise = Exercise {
            id: "2.1".into(),
            package: "ch02-text".into(),
            stem: "ex2_1".into(),
            title: "A title".into(),
            file: path("mine.rs"),
            solution: path("solution.rs"),
            checks: path("checks.rs"),
        };
        let write = |name: &str, text: &str| fs::write(path(name), text).unwrap();
        // Every call reads the file of the outcomes anew, as the program does.
        let state = || Memory::of_file(path("target/exercises.json")).state(&exercise).unwrap();
        let check = |passed| Memory::of_file(path("target/exercises.json")).keep(&exercise, passed, 2).unwrap();

        write("checks.rs", "two tests");
        write("mine.rs", "//! Replace `todo!()`.\n\nfn f() { todo!(\"exercise 2.1\") }");
        assert_eq!(state(), State::ToDo, "never checked");
        fs::create_dir(path("target")).unwrap();
        check(0);
        assert_eq!(state(), State::ToDo, "checked, but untouched");
        write("mine.rs", "//! Replace `todo!()`.\n\nfn f() { 1 }");
        assert_eq!(state(), State::Changed);
        check(1);
        assert_eq!(state(), State::Partly { passed: 1, checks: 2 });
        check(2);
        assert_eq!(state(), State::Done);
        write("checks.rs", "three tests");
        assert_eq!(state(), State::Changed, "other checks than those that passed");
        check(0);
        assert_eq!(state(), State::Partly { passed: 0, checks: 2 });
        // Whatever is in the file of the outcomes, the exercises can be listed.
        write("target/exercises.json", "not JSON");
        assert_eq!(state(), State::Changed);
    }
}
