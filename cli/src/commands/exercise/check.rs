//! Runs the checks of an exercise and says what is missing.

use std::env;
use std::io::{Write, stdout};
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};

use super::files::Exercise;
use crate::terminal::warn;

/// Runs the checks of an exercise on the reader's file.
pub fn check(exercise: &Exercise, root: &Path) -> Result<ExitCode> {
    let output = cargo_test(exercise, root).output().context("cannot run cargo, which compiles and tests your file")?;
    let results = parse_results(&String::from_utf8_lossy(&output.stdout), &checks_of(exercise));
    if results.is_empty() {
        warn(String::from_utf8_lossy(&output.stderr).trim_end());
        bail!("exercise {} does not compile; see above", exercise.id);
    }

    let mut out = stdout().lock();
    writeln!(out, "Exercise {}: {}", exercise.id, exercise.title)?;
    for TestResult { what, failure } in &results {
        match failure {
            None => writeln!(out, "  ok       {what}")?,
            Some(message) if message.contains("not yet implemented") => writeln!(out, "  to do    {what}")?,
            Some(message) => {
                writeln!(out, "  failed   {what}")?;
                message.lines().try_for_each(|line| writeln!(out, "             {line}"))?;
            }
        }
    }
    let failed = results.iter().filter(|result| result.failure.is_some()).count();
    if failed == 0 {
        ensure!(output.status.success(), "cargo failed although every test passed");
        writeln!(out, "Done. Compare: llm exercise diff {}", exercise.id)?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "{failed} of {} checks fail. Your file: {}", results.len(), exercise.file.display())?;
    Ok(ExitCode::FAILURE)
}

/// The tests that check the exercise begin so.
fn checks_of(exercise: &Exercise) -> String {
    format!("{}_", exercise.stem)
}

/// Tests the reader's file: the test target of this exercise and no other, so that only this file is compiled.
fn cargo_test(exercise: &Exercise, root: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).env("RUST_BACKTRACE", "0");
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_set_by_cargo)) {
        cargo.env_remove(name);
    }
    cargo
        .args(["test", "--quiet", "-p", &exercise.package, "--features", "my-solutions", "--test", &exercise.stem])
        .args(["--", &checks_of(exercise), "--format", "pretty", "--color", "never", "--test-threads", "1"]);
    cargo
}

/// Whether `cargo run` sets this variable for the program that it runs. Another cargo must not see it: the build scripts
/// that watch it would run again, and with them half of the dependencies would be compiled again, at every check.
fn is_set_by_cargo(name: &str) -> bool {
    let families = ["CARGO_BIN_", "CARGO_CFG_", "CARGO_CRATE_", "CARGO_FEATURE_", "CARGO_MANIFEST_", "CARGO_PKG_"];
    let single = ["CARGO_PRIMARY_PACKAGE", "CARGO_RUSTC_CURRENT_DIR", "CARGO_TARGET_TMPDIR", "OUT_DIR"];
    families.iter().any(|family| name.starts_with(family)) || single.contains(&name)
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

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

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

    fn exercise() -> Exercise {
        Exercise {
            id: "5.1".into(),
            package: "ch05-pretrain".into(),
            stem: "ex5_1".into(),
            title: "how often".into(),
            file: "ch05-pretrain/exercises/ex5_1.rs".into(),
            solution: "ch05-pretrain/solutions/ex5_1.rs".into(),
        }
    }

    /// So a mistake in another exercise's file is not compiled.
    #[test]
    fn cargo_compiles_one_exercise_only() {
        let command = cargo_test(&exercise(), Path::new("/"));
        let args: Vec<&OsStr> = command.get_args().collect();
        let targets: Vec<_> = args.windows(2).filter(|pair| pair[0] == "--test").map(|pair| pair[1]).collect();
        assert_eq!(targets, ["ex5_1"]);
        let others = ["--tests", "--all-targets", "--workspace", "--examples", "--benches"];
        assert!(!args.iter().any(|arg| others.iter().any(|other| arg == other)), "{args:?}");
    }

    /// Cargo runs this test, so its variables are set.
    #[test]
    fn the_inner_cargo_does_not_see_the_variables_of_the_outer_one() {
        let command = cargo_test(&exercise(), Path::new("/"));
        let removed: Vec<&OsStr> =
            command.get_envs().filter(|(_, value)| value.is_none()).map(|(name, _)| name).collect();
        for name in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"] {
            assert!(removed.contains(&OsStr::new(name)), "{name} is handed on");
        }
        for name in [
            "CARGO_HOME",
            "CARGO_TARGET_DIR",
            "CARGO_TERM_COLOR",
            "CARGO_NET_OFFLINE",
            "CARGO_BUILD_JOBS",
            "RUSTUP_HOME",
        ] {
            assert!(!is_set_by_cargo(name), "{name} is the user's");
        }
    }
}
