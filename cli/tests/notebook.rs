//! `llm notebook`: what is missing, which notebook is meant, what the kernel gets. `.ci/notebooks` runs the notebooks themselves.

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use common::{assert_one_line_error, llm, run, stdout};

/// A checkout with two notebooks.
fn checkout() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("ch02-text/exercises/ex2_1.rs", "");
    write("book/notebooks/en/ch01.ipynb", "{}");
    write("book/notebooks/en/ch03.ipynb", "{}");
    write("book/notebooks/zh/ch01.ipynb", "{}");
    write("Cargo.lock", "version = 4\n");
    write("Cargo.toml", "[workspace]\n\n[profile.dev]\nopt-level = 0\n\n[profile.release]\nopt-level = 1\n");
    folder
}

/// The program with a cache folder of its own.
fn notebook(folder: &tempfile::TempDir, args: &[&str]) -> Command {
    let mut command = llm(folder.path(), &[&["notebook"], args].concat());
    command.env("XDG_CACHE_HOME", folder.path().join("cache"));
    command
}

#[test]
fn what_is_missing_comes_with_its_commands() {
    let folder = checkout();
    let home = tempfile::tempdir().unwrap();
    let output = |locale: &str| {
        let mut command = notebook(&folder, &[]);
        command.env("PATH", home.path()).env("HOME", home.path()).env_remove("CARGO_HOME").env("LC_ALL", locale);
        command.output().unwrap()
    };
    let install = ["`python3 -m pip install jupyterlab`", "`cargo install --locked evcxr_jupyter@0.22.0`"];
    assert_one_line_error(&output("C"), 1, &[&install[..], &["then `evcxr_jupyter --install`", "again"]].concat());
    assert_one_line_error(&output("zh_CN.UTF-8"), 1, &[&install[..], &["还需要"]].concat());
    // With the program there, only Jupyter has to be told.
    fs::write(home.path().join("evcxr_jupyter"), "").unwrap();
    let error = String::from_utf8(output("C").stderr).unwrap();
    assert!(error.contains("evcxr (`evcxr_jupyter --install`)") && !error.contains("cargo install"), "{error}");
}

#[test]
fn a_notebook_is_named_by_language_and_chapter() {
    let folder = checkout();
    let elsewhere = tempfile::tempdir().unwrap();
    assert_one_line_error(&run(elsewhere.path(), &["notebook"]), 1, &["inside its checkout"]);
    let there = "there are ch01, ch03";
    for (args, said) in [
        (&["ch99"][..], there),
        (&["../ch01"], there),
        (&["zh", "ch03"], "there are ch01"),
        (&["ch01", "ch03"], "one language and one chapter"),
    ] {
        assert_one_line_error(&notebook(&folder, args).output().unwrap(), 1, &[said]);
    }
}

#[test]
fn the_kernel_builds_in_a_folder_that_stays_with_the_versions_of_the_project() {
    let folder = checkout();
    let environment = || stdout(&notebook(&folder, &["--print-env"]).output().unwrap());
    let kernel = folder.path().join("cache/llm-from-scratch-rs/notebook");
    let printed = environment();
    assert!(printed.contains(&format!("export EVCXR_TMPDIR='{}'\n", kernel.join("build").display())), "{printed}");
    assert!(printed.contains(&format!("LIBRARY_PATH='{}", kernel.join("build/target").display())), "{printed}");
    assert!(printed.contains("/debug/deps:") && printed.contains("rustlib"), "{printed}");
    let read = |path: &str| fs::read_to_string(kernel.join(path)).unwrap();
    assert!(read("Cargo.toml").ends_with("[profile.dev]\nopt-level = 0\n\n"), "{}", read("Cargo.toml"));
    assert!(read("versions/Cargo.toml").contains("notebook-dylib = { path = "), "{}", read("versions/Cargo.toml"));
    assert_eq!(read("Cargo.lock"), "version = 4\n");
    // What Cargo adds stays, until the project's own file changes.
    fs::write(kernel.join("Cargo.lock"), "version = 4\n# ctx\n").unwrap();
    environment();
    assert_eq!(read("Cargo.lock"), "version = 4\n# ctx\n");
    fs::write(folder.path().join("Cargo.lock"), "version = 4\n# new\n").unwrap();
    environment();
    assert_eq!(read("Cargo.lock"), "version = 4\n# new\n");
}

/// JupyterLab is replaced by a script that prints what it gets: the real one opens a browser.
#[test]
fn jupyterlab_gets_the_notebook_its_options_and_the_environment() {
    let folder = checkout();
    let jupyter = folder.path().join("bin/jupyter");
    fs::create_dir(folder.path().join("bin")).unwrap();
    let script = "#!/bin/sh\nif [ \"$1\" = kernelspec ]; then echo '{\"kernelspecs\": {\"rust\": {}}}'; else echo \"$@\" \"$EVCXR_TMPDIR\"; fi\n";
    fs::write(&jupyter, script).unwrap();
    fs::set_permissions(&jupyter, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.path().join("bin").display(), std::env::var("PATH").unwrap());
    let output = notebook(&folder, &["ch03", "en", "--jupyter", "--port=9000"]).env("PATH", path).output().unwrap();
    let build = folder.path().join("cache/llm-from-scratch-rs/notebook/build");
    let served = format!("--ServerApp.root_dir={}", folder.path().display());
    assert_eq!(stdout(&output), format!("lab book/notebooks/en/ch03.ipynb --port=9000 {served} {}\n", build.display()));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("the first cell of the first notebook builds") && said.contains("one notebook at a time"),
        "{said}"
    );
}
