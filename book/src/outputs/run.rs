//! Builds and runs examples and the program `llm`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::language::Language;
use crate::program::{self, Call};
use crate::project::Project;
use crate::recorded::Recorded;

/// What was built.
#[derive(Debug, Default)]
pub struct Programs {
    /// Examples, by name.
    pub examples: BTreeMap<String, PathBuf>,
    /// The program.
    pub llm: Option<PathBuf>,
}

/// What cargo says about something that it has built.
#[derive(Deserialize)]
struct Message {
    reason: String,
    target: Option<Target>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

/// Builds examples, given with their packages, and the program if it is needed, in one go.
///
/// # Errors
/// If one of them does not compile.
pub fn build(project: &Project, examples: &[(String, String)], with_program: bool) -> Result<Programs> {
    let mut built = Programs::default();
    if examples.is_empty() && !with_program {
        return Ok(built);
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(&cargo);
    command.current_dir(project.root()).args(["build", "--quiet", "--message-format=json-render-diagnostics"]);
    let mut packages: BTreeSet<&str> = examples.iter().map(|(_, package)| package.as_str()).collect();
    if with_program {
        packages.insert(program::PACKAGE);
        command.args(["--bin", program::NAME]);
    }
    for package in packages {
        command.args(["--package", package]);
    }
    for (name, _) in examples {
        command.args(["--example", name]);
    }
    let output = command.stderr(Stdio::inherit()).output().context("cargo cannot be run")?;
    if !output.status.success() {
        bail!("the examples do not compile");
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    for line in messages.lines() {
        let Ok(Message { reason, target: Some(target), executable: Some(file) }) = serde_json::from_str(line) else {
            continue;
        };
        match target.kind.first().map(String::as_str) {
            Some("example") if reason == "compiler-artifact" => drop(built.examples.insert(target.name, file)),
            Some("bin") if reason == "compiler-artifact" && target.name == program::NAME => built.llm = Some(file),
            _ => {}
        }
    }
    Ok(built)
}

/// With this variable the example of a notebook marks its cells and prints pictures whole.
const RECORD_CELLS: &str = "NOTEBOOK_RECORD";

/// What an example prints.
///
/// # Errors
/// If it fails.
pub fn run_example(project: &Project, program: &Path, args: &[String]) -> Result<String> {
    let output = Command::new(program).args(args).current_dir(project.root()).env(RECORD_CELLS, "1").output();
    let output = output.with_context(|| format!("cannot run {}", program.display()))?;
    if !output.status.success() {
        bail!("the example fails: {}", last_lines(&String::from_utf8_lossy(&output.stderr)));
    }
    let text = String::from_utf8(output.stdout).context("the example prints something that is not UTF-8")?;
    Ok(without_trailing_spaces(&text))
}

/// What the program prints at each call of a recorded output, and before the first one: nothing. All calls share a folder that
/// is empty at first, so that one finds what another has written.
///
/// # Errors
/// If a call fails that should not, or the other way round.
pub fn run_calls(program: &Path, recorded: &Recorded) -> Result<Vec<String>> {
    let folder = tempfile::tempdir().context("cannot make a folder for the program")?;
    let mut printed = vec![String::new()];
    for call in recorded.runs().into_iter().filter_map(|(call, _)| call) {
        printed
            .push(run_call(program, folder.path(), call, recorded).with_context(|| format!("`{}`", call.command()))?);
    }
    Ok(printed)
}

fn run_call(program: &Path, folder: &Path, call: &Call, recorded: &Recorded) -> Result<String> {
    let (both, errors) = (tempfile::tempfile()?, folder.join(".messages"));
    let mut command = Command::new(program);
    command.args(&call.words).current_dir(folder).stdin(Stdio::piped()).stdout(both.try_clone()?);
    if call.with_stderr {
        command.stderr(both.try_clone()?);
    } else {
        command.stderr(fs::File::create(&errors)?);
    }
    let locale = recorded.language.unwrap_or(Language::English).pick("C.UTF-8", "zh_CN.UTF-8");
    // With the package's name the program believes that cargo runs it, as it does for a reader, and says `cargo run` in hints.
    command.env("LC_ALL", locale).env("CARGO_PKG_NAME", program::PACKAGE).env("NO_COLOR", "1");
    if !recorded.needs_data {
        command.env_remove("LLM_DATA_DIR");
    }
    let mut child = command.spawn().with_context(|| format!("cannot run {}", program.display()))?;
    if let Some(mut input) = child.stdin.take() {
        // A program that does not read is none the worse for it.
        let _ = input.write_all(call.input_text().as_bytes());
    }
    let status = child.wait()?;
    let text = read_from_start(both)?;
    if status.success() == call.fails {
        let messages = if call.with_stderr { text } else { fs::read_to_string(&errors).unwrap_or_default() };
        let what = if call.fails { "does not fail" } else { "fails" };
        bail!("the program {what}: {}", last_lines(&messages));
    }
    Ok(without_trailing_spaces(&text))
}

/// Text without the spaces at the ends of its lines, which nobody sees.
fn without_trailing_spaces(text: &str) -> String {
    text.lines().map(|line| line.trim_end().to_string() + "\n").collect()
}

/// The text of a file that something was written into.
fn read_from_start(mut file: fs::File) -> Result<String> {
    use std::io::{Read, Seek};

    let mut text = String::new();
    file.rewind()?;
    file.read_to_string(&mut text).context("the program prints something that is not UTF-8")?;
    Ok(text)
}

/// The last lines of messages, as one.
fn last_lines(messages: &str) -> String {
    let last: Vec<&str> = messages.trim().lines().rev().take(3).collect();
    last.into_iter().rev().collect::<Vec<_>>().join(" / ")
}
