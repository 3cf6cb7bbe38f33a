//! Words of a long job on standard output.

use std::fmt::Display;
use std::io::{Write, stdout};

/// Writes a line. When nobody reads any more (`llm pretrain | head -1`), the job goes on without words: its results are
/// in files. Where the output itself is the result, `writeln!` with `?` ends the program instead.
pub fn say(line: impl Display) {
    let _ = writeln!(stdout(), "{line}");
}
