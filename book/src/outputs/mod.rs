//! Runs the examples, and the program, whose outputs are recorded, compares, and records anew.

mod align;
mod run;

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, bail};

use self::align::{differences, renewed};
use self::run::{Programs, build, run_calls, run_example};
use crate::examples::Examples;
use crate::notebook::is_notebook;
use crate::problem::Problems;
use crate::program;
use crate::project::{Project, names, read};
use crate::recorded::{Entry, Recorded};

/// A recorded output and what is printed now.
struct Output {
    name: String,
    /// Its file, from the top folder.
    file: String,
    recorded: Recorded,
    /// For each run of the recorded output.
    printed: Vec<String>,
}

/// What was done.
#[derive(Debug, Default)]
pub struct Ran {
    /// How many outputs were compared.
    pub compared: usize,
    /// Files that were recorded anew.
    pub changed: Vec<String>,
    /// Outputs that were left out, because they need data that are not there.
    pub skipped: Vec<String>,
    /// Outputs that were left out, because they take minutes and were not named.
    pub slow: Vec<String>,
    /// What other processors than the one of a recording print, and how it differs.
    pub elsewhere: Vec<String>,
}

/// With this variable, every difference is an error on every processor.
const EXACT: &str = "EXACT_OUTPUTS";

/// Whether sums are added in the order of a recording; most were made with AVX-512. With narrower vectors last digits differ, and
/// so can what a trained model writes; the tests of the crates know how much is allowed.
fn adds_as_recorded(recorded: &Recorded) -> bool {
    #[cfg(target_arch = "x86_64")]
    let has_avx512 = std::arch::is_x86_feature_detected!("avx512f");
    #[cfg(not(target_arch = "x86_64"))]
    let has_avx512 = false;
    has_avx512 && !recorded.avx2 || std::env::var_os(EXACT).is_some()
}

impl Output {
    /// How what is printed now differs from what is recorded, if it does.
    fn differences(&self) -> Option<String> {
        if is_notebook(&self.name) {
            return differences(&self.recorded.with_marks_as_lines(), &self.printed.concat());
        }
        let runs = self.recorded.runs();
        let found = runs.iter().zip(&self.printed).filter_map(|((call, recorded), printed)| {
            let diff = differences(recorded, printed)?;
            Some(call.map_or_else(String::new, |call| call.command() + "\n") + &diff)
        });
        let found: Vec<String> = found.collect();
        (!found.is_empty()).then(|| found.join("\n"))
    }

    /// What is printed now, with its parts where they were.
    fn renewed(&self) -> Result<Recorded> {
        if is_notebook(&self.name) {
            // The example prints the marks of its parts, the cells.
            let now = Recorded::parse(&self.name, &self.printed.concat())?;
            return Ok(Recorded { lines: now.lines, ..self.recorded.clone() });
        }
        let mut lines = Vec::new();
        for ((call, recorded), printed) in self.recorded.runs().into_iter().zip(&self.printed) {
            lines.extend(call.map(|call| Entry::Call(call.clone())));
            lines.extend(renewed(recorded, printed)?);
        }
        Ok(Recorded { lines, ..self.recorded.clone() })
    }
}

/// Compares recorded outputs, all if none is named, with what is printed now.
///
/// # Errors
/// If the programs cannot be built or files cannot be read.
pub fn check(project: &Project, examples: &Examples, only: &[String], problems: &Problems) -> Result<Ran> {
    let (outputs, mut ran) = collect(project, examples, only, problems)?;
    for output in &outputs {
        if let Some(diff) = output.differences() {
            if !adds_as_recorded(&output.recorded) {
                ran.elsewhere.push(format!("{}\n{diff}", output.file));
                continue;
            }
            let name = &output.name;
            let what = if program::is_recording(name) { "the program" } else { "the example" };
            let what = format!("{what} prints something else now: `cargo book outputs {name}` records it\n{diff}");
            problems.add(&output.file, 0, what);
        }
    }
    Ok(ran)
}

/// Records outputs anew, all if none is named, with their parts where they were.
///
/// # Errors
/// If the programs cannot be built or files cannot be written.
pub fn record(project: &Project, examples: &Examples, only: &[String], problems: &Problems) -> Result<Ran> {
    let (outputs, mut ran) = collect(project, examples, only, problems)?;
    for output in outputs {
        if output.differences().is_none() {
            continue;
        }
        let (renewed, file) = (output.renewed(), output.file);
        match renewed {
            Ok(new) => {
                fs::write(project.root().join(&file), new.to_text()).with_context(|| format!("cannot write {file}"))?;
                ran.changed.push(file);
            }
            Err(error) => problems.add(file, 0, format!("{error:#}")),
        }
    }
    Ok(ran)
}

/// Runs what belongs to all recorded outputs, or to some.
fn collect(project: &Project, examples: &Examples, only: &[String], problems: &Problems) -> Result<(Vec<Output>, Ran)> {
    let has_data = std::env::var_os("LLM_DATA_DIR").is_some();
    let all = names_of_all(project, examples)?;
    if let Some(unknown) = only.iter().find(|name| !all.contains(*name)) {
        bail!("no output book/outputs/{unknown}.txt: record it once by hand, then insert the marks `%% part`");
    }
    let (mut wanted, mut ran) = (Vec::new(), Ran::default());
    let (mut programs, mut needs_program) = (Vec::new(), false);
    for name in &all {
        if !only.is_empty() && !only.contains(name) {
            continue;
        }
        let file = format!("book/outputs/{name}.txt");
        // What a new notebook prints is recorded without preparation.
        let text =
            if project.root().join(&file).is_file() { read(&project.root().join(&file))? } else { String::new() };
        let is_of_program = program::is_recording(name);
        let example = if is_of_program { Ok(None) } else { examples.get(name).map(Some) };
        match (example, Recorded::parse(name, &text)) {
            (Ok(_), Ok(recorded)) if recorded.needs_data && !has_data => ran.skipped.push(name.to_string()),
            (Ok(_), Ok(recorded)) if recorded.slow && only.is_empty() => ran.slow.push(name.to_string()),
            (Ok(example), Ok(recorded)) => {
                programs.extend(example.map(|example| (name.to_string(), example.package.clone())));
                needs_program |= is_of_program;
                wanted.push((name.to_string(), file, recorded));
            }
            (Err(error), _) | (_, Err(error)) => problems.add(file, 0, format!("{error:#}")),
        }
    }
    let built = build(project, &programs, needs_program)?;
    let mut outputs = Vec::new();
    for (name, file, recorded) in wanted {
        match printed(project, &built, &name, &recorded) {
            Ok(printed) => outputs.push(Output { name, file, recorded, printed }),
            Err(error) => problems.add(file, 0, format!("{error:#}")),
        }
    }
    ran.compared = outputs.len();
    Ok((outputs, ran))
}

/// The names of all recorded outputs, and those of the notebooks, which need not be recorded yet.
fn names_of_all(project: &Project, examples: &Examples) -> Result<BTreeSet<String>> {
    let recorded = names(&project.outputs())?;
    let recorded = recorded.iter().filter_map(|name| name.strip_suffix(".txt")).map(String::from);
    Ok(recorded.chain(examples.names().filter(|name| is_notebook(name)).map(String::from)).collect())
}

/// What is printed now, for each run of a recorded output.
fn printed(project: &Project, built: &Programs, name: &str, recorded: &Recorded) -> Result<Vec<String>> {
    let is_of_program = program::is_recording(name);
    let program = if is_of_program { built.llm.as_deref() } else { built.examples.get(name).map(AsRef::as_ref) };
    let program = program.context("cargo has not built it")?;
    if is_of_program { run_calls(program, recorded) } else { Ok(vec![run_example(project, program, &recorded.args)?]) }
}
