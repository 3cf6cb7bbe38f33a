//! Runs the examples whose outputs are recorded, compares, and records anew.

mod align;
mod run;

use std::fs;

use anyhow::{Context, Result, bail};

use self::align::{differences, renewed};
use self::run::{build, run};
use crate::examples::Examples;
use crate::problem::Problems;
use crate::project::{Project, names, read};
use crate::recorded::Recorded;

/// A recorded output and what its example prints now.
struct Output {
    /// Its file, from the top folder.
    file: String,
    recorded: Recorded,
    printed: String,
}

/// What was done.
#[derive(Debug, Default)]
pub struct Ran {
    /// How many outputs were compared.
    pub compared: usize,
    /// Files that were recorded anew.
    pub changed: Vec<String>,
    /// Examples that were not run, because they need data that is not there.
    pub skipped: Vec<String>,
}

/// Compares recorded outputs, all if none is named, with what their examples print.
///
/// # Errors
/// If the examples cannot be built or files cannot be read.
pub fn check(project: &Project, examples: &Examples, only: &[String], problems: &Problems) -> Result<Ran> {
    let (outputs, skipped) = collect(project, examples, only, problems)?;
    for Output { file, recorded, printed } in &outputs {
        if let Some(diff) = differences(recorded, printed) {
            problems.add(
                file,
                0,
                format!("the example prints something else now: `cargo book outputs` records it\n{diff}"),
            );
        }
    }
    Ok(Ran { compared: outputs.len(), skipped, ..Ran::default() })
}

/// Records outputs anew, all if none is named, with their parts where they were.
///
/// # Errors
/// If the examples cannot be built or files cannot be written.
pub fn record(project: &Project, examples: &Examples, only: &[String], problems: &Problems) -> Result<Ran> {
    let (outputs, skipped) = collect(project, examples, only, problems)?;
    let mut ran = Ran { compared: outputs.len(), skipped, ..Ran::default() };
    for Output { file, recorded, printed } in outputs {
        if differences(&recorded, &printed).is_none() {
            continue;
        }
        match renewed(&recorded, &printed) {
            Ok(new) => {
                fs::write(project.root().join(&file), new.to_text()).with_context(|| format!("cannot write {file}"))?;
                ran.changed.push(file);
            }
            Err(error) => problems.add(&file, 0, format!("{error:#}")),
        }
    }
    Ok(ran)
}

/// Runs the examples of all recorded outputs, or of some.
fn collect(
    project: &Project,
    examples: &Examples,
    only: &[String],
    problems: &Problems,
) -> Result<(Vec<Output>, Vec<String>)> {
    let has_data = std::env::var_os("LLM_DATA_DIR").is_some();
    if let Some(unknown) = only.iter().find(|name| !project.outputs().join(format!("{name}.txt")).is_file()) {
        bail!("no output book/outputs/{unknown}.txt: record it once by hand, then insert the marks `%% part`");
    }
    let (mut wanted, mut skipped) = (Vec::new(), Vec::new());
    for name in names(&project.outputs())? {
        let Some(name) = name.strip_suffix(".txt") else { continue };
        if !only.is_empty() && !only.iter().any(|wanted| wanted == name) {
            continue;
        }
        let file = format!("book/outputs/{name}.txt");
        match (examples.get(name), Recorded::parse(&read(&project.root().join(&file))?)) {
            (Ok(_), Ok(recorded)) if recorded.needs_data && !has_data => skipped.push(name.to_string()),
            (Ok(example), Ok(recorded)) => wanted.push((name.to_string(), example, file, recorded)),
            (Err(error), _) | (_, Err(error)) => problems.add(file, 0, format!("{error:#}")),
        }
    }
    let built = build(project, wanted.iter().map(|(name, example, ..)| (name.as_str(), example.package.as_str())))?;
    let mut outputs = Vec::new();
    for (name, _, file, recorded) in wanted {
        match built
            .get(&name)
            .context("cargo has not built it")
            .and_then(|program| run(project, program, &recorded.args))
        {
            Ok(printed) => outputs.push(Output { file, recorded, printed }),
            Err(error) => problems.add(file, 0, format!("{error:#}")),
        }
    }
    Ok((outputs, skipped))
}
