//! A run that is killed and continued ends as one that never stopped: every loss and every weight, bit for bit.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::inputs::{SENTENCE, folder_with, pretrain};
use common::{assert_one_line_error, llm, run, stdout};
use serde_json::Value;
use trainer::{load_run_file, newest_checkpoint};

const CONFIG: &str = r#"{"model": {"vocab_size": 50257, "context_length": 16, "emb_dim": 8, "n_heads": 2, "n_layers": 2,
    "drop_rate": 0.1, "qkv_bias": false}, "training": {"batch_size": 2, "learning_rate": 0.01, "weight_decay": 0.1,
    "epochs": 3, "eval_freq": 4, "eval_iter": 2}}"#;

/// A run of 3 epochs with evaluations and dropout, saved every 3 steps.
fn arguments() -> Vec<&'static str> {
    pretrain(&["--save-every", "3"])
}

fn prepare() -> tempfile::TempDir {
    folder_with(CONFIG, &format!("{SENTENCE}The sea went hush against the wall. ").repeat(22))
}

/// The log of a run that nothing interrupts.
fn log_of_a_whole_run() -> String {
    let folder = prepare();
    assert!(run(folder.path(), &arguments()).status.success());
    fs::read_to_string(folder.path().join("log.jsonl")).unwrap()
}

fn log_lines(folder: &Path) -> usize {
    fs::read_to_string(folder.join("log.jsonl")).map_or(0, |log| log.lines().count())
}

/// Starts the program, and kills it without warning as soon as the log has this many lines.
fn kill_at(folder: &Path, arguments: &[&str], lines: usize) {
    let mut child = llm(folder, arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    while log_lines(folder) < lines {
        assert!(child.try_wait().unwrap().is_none(), "the run ended before line {lines}");
        assert!(start.elapsed() < Duration::from_secs(120));
        std::thread::sleep(Duration::from_micros(500));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Runs with `extra` options once to the end, and once killed at the given lengths of the log.
fn killed_and_continued(extra: &[&str], least_steps: usize, first: usize, further: &[usize]) {
    let arguments = [&arguments()[..], extra].concat();
    let whole = prepare();
    assert!(run(whole.path(), &arguments).status.success());
    let expected = fs::read_to_string(whole.path().join("log.jsonl")).unwrap();
    let steps = expected.lines().filter(|line| line.contains("\"step\",")).count();
    assert!(steps >= least_steps, "only {steps} steps");

    let broken = prepare();
    kill_at(broken.path(), &arguments, first);
    // Each continuation goes on from a checkpoint, so the log first shrinks, and is killed further on.
    for &lines in further {
        if lines < expected.lines().count() - 6 {
            kill_at(broken.path(), &["pretrain", "--resume", "out", "--device", "cpu"], lines);
        }
    }
    let output = run(broken.path(), &["pretrain", "--resume", "out", "--device", "cpu"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(stdout(&output).contains("continuing after "));

    assert_eq!(fs::read_to_string(broken.path().join("log.jsonl")).unwrap(), expected);
    for file in ["model.safetensors", "losses.svg"] {
        let read = |folder: &Path| fs::read(folder.join("out").join(file)).unwrap();
        assert!(read(whole.path()) == read(broken.path()), "{file} differs");
    }
}

#[test]
fn killed_at_several_points_and_continued_it_ends_the_same() {
    killed_and_continued(&[], 31, 6, &[14, 15, 25, 40]);
}

/// Also in the middle of the warm-up, and with an epoch whose last step has fewer batches than the others.
#[test]
fn so_does_a_run_with_warm_up_decay_clipping_accumulation_and_mixed_precision() {
    let recipe = ["--warmup-steps", "7", "--min-lr", "1e-4", "--lr-schedule", "cosine", "--clip-grad-norm", "0.5"];
    killed_and_continued(&[&recipe[..], &["--grad-accum", "2", "--precision", "bf16"]].concat(), 18, 6, &[8, 15]);
}

/// The one checkpoint of the run in `folder`.
fn checkpoint(folder: &Path) -> PathBuf {
    fs::read_dir(folder.join("out"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("checkpoint-"))
        .unwrap()
}

#[test]
fn a_new_run_replaces_a_finished_one_and_no_other() {
    let folder = prepare();
    let (path, out) = (folder.path(), folder.path().join("out"));
    kill_at(path, &arguments(), 8);
    let unfinished = checkpoint(path);
    let log = fs::read(path.join("log.jsonl")).unwrap();
    let refused = run(path, &arguments());
    assert_one_line_error(&refused, 1, &["the run in out is not finished", "--resume out", "--out"]);
    assert_eq!(checkpoint(path), unfinished);
    assert_eq!(fs::read(path.join("log.jsonl")).unwrap(), log, "nothing was written");
    let state = fs::read(unfinished.join("run.json")).unwrap();
    fs::write(unfinished.join("run.json"), "{").unwrap();
    assert_one_line_error(&run(path, &arguments()), 1, &["the run in out cannot be read", "--out", "run.json"]);
    fs::write(unfinished.join("run.json"), state).unwrap();
    let resume = || run(path, &["pretrain", "--resume", "out", "--device", "cpu"]);
    assert!(resume().status.success());

    // Now it is finished, and the model was fine-tuned in its place.
    fs::create_dir(out.join("adapter")).unwrap();
    let of_the_old_model = ["instruct.json", "learning-rate.svg", "adapter/adapter_config.json"];
    of_the_old_model.iter().for_each(|file| fs::write(out.join(file), "{}").unwrap());
    let old = fs::read(out.join("model.safetensors")).unwrap();

    // Killed before the first save: the old run cannot be taken for this one, and the old model is whole.
    fs::remove_file(path.join("log.jsonl")).unwrap();
    let rarely: Vec<&str> = arguments().into_iter().map(|part| if part == "3" { "1000" } else { part }).collect();
    kill_at(path, &rarely, 2);
    assert_one_line_error(&resume(), 1, &["out holds no checkpoint"]);
    assert!(fs::read(out.join("model.safetensors")).unwrap() == old);
    assert!(of_the_old_model.iter().all(|file| out.join(file).exists()));

    for note in ["", "note: the finished run in out is replaced\n"] {
        let output = run(path, &arguments());
        assert!(output.status.success());
        assert_eq!(String::from_utf8(output.stderr).unwrap(), note);
        assert!(of_the_old_model.iter().all(|file| !out.join(file).exists()));
    }
}

#[test]
fn a_complete_run_goes_on_only_with_more_epochs() {
    let longer = prepare();
    assert!(run(longer.path(), &[&arguments()[..], &["--epochs", "4"]].concat()).status.success());

    let folder = prepare();
    assert!(run(folder.path(), &arguments()).status.success());
    let resume = |extra: &[&str]| run(folder.path(), &[&["pretrain", "--resume", "out"], extra].concat());
    let log = |folder: &Path| fs::read_to_string(folder.join("log.jsonl")).unwrap();
    let (finished, before) = (newest_checkpoint(&folder.path().join("out")).unwrap(), log(folder.path()));
    for extra in [&[][..], &["--epochs", "3"]] {
        let output = resume(extra);
        assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        let told = stdout(&output);
        assert!(told.starts_with("The run in out is complete, with epoch 3 after "), "{told}");
        assert!(told.contains("pretrain --resume out --epochs 6"), "{told}");
    }
    assert_one_line_error(&resume(&["--epochs", "2"]), 1, &["complete with 3 epochs", "--epochs N"]);
    assert_eq!((newest_checkpoint(&folder.path().join("out")).unwrap(), log(folder.path())), (finished, before));
    assert!(resume(&["--epochs", "4"]).status.success());
    assert_eq!(log(folder.path()), log(longer.path()));
}

/// The text and the log may lie elsewhere by then; a checkpoint may be kept under a name of its own.
#[test]
fn a_run_whose_files_have_moved_goes_on() {
    let expected = log_of_a_whole_run();
    let folder = prepare();
    let path = folder.path();
    kill_at(path, &arguments(), 16);
    let newest = newest_checkpoint(&path.join("out")).unwrap();
    let epoch = load_run_file::<Value>(&newest).unwrap().state.epoch;
    assert!(epoch > 1);
    let resume = |extra: &[&str]| run(path, &[&["pretrain", "--resume", "out", "--device", "cpu"], extra].concat());
    fs::rename(path.join("text.txt"), path.join("moved.txt")).unwrap();
    assert_one_line_error(&resume(&[]), 1, &["text.txt", "name it with --text"]);
    fs::rename(path.join("log.jsonl"), path.join("moved.jsonl")).unwrap();
    assert_one_line_error(&resume(&["--text", "moved.txt"]), 1, &["log.jsonl", "name it with --log"]);
    let notes = "mine\n".repeat(10_000);
    fs::write(path.join("notes.md"), &notes).unwrap();
    let other = resume(&["--text", "moved.txt", "--log", "notes.md"]);
    assert_one_line_error(&other, 1, &["notes.md is not that of this run"]);
    assert_eq!(fs::read_to_string(path.join("notes.md")).unwrap(), notes);
    fs::write(path.join("other.txt"), "Another text.").unwrap();
    assert_one_line_error(&resume(&["--text", "other.txt"]), 1, &["the text has changed", "SHA-256"]);
    assert_one_line_error(
        &resume(&["--text", "moved.txt", "--log", "moved.jsonl", "--epochs", "1"]),
        1,
        &[&format!("is in epoch {epoch} already"), "--epochs N"],
    );

    let kept = path.join("checkpoint-best");
    fs::rename(&newest, &kept).unwrap();
    let new = ["pretrain", "--config", "config.json", "--text", "moved.txt", "--out", "checkpoint-best"];
    assert_one_line_error(&run(path, &new), 1, &["checkpoint-best is itself a checkpoint", "--out"]);
    fs::rename(&kept, &newest).unwrap();

    assert!(resume(&["--text", "moved.txt", "--log", "moved.jsonl"]).status.success());
    assert_eq!(fs::read_to_string(path.join("moved.jsonl")).unwrap(), expected);
}

#[test]
fn what_cannot_be_continued_is_named() {
    let folder = prepare();
    let path = folder.path();
    kill_at(path, &arguments(), 8);
    let resume = |extra: &[&str]| run(path, &[&["pretrain", "--resume", "out"], extra].concat());

    let other = resume(&["--lr", "0.5"]);
    assert_eq!(other.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&other.stderr).contains("cannot be used with"));
    assert_one_line_error(&run(path, &["pretrain", "--resume", "absent"]), 1, &["absent"]);
    fs::create_dir(path.join("empty")).unwrap();
    assert_one_line_error(&run(path, &["pretrain", "--resume", "empty"]), 1, &["empty holds no checkpoint"]);

    let text = fs::read_to_string(path.join("text.txt")).unwrap();
    fs::write(path.join("text.txt"), text.replace("boats", "ships")).unwrap();
    assert_one_line_error(&resume(&[]), 1, &["the text has changed since the run began", "SHA-256"]);
    fs::write(path.join("text.txt"), &text).unwrap();

    let log = fs::read(path.join("log.jsonl")).unwrap();
    fs::write(path.join("log.jsonl"), "").unwrap();
    assert_one_line_error(&resume(&[]), 1, &["log.jsonl is not that of this run"]);
    fs::write(path.join("log.jsonl"), &log).unwrap();

    let checkpoint = checkpoint(path);
    let damage = |file: &str, change: &dyn Fn(Vec<u8>) -> Vec<u8>, parts: &[&str]| {
        let path = checkpoint.join(file);
        let good = fs::read(&path).unwrap();
        fs::write(&path, change(good.clone())).unwrap();
        assert_one_line_error(&resume(&[]), 1, parts);
        fs::write(&path, good).unwrap();
    };
    let replace = |from: &'static str, to: &'static str| {
        move |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(from, to).into_bytes()
    };
    let cut = |bytes: Vec<u8>| bytes[..bytes.len() / 2].to_vec();
    damage("run.json", &replace("\"format\":1", "\"format\":2"), &["run.json", "format is 2", "newer version"]);
    damage("run.json", &cut, &["run.json"]);
    damage("optimizer.safetensors", &cut, &["optimizer.safetensors"]);
    damage("model.safetensors", &cut, &["model.safetensors"]);
    damage("config.json", &replace("\"emb_dim\": 8", "\"emb_dim\": 16"), &["model.safetensors", "tok_emb.weight"]);
    assert!(resume(&[]).status.success(), "the repaired checkpoint can be continued");
}
