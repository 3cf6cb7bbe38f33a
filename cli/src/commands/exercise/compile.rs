//! Compiles the checks of an exercise around the reader's file.

use std::env;
use std::io::{IsTerminal, stderr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::build::own_build;
use super::files::Exercise;
use crate::terminal::{tr, warn};

/// The program with the checks of the exercise, compiled if something has changed. What the compiler says goes to standard
/// error.
pub fn compile(exercise: &Exercise, root: &Path) -> Result<PathBuf> {
    // On a terminal cargo shows its progress itself.
    let shows_progress = stderr().is_terminal();
    if !shows_progress {
        let file = exercise.file.strip_prefix(root).unwrap_or(&exercise.file).display();
        warn(tr!("compiling {file}", "正在编译 {file}"));
    }
    let output = cargo_rustc(exercise, root, shows_progress).output().with_context(|| {
        tr!("cannot run cargo, which compiles and tests your file", "无法运行 cargo，而编译和测试你的文件需要它")
    })?;
    let program = program_of(&output.stdout, &exercise.stem);
    match program {
        Some(program) if output.status.success() => Ok(program),
        _ => bail!(tr!("exercise {} does not compile; see above", "练习 {} 编译失败，见上面的信息", exercise.id)),
    }
}

/// Compiles the test target of this exercise and no other, so that a mistake in another exercise does no harm.
///
/// The feature that makes a test look at `exercises/` is given to this target alone: given to cargo, it would be one of the
/// package, and the whole chapter would be compiled once more, with all that depends on it.
fn cargo_rustc(exercise: &Exercise, root: &Path, shows_progress: bool) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).stderr(Stdio::inherit());
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_set_by_cargo)) {
        cargo.env_remove(name);
    }
    cargo.args(["rustc", "-p", &exercise.package, "--test", &exercise.stem]);
    cargo.args(["--message-format", "json-render-diagnostics"]);
    if !shows_progress {
        cargo.arg("--quiet");
    }
    if let Some(build) = own_build() {
        cargo.args(["--profile", &build.profile]).env("CARGO_TARGET_DIR", build.folder);
    }
    cargo.args(["--", "--cfg", "feature=\"my-solutions\""]);
    cargo
}

/// Whether `cargo run` sets this variable for the program that it runs. Another cargo must not see it: the build scripts
/// that watch it would run again, and with them half of the dependencies would be compiled again, at every check.
fn is_set_by_cargo(name: &str) -> bool {
    let families = ["CARGO_BIN_", "CARGO_CFG_", "CARGO_CRATE_", "CARGO_FEATURE_", "CARGO_MANIFEST_", "CARGO_PKG_"];
    let single = ["CARGO_PRIMARY_PACKAGE", "CARGO_RUSTC_CURRENT_DIR", "CARGO_TARGET_TMPDIR", "OUT_DIR"];
    families.iter().any(|family| name.starts_with(family)) || single.contains(&name)
}

/// One line of what cargo prints.
#[derive(Deserialize)]
struct CargoMessage {
    target: Option<Target>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

/// The program that cargo has made of a target.
fn program_of(messages: &[u8], target: &str) -> Option<PathBuf> {
    messages
        .split(|&byte| byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<CargoMessage>(line).ok())
        .filter(|message| message.target.as_ref().is_some_and(|found| found.name == target))
        .find_map(|message| message.executable)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    fn exercise() -> Exercise {
        Exercise {
            id: "5.1".into(),
            package: "ch05-pretrain".into(),
            stem: "ex5_1".into(),
            title: "How often".into(),
            file: "ch05-pretrain/exercises/ex5_1.rs".into(),
            solution: "ch05-pretrain/solutions/ex5_1.rs".into(),
            checks: "ch05-pretrain/tests/ex5_1.rs".into(),
        }
    }

    /// So a mistake in another exercise's file is not compiled, and neither is the chapter.
    #[test]
    fn cargo_compiles_one_exercise_only() {
        let command = cargo_rustc(&exercise(), Path::new("/"), false);
        let args: Vec<&OsStr> = command.get_args().collect();
        let targets: Vec<_> = args.windows(2).filter(|pair| pair[0] == "--test").map(|pair| pair[1]).collect();
        assert_eq!(targets, ["ex5_1"]);
        let others = ["--tests", "--all-targets", "--workspace", "--examples", "--benches", "--features"];
        assert!(!args.iter().any(|arg| others.iter().any(|other| arg == other)), "{args:?}");
    }

    /// Cargo runs this test, so its variables are set.
    #[test]
    fn the_inner_cargo_does_not_see_the_variables_of_the_outer_one() {
        let command = cargo_rustc(&exercise(), Path::new("/"), false);
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

    #[test]
    fn the_program_is_found_in_what_cargo_prints() {
        let messages =
            br#"{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"ch05_pretrain"},"executable":null}
{"reason":"compiler-artifact","target":{"kind":["bin"],"name":"worker"},"executable":"/t/debug/worker"}
{"reason":"compiler-artifact","target":{"kind":["test"],"name":"ex5_1"},"executable":"/t/debug/deps/ex5_1-0a"}
{"reason":"build-finished","success":true}
"#;
        assert_eq!(program_of(messages, "ex5_1"), Some("/t/debug/deps/ex5_1-0a".into()));
        assert_eq!(program_of(messages, "ex5_2"), None);
    }
}
