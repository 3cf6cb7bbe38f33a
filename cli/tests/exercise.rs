//! `llm exercise check`: one exercise does not depend on another.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A copy of the project in cargo's folder for tests. It stays there, and what has not changed since is not written again,
/// so that the next run compiles little.
fn copy_of_the_project(change: impl Fn(&str) -> Option<Vec<u8>>) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("broken-exercise");
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let files = Command::new("git").current_dir(&root).args(list).output().unwrap();
    assert!(files.status.success(), "{}", String::from_utf8_lossy(&files.stderr));
    for file in String::from_utf8(files.stdout).unwrap().split_terminator('\0') {
        // A file that was deleted and not committed is still listed.
        let Some(bytes) = change(file).or_else(|| fs::read(root.join(file)).ok()) else { continue };
        let target = copy.join(file);
        if fs::read(&target).ok().as_ref() != Some(&bytes) {
            fs::create_dir_all(target.parent().unwrap()).unwrap();
            fs::write(target, bytes).unwrap();
        }
    }
    copy
}

#[test]
#[ignore = "compiles the project in another folder, a minute or two: cargo test --test exercise -- --ignored"]
fn a_broken_exercise_leaves_the_others_alone() {
    let solution = fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../ch05-pretrain/solutions/ex5_1.rs")).unwrap();
    let copy = copy_of_the_project(|file| match file {
        "ch05-pretrain/exercises/ex5_1.rs" => Some(solution.clone()),
        "ch05-pretrain/exercises/ex5_6.rs" => Some(b"pub fn continue_with( {".to_vec()),
        _ => None,
    });
    let check = |id: &str| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_llm"));
        command.current_dir(&copy).args(["exercise", "check", id]).env("CARGO_TARGET_DIR", target).output().unwrap()
    };

    let broken = check("5.6");
    let stderr = String::from_utf8_lossy(&broken.stderr);
    assert_eq!(broken.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("ex5_6.rs") && stderr.contains("exercise 5.6 does not compile"), "{stderr}");

    let solved = check("5.1");
    let (stdout, stderr) = (String::from_utf8_lossy(&solved.stdout), String::from_utf8_lossy(&solved.stderr));
    assert!(solved.status.success(), "{stdout}{stderr}");
    assert_eq!(stdout.matches("\n  ok  ").count(), 4, "{stdout}");
    assert!(stdout.contains("Done."), "{stdout}");

    // An untouched starter compiles too, and is not done.
    let open = check("5.2");
    let stdout = String::from_utf8_lossy(&open.stdout);
    assert_eq!(open.status.code(), Some(1), "{stdout}");
    assert!(stdout.contains("\n  to do  ") && !stdout.contains("\n  ok  "), "{stdout}");
}
