//! `llm exercise check`: one exercise does not depend on another.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// A copy of the project in which one file has other contents. The files keep their times, so cargo compiles only what differs.
/// It is not inside cargo's folder: cargo would remember the copy's files as those of the project.
fn copy_of_the_project(changed: &str, contents: &str) -> TempDir {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let copy = tempfile::tempdir().unwrap();
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let files = Command::new("git").current_dir(&root).args(list).output().unwrap();
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
    fs::write(copy.path().join(changed), contents).unwrap();
    copy
}

#[test]
#[ignore = "needs git and compiles two exercises: cargo test --test exercise -- --ignored"]
fn a_broken_exercise_leaves_the_others_alone() {
    let copy = copy_of_the_project("ch05-pretrain/exercises/ex5_6.rs", "pub fn continue_with( {");
    let check = |id: &str| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_llm"));
        let output =
            command.current_dir(copy.path()).args(["exercise", "check", id]).env("CARGO_TARGET_DIR", target).output();
        let output = output.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };

    let (code, _, stderr) = check("5.6");
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("ex5_6.rs") && stderr.contains("exercise 5.6 does not compile"), "{stderr}");

    // Whatever their files contain, both are compiled and tested.
    for (id, checks) in [("5.1", 4), ("5.2", 5)] {
        let (_, stdout, stderr) = check(id);
        let results = stdout
            .lines()
            .filter(|line| ["  ok  ", "  to do  ", "  failed  "].iter().any(|state| line.starts_with(state)))
            .count();
        assert_eq!(results, checks, "{id}: {stdout}{stderr}");
        assert!(!stderr.contains("does not compile"), "{stderr}");
    }
}
