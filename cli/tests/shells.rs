//! Scripts and pages for programs of others: bash, zsh and fish complete `llm`, mandoc and man show its manual.
//!
//! Without such a program its test is skipped; with `LLM_REQUIRE_SHELLS` it fails.

#![cfg(unix)]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{llm, run, stdout};

/// A program that a machine may lack.
fn other_program(name: &str) -> Option<Command> {
    let found =
        std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(name).is_file()));
    if !found {
        assert!(std::env::var_os("LLM_REQUIRE_SHELLS").is_none(), "{name} is not installed");
        eprintln!("skipped: {name} is not installed");
    }
    found.then(|| Command::new(name))
}

/// What the shell offers for the last word of a line.
type Offer = fn(&Path, &str) -> Option<Vec<String>>;

const SHELLS: [(&str, Offer); 3] = [("bash", bash), ("zsh", zsh), ("fish", fish)];

/// Calls the function as bash does.
fn bash(folder: &Path, line: &str) -> Option<Vec<String>> {
    const CALL: &str = r#"source ./bash
        complete -p llm >/dev/null || exit 1
        compopt() { :; } # for lines that somebody types
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _llm llm "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\n' "${COMPREPLY[@]}""#;
    let words = line.split(' ');
    offered(other_program("bash")?.current_dir(folder).args(["--norc", "-c", CALL, "bash"]).args(words))
}

/// Has a shell in a terminal that prints what it would offer.
fn zsh(folder: &Path, line: &str) -> Option<Vec<String>> {
    const PRESS: &str = r#"zmodload zsh/zpty
        zpty shell zsh -f -i
        zpty -w shell 'PS1= PS2=; fpath=($PWD/functions $fpath); autoload -U compinit; compinit -D -u
            offer() {
                compadd() {
                    if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
                    local -a found; builtin compadd -A found "$@"; print -rl -- $found >>offered
                    builtin compadd "$@"
                }
                _main_complete
            }
            ended() { : >ended }
            zle -C offer list-choices offer; bindkey "^X" offer; zle -N ended; bindkey "^Y" ended'
        zpty -w -n shell "$1"$'\C-X\C-Y'
        repeat 300; do [[ -e ended ]] && break; sleep 0.1; zpty -r -t shell shown; done
        zpty -d shell
        [[ -e ended ]] && cat offered 2>/dev/null; rm -f ended offered"#;
    let mut zsh = other_program("zsh")?;
    fs::create_dir_all(folder.join("functions")).unwrap();
    fs::copy(folder.join("zsh"), folder.join("functions/_llm")).unwrap();
    offered(zsh.current_dir(folder).env("TERM", "xterm").args(["-f", "-c", PRESS, "zsh", line]))
}

fn fish(folder: &Path, line: &str) -> Option<Vec<String>> {
    let mut fish = other_program("fish")?;
    let fish = fish.env("HOME", folder).env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder);
    offered(fish.current_dir(folder).args(["--no-config", "-c", "source ./fish; complete -C $argv[1]", line]))
}

/// The words that a program prints, one a line, without their descriptions.
fn offered(program: &mut Command) -> Option<Vec<String>> {
    let output = program.env("LC_ALL", "C.UTF-8").output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let word = |line: &str| line.split('\t').next().unwrap_or_default().trim_end_matches(['/', '=']).to_string();
    let mut words: Vec<String> = stdout(&output).lines().map(word).filter(|word| !word.is_empty()).collect();
    words.sort();
    words.dedup();
    Some(words)
}

#[test]
fn shells_complete_commands_options_names_files_and_folders() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("some.txt"), "").unwrap();
    fs::create_dir(folder.join("somewhere")).unwrap();
    for (shell, offer) in SHELLS {
        for language in ["C.UTF-8", "zh_CN.UTF-8"] {
            let script = llm(folder, &["completions", shell]).env("LC_ALL", language).output().unwrap();
            fs::write(folder.join(shell), script.stdout).unwrap();
            let lines = [
                ("llm gen", &["generate"][..]),
                ("llm classify pr", &["predict", "prepare"]),
                ("llm generate --max", &["--max-new-tokens"]),
                ("llm generate --weights i", &["int4", "int8"]),
                ("llm pretrain --size gpt2-", &["gpt2-large", "gpt2-medium", "gpt2-small", "gpt2-xl"]),
                ("llm classify train --trainable last", &["last-block", "last-two-blocks"]),
                ("llm eval --device cp", &["cpu"]),
                ("llm data show station", &["station-tea"]),
                ("llm completions f", &["fish"]),
                ("llm pretrain --text some.", &["some.txt"]),
                ("llm generate --model some", &["some.txt", "somewhere"]),
                ("llm instruct train --data some", &["some.txt", "somewhere"]),
            ];
            // The descriptions differ, the words do not.
            let tried = if language == "C.UTF-8" { lines.len() } else { 4 };
            for (line, expected) in &lines[..tried] {
                let Some(found) = offer(folder, line) else { break };
                assert_eq!(found, *expected, "{shell}, {language}: {line}");
            }
            // Here bash completes names of files by itself, or asks readline for folders.
            if let Some(found) = offer(folder, "llm weights import some").filter(|_| shell != "bash") {
                assert_eq!(found, ["some.txt", "somewhere"], "{shell}");
            }
            if let Some(found) = offer(folder, "llm pretrain --out some").filter(|_| shell != "bash") {
                assert_eq!(found, ["somewhere"], "{shell}");
            }
            if let Some(found) = offer(folder, "llm generate --prompt some").filter(|_| shell != "bash") {
                assert!(found.is_empty(), "{shell}: a text is no file: {found:?}");
            }
        }
    }
    let help = stdout(&run(folder, &["completions", "--help"]));
    for (shell, _) in SHELLS {
        assert!(help.contains(&format!("llm completions {shell} > ~/.")), "{help}");
    }
}

/// `mandoc` checks pages strictly, `man` (groff) shows them.
#[test]
fn manual_pages_are_shown_without_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for language in ["C.UTF-8", "zh_CN.UTF-8"] {
        assert!(llm(folder, &["man", "--out", language]).env("LC_ALL", language).status().unwrap().success());
        let pages: Vec<_> = fs::read_dir(folder.join(language)).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(pages.len() > 35);
        if let Some(mut mandoc) = other_program("mandoc") {
            let lint = mandoc.args(["-K", "utf-8", "-T", "lint", "-W", "warning"]).args(&pages).output().unwrap();
            assert!(lint.status.success(), "{}", stdout(&lint));
        }
        if let Some(mut man) = other_program("man") {
            let man =
                man.args(["--warnings", "-E", "UTF-8", "-l"]).args(&pages).env("MANPAGER", "cat").env("PAGER", "cat");
            let shown = man.env("MANROFFOPT", "").env("LC_ALL", "C.UTF-8").env("MANWIDTH", "100").output().unwrap();
            assert!(shown.status.success() && shown.stderr.is_empty(), "{}", String::from_utf8_lossy(&shown.stderr));
            let text = stdout(&shown);
            assert!(text.contains("--max-new-tokens") && text.contains("llm-instruct-train"), "{text}");
        }
    }
}
