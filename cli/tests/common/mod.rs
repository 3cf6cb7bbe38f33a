//! Runs the real program, in a folder of the test's own, in English and without the user's data sets.

#![allow(dead_code, reason = "every test file takes what it needs")]

pub mod browser;
pub mod inputs;
pub mod llama;
pub mod server;

use std::path::Path;
use std::process::{Command, Output};

/// The program as its hints name it.
pub const LLM: &str = env!("CARGO_BIN_EXE_llm");

/// Variables that change what the program does or shows. Cargo sets the last two for whatever it runs, tests too.
const REMOVED: [&str; 5] = ["LLM_DATA_DIR", "LLM_API_KEY", "COLUMNS", "CARGO_PKG_NAME", "CARGO_MANIFEST_DIR"];

/// The program with arguments, ready to run in `folder`. A test in another language sets `LC_ALL` again.
pub fn llm(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(LLM);
    command.current_dir(folder).args(args).env("LC_ALL", "C").env("XDG_DATA_HOME", folder.join("no-data"));
    for variable in REMOVED {
        command.env_remove(variable);
    }
    command
}

/// Runs the program to its end.
pub fn run(folder: &Path, args: &[&str]) -> Output {
    llm(folder, args).output().unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The program must fail with `code` and exactly one line on standard error that contains all of `parts`.
pub fn assert_one_line_error(output: &Output, code: i32, parts: &[&str]) {
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert_eq!(stderr.trim_end().lines().count(), 1, "more than one line: {stderr}");
    for part in parts {
        assert!(stderr.contains(part), "'{part}' is missing in: {stderr}");
    }
}
