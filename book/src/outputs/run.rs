//! Builds and runs examples.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::project::Project;

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

/// Builds examples, given with their packages, in one go. Gives the program of each.
///
/// # Errors
/// If one of them does not compile.
pub fn build<'a>(
    project: &Project,
    examples: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<BTreeMap<String, PathBuf>> {
    let (names, packages): (Vec<&str>, BTreeSet<&str>) = examples.unzip();
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(&cargo);
    command.current_dir(project.root()).args(["build", "--quiet", "--message-format=json-render-diagnostics"]);
    for package in packages {
        command.args(["--package", package]);
    }
    for name in names {
        command.args(["--example", name]);
    }
    let output = command.stderr(Stdio::inherit()).output().context("cargo cannot be run")?;
    if !output.status.success() {
        bail!("the examples do not compile");
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Message>(line).ok());
    let programs = messages.filter(|message| message.reason == "compiler-artifact").filter_map(|message| {
        let target = message.target.filter(|target| target.kind == ["example"])?;
        Some((target.name, message.executable?))
    });
    Ok(programs.collect())
}

/// What a program prints.
///
/// # Errors
/// If it fails.
pub fn run(project: &Project, program: &Path, args: &[String]) -> Result<String> {
    let output = Command::new(program).args(args).current_dir(project.root()).output();
    let output = output.with_context(|| format!("cannot run {}", program.display()))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let last: Vec<&str> = errors.trim().lines().rev().take(3).collect();
        bail!("the example fails: {}", last.into_iter().rev().collect::<Vec<_>>().join(" / "));
    }
    String::from_utf8(output.stdout).context("the example prints something that is not UTF-8")
}
