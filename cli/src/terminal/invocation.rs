//! How this program was started, for hints.

use std::env;
use std::ffi::OsStr;
use std::fmt::Display;
use std::path::Path;

/// The devices that can be compiled in; see Cargo.toml.
const FEATURES: [(&str, bool); 5] = [
    ("ndarray", cfg!(feature = "ndarray")),
    ("wgpu", cfg!(feature = "wgpu")),
    ("vulkan", cfg!(feature = "vulkan")),
    ("metal", cfg!(feature = "metal")),
    ("cuda", cfg!(feature = "cuda")),
];

/// The command line that runs `llm` with these arguments, in the form in which this program was started: through `cargo run`,
/// with or without `--release`, or directly.
pub fn command(arguments: impl Display) -> String {
    let program = env::args_os().next().unwrap_or_else(|| "llm".into());
    // Cargo describes the package to the program that it runs.
    let by_cargo = env::var_os("CARGO_PKG_NAME").is_some_and(|name| name == env!("CARGO_PKG_NAME"));
    format!("{} {arguments}", prefix(&program, by_cargo))
}

/// What stands before the arguments.
fn prefix(program: &OsStr, by_cargo: bool) -> String {
    if !by_cargo {
        let program = program.to_string_lossy();
        return if program.contains([' ', '\'', '"']) { format!("{program:?}") } else { program.into_owned() };
    }
    // Cargo builds into `target/PROFILE`.
    let profile = Path::new(program).parent().and_then(Path::file_name).and_then(OsStr::to_str);
    let mut words = vec!["cargo run".to_string()];
    match profile {
        Some("debug") | None => {}
        Some("release") => words.push("--release".to_string()),
        Some(other) => words.push(format!("--profile {other}")),
    }
    let features: Vec<&str> = FEATURES.iter().filter(|(_, is_on)| *is_on).map(|(name, _)| *name).collect();
    if !features.is_empty() {
        words.push(format!("--features {}", features.join(",")));
    }
    words.push("--".to_string());
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_has_the_form_of_the_call() {
        let prefix = |program: &str, by_cargo| prefix(OsStr::new(program), by_cargo).replace(" --features wgpu", "");
        assert_eq!(prefix("target/debug/llm", true), "cargo run --");
        assert_eq!(prefix("/elsewhere/release/llm", true), "cargo run --release --");
        assert_eq!(prefix("target/quick/llm", true), "cargo run --profile quick --");
        assert_eq!(prefix("llm", false), "llm");
        assert_eq!(prefix("target/release/llm", false), "target/release/llm");
        assert_eq!(prefix("my programs/llm", false), "\"my programs/llm\"");
    }
}
