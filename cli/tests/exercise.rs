//! `llm exercise` on the files of this project, and `check` on a copy of them.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use common::{LLM, llm, stdout};
use tempfile::TempDir;

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

fn exercise(args: &[&str], environment: &[(&str, &str)]) -> String {
    let args: Vec<&str> = [&["exercise"], args].concat();
    let output = llm(&project(), &args).envs(environment.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    stdout(&output)
}

const CHINESE: (&str, &str) = ("LC_ALL", "zh_CN.UTF-8");

#[test]
fn the_list_has_a_line_for_every_exercise_in_both_languages() {
    let [english, chinese] = [exercise(&["list"], &[]), exercise(&["list"], &[CHINESE])];
    let ids = |list: &str| -> Vec<String> {
        list.lines().map(|line| line.split_whitespace().next().unwrap_or_default().to_string()).collect()
    };
    assert_eq!(ids(&english).first().map(String::as_str), Some("2.1"));
    assert_eq!(ids(&english).last().map(String::as_str), Some("L.3"));
    assert_eq!(ids(&english), ids(&chinese));
    let line = |list: &str| list.lines().find(|line| line.starts_with("3.1 ")).unwrap_or_default().to_string();
    let file = "(ch03-attention/exercises/ex3_1.rs)";
    assert!(line(&english).ends_with(&format!(" The same numbers from bare matrices and from linear layers  {file}")));
    assert!(line(&chinese).ends_with(&format!(" 裸矩阵与线性层得到同样的数  {file}")), "{}", line(&chinese));
}

#[test]
fn a_task_is_shown_in_the_reader_s_language() {
    let english = exercise(&["show", "3.1"], &[]);
    assert!(english.starts_with("# Exercise 3.1: The same numbers"), "{english}");
    assert!(english.ends_with(&format!("ex3_1.rs\nCheck it:  {LLM} exercise check 3.1\n")), "{english}");
    let chinese = exercise(&["show", "3.1"], &[CHINESE]);
    assert!(chinese.starts_with("# 练习 3.1：裸矩阵") && !chinese.contains("Exercise"), "{chinese}");
    assert!(chinese.ends_with(&format!("{LLM} exercise check 3.1\n")), "{chinese}");
    // The table of this exercise is part of both texts.
    for text in [exercise(&["show", "4.2"], &[]), exercise(&["show", "4.2"], &[CHINESE])] {
        assert_eq!(text.matches("| `gpt2-xl` | 1600 | 48 | 25 |").count(), 1, "{text}");
    }
    // Small letters are as good as large ones.
    assert_eq!(exercise(&["show", "a.1"], &[]), exercise(&["show", "A.1"], &[]));
}

/// Whatever the width is, every line of the solution's code is shown whole, and no line is wider than the terminal where the
/// texts stand side by side.
#[test]
fn a_comparison_cuts_no_code() {
    let solution = fs::read_to_string(project().join("ch05-pretrain/solutions/ex5_5.rs")).unwrap();
    let code = solution.lines().skip_while(|line| line.starts_with("//!"));
    let code: Vec<&str> = code.map(str::trim_end).filter(|line| !line.is_empty()).collect();
    for (columns, marks_sides) in [("60", false), ("300", true)] {
        let text = exercise(&["diff", "5.5"], &[("COLUMNS", columns)]);
        assert_eq!(text.starts_with("your file  "), marks_sides, "{text}");
        assert_eq!(text.starts_with("--- your file"), !marks_sides, "{text}");
        let (compared, explanation) = text.split_once("\n# Solution 5.5: ").unwrap();
        assert!(!compared.contains("//!") && explanation.contains("3.7547"), "{text}");
        // A unified diff leaves out what is equal.
        let shown = code.iter().filter(|line| compared.contains(**line)).count();
        let changed = compared.lines().filter(|line| line.starts_with('+') && !line.starts_with("+++"));
        match marks_sides {
            true => assert_eq!(shown, code.len(), "{text}"),
            false => changed.for_each(|line| assert!(solution.contains(&line[1..]), "{line}")),
        }
    }
}

/// One test at a time compiles, because both look at the same build directory.
fn alone() -> MutexGuard<'static, ()> {
    static COMPILING: Mutex<()> = Mutex::new(());
    COMPILING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A copy of the project. The files keep their times, so cargo compiles only what differs. It is not inside cargo's folder:
/// cargo would remember the copy's files as those of the project.
fn copy_of_the_project() -> TempDir {
    let root = project();
    let copy = tempfile::tempdir().unwrap();
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let files = std::process::Command::new("git").current_dir(&root).args(list).output().unwrap();
    assert!(files.status.success(), "{}", String::from_utf8_lossy(&files.stderr));
    for file in String::from_utf8(files.stdout).unwrap().split_terminator('\0') {
        let (source, target) = (root.join(file), copy.path().join(file));
        // A file that was deleted and not committed is still listed.
        let Ok(bytes) = fs::read(&source) else { continue };
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(&target, bytes).unwrap();
        let time = fs::metadata(&source).unwrap().modified().unwrap();
        fs::File::options().write(true).open(&target).unwrap().set_modified(time).unwrap();
    }
    copy
}

/// What `llm exercise check` says: exit code, standard output and standard error. Cargo's variables are there, as when
/// `cargo run` has started the program.
fn check(project: &Path, id: &str, environment: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let cargos = [("CARGO_PKG_NAME", "cli"), ("CARGO_MANIFEST_DIR", "/elsewhere"), ("CARGO_PKG_VERSION", "9.9.9")];
    let mut command = llm(project, &["exercise", "check", id]);
    let output = command.envs(cargos).envs(environment.iter().copied()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// The files that cargo has written since then, without those of the test target.
fn compiled_since(time: SystemTime, target: &str) -> Vec<String> {
    let deps = Path::new(LLM).parent().unwrap().join("deps");
    let files = fs::read_dir(deps).unwrap().map(|file| file.unwrap());
    let new = files.filter(|file| file.metadata().unwrap().modified().unwrap() > time);
    let names = new.map(|file| file.file_name().to_string_lossy().into_owned());
    names.filter(|name| !name.starts_with(&format!("{target}-"))).collect()
}

#[test]
#[ignore = "needs git and compiles two exercises: cargo test --test exercise -- --ignored"]
fn a_broken_exercise_leaves_the_others_alone() {
    let _alone = alone();
    let copy = copy_of_the_project();
    fs::write(copy.path().join("ch05-pretrain/exercises/ex5_6.rs"), "pub fn continue_with( {").unwrap();
    let (code, _, stderr) = check(copy.path(), "5.6", &[]);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("ex5_6.rs") && stderr.contains("exercise 5.6 does not compile"), "{stderr}");

    // Whatever their files contain, both are compiled and tested.
    for (id, checks) in [("5.1", 4), ("5.2", 5)] {
        let (_, stdout, stderr) = check(copy.path(), id, &[]);
        let is_result = |line: &&str| ["  ok  ", "  to do  ", "  failed  "].iter().any(|state| line.starts_with(state));
        assert_eq!(stdout.lines().filter(is_result).count(), checks, "{id}: {stdout}{stderr}");
        assert!(!stderr.contains("does not compile"), "{stderr}");
    }
}

#[test]
#[ignore = "needs git and compiles an exercise: cargo test --test exercise -- --ignored"]
fn a_check_compiles_the_exercise_alone_and_is_remembered() {
    let _alone = alone();
    let copy = copy_of_the_project();
    let state = |state: &str| {
        let list = stdout(&llm(copy.path(), &["exercise", "list"]).output().unwrap());
        let line = list.lines().find(|line| line.starts_with("5.1 ")).unwrap();
        assert!(line.starts_with(&format!("5.1   {state:<9} ")), "{state}: {line}");
    };
    let file = copy.path().join("ch05-pretrain/exercises/ex5_1.rs");
    fs::write(&file, fs::read(copy.path().join("ch05-pretrain/solutions/ex5_1.rs")).unwrap()).unwrap();
    state("changed");
    let (code, report, stderr) = check(copy.path(), "5.1", &[]);
    assert_eq!(code, Some(0), "{report}{stderr}");
    assert!(stderr.starts_with("compiling ch05-pretrain/exercises/ex5_1.rs\n"), "{stderr}");
    state("done");

    // The same once more, in Chinese: nothing is compiled.
    let start = SystemTime::now();
    let (code, report, stderr) = check(copy.path(), "5.1", &[CHINESE]);
    assert_eq!(code, Some(0), "{report}{stderr}");
    assert!(report.starts_with("练习 5.1：") && report.contains("\n  通过     每个词都有计数\n"), "{report}");
    assert_eq!(compiled_since(start, ""), [""; 0]);

    // Another file: only the test target is compiled.
    let start = SystemTime::now();
    fs::write(&file, fs::read(project().join("ch05-pretrain/exercises/ex5_1.rs")).unwrap()).unwrap();
    state("changed");
    let (code, report, stderr) = check(copy.path(), "5.1", &[]);
    assert_eq!(code, Some(1), "{report}{stderr}");
    assert_eq!(compiled_since(start, "ex5_1"), [""; 0]);
    assert_eq!(report.lines().filter(|line| line.starts_with("  to do  ")).count(), 4, "{report}");
    state("to do");
}
