//! Words of a long job.
//!
//! When nobody reads any more (`llm pretrain | head -1`; Ctrl-C ends the `tee` of `llm pretrain 2>&1 | tee log` as well),
//! the job goes on without words: its results are in files. `println!` and `eprintln!` would end it. Where the output
//! itself is the result, `writeln!` with `?` ends the program instead.

use std::fmt::Display;
use std::io::{Write, stderr, stdout};

/// Writes a line to standard output, if anybody reads it.
pub fn say(line: impl Display) {
    let _ = writeln!(stdout(), "{line}");
}

/// Writes a line to standard error, if anybody reads it.
pub fn warn(line: impl Display) {
    let _ = writeln!(stderr(), "{line}");
}
