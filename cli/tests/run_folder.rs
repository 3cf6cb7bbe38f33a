//! The folder of a run belongs to one program at a time, and none is left over from a run that has saved nothing.

#![cfg(unix)]

mod common;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::inputs::{SENTENCE, folder_with, messages};
use common::server::save_writer;
use common::{assert_one_line_error, llm, run, stdout};
use serde_json::Value;
use trainer::newest_checkpoint;

const CONFIG: &str = r#"{"model": {"vocab_size": 50257, "context_length": 16, "emb_dim": 8, "n_heads": 2, "n_layers": 1,
    "drop_rate": 0.0, "qkv_bias": false}, "training": {"batch_size": 2, "learning_rate": 0.01, "weight_decay": 0.1,
    "epochs": 1, "eval_freq": 1000, "eval_iter": 1}}"#;

const PRETRAIN: [&str; 9] =
    ["pretrain", "--config", "config.json", "--text", "text.txt", "--prompt", "The boats", "--device", "cpu"];

/// A run with an epoch of so many sentences.
fn prepare(sentences: usize) -> tempfile::TempDir {
    folder_with(CONFIG, &SENTENCE.repeat(sentences))
}

fn pretrain(extra: &[&'static str]) -> Vec<&'static str> {
    [&PRETRAIN[..], extra].concat()
}

fn start(folder: &Path, args: &[&str]) -> Child {
    llm(folder, args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(120), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn log_lines(folder: &Path) -> usize {
    fs::read_to_string(folder.join("log.jsonl")).map_or(0, |log| log.lines().count())
}

fn press_ctrl_c(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn a_second_program_is_refused_until_the_first_has_ended() {
    let folder = prepare(60);
    let path = folder.path();
    let endless = ["--epochs", "100000", "--out", "out", "--log", "log.jsonl"];
    let mut first = start(path, &pretrain(&endless));
    wait_until("a checkpoint", || newest_checkpoint(&path.join("out")).is_ok());

    let in_use = ["out is in use", "another run is writing into this folder", "--out"];
    std::os::unix::fs::symlink("out", path.join("link")).unwrap();
    for args in [
        &pretrain(&endless)[..],
        &pretrain(&["--out", "./link/"]),
        &["pretrain", "--resume", "out"],
        &["classify", "train", "--out", "out"],
        &["instruct", "train", "--out", "out"],
    ] {
        let output = run(path, args);
        assert_one_line_error(&output, 1, if args.contains(&"./link/") { &["./link/ is in use"] } else { &in_use });
    }
    let other_folder = run(path, &pretrain(&["--out", "other", "--log", "./log.jsonl"]));
    assert_one_line_error(&other_folder, 1, &["./log.jsonl is in use", "another run is writing this log", "--log"]);
    assert!(!path.join("other").exists());

    // Killed without warning, it has no time to take its lock away.
    first.kill().unwrap();
    first.wait().unwrap();
    let log = fs::read_to_string(path.join("log.jsonl")).unwrap();
    assert!(log.lines().count() > 20 && log.ends_with('\n'));
    for line in log.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "no gap and no line of another run: {line:?}");
    }
    assert_one_line_error(&run(path, &pretrain(&endless)), 1, &["the run in out is not finished"]);
    assert!(run(path, &pretrain(&["--out", "other", "--log", "log.jsonl"])).status.success());
}

/// Before the first epoch is over: the checkpoint is where Ctrl-C came, and both ends call it the same.
#[test]
fn an_interrupted_first_epoch_is_continued_where_it_ended() {
    let folder = prepare(3000);
    let path = folder.path();
    let child = start(path, &pretrain(&["--out", "out", "--log", "log.jsonl"]));
    wait_until("some steps", || log_lines(path) > 5);
    press_ctrl_c(&child);
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{told}");
    let line = told.lines().find_map(|line| line.strip_prefix("interrupted ")).unwrap();
    let (place, _) = line.split_once(';').unwrap(); // after 8 of 928 steps
    let done: usize = place.split(' ').nth(1).unwrap().parse().unwrap();
    assert!(newest_checkpoint(&path.join("out")).unwrap().ends_with(format!("checkpoint-{done:06}")), "{told}");

    let child = start(path, &["pretrain", "--resume", "out", "--device", "cpu"]);
    wait_until("further steps", || log_lines(path) > done + 3);
    press_ctrl_c(&child);
    let output = child.wait_with_output().unwrap();
    assert!(stdout(&output).contains(&format!("continuing {place}")), "{place}: {}", stdout(&output));
}

#[test]
fn an_interrupted_first_epoch_of_a_classifier_leaves_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    save_writer(path, "base", 64);
    fs::write(path.join("messages.tsv"), messages(1500)).unwrap();
    let train = ["classify", "train", "--data", "messages.tsv", "--model", "base", "--out", "runs/classifier"];
    let mut child = start(path, &[&train[..], &["--device", "cpu", "--batch-size", "1"]].concat());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.starts_with("Ep 1 (Step 000000)")), "it has begun");
    assert!(path.join("runs/classifier").exists());
    press_ctrl_c(&child);
    lines.for_each(drop);
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), told.contains("nothing was saved")), (Some(130), true), "{told}");
    assert!(!path.join("runs").exists());
}
