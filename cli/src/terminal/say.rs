//! The messages of a long job.

use std::fmt::Display;
use std::io::{Write, stdout};

use super::visible;

pub use workshop::progress::warn;

/// Writes a line to standard output. When nobody reads it any more (`llm pretrain | head -1`), the job goes on silently: its
/// results are in files. Where the output itself is the result, `writeln!` with `?` ends the program instead.
pub fn say(line: impl Display) {
    let _ = writeln!(stdout(), "{}", visible(&line.to_string()));
}
