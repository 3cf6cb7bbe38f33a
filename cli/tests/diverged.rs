//! Training that leaves the finite numbers: an error with the step and a remedy, and the last finite model stays.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use common::inputs::{self, SENTENCE, folder_with, messages};
use common::server::{save_classifier_of, save_writer};
use common::{assert_one_line_error, run};
use serde_json::{Value, json};
use trainer::newest_checkpoint;

const CONFIG: &str = r#"{"model": {"vocab_size": 50257, "context_length": 16, "emb_dim": 8, "n_heads": 2, "n_layers": 1,
    "drop_rate": 0.0, "qkv_bias": false}, "training": {"batch_size": 2, "learning_rate": 0.01, "weight_decay": 0.1,
    "epochs": 1, "eval_freq": 1000, "eval_iter": 1}}"#;

fn prepare() -> tempfile::TempDir {
    folder_with(CONFIG, &SENTENCE.repeat(30))
}

fn pretrain(folder: &Path, extra: &[&str]) -> Output {
    run(folder, &inputs::pretrain(extra))
}

/// The losses of the steps in the log; all are numbers.
fn losses(folder: &Path) -> Vec<f64> {
    let log = fs::read_to_string(folder.join("log.jsonl")).unwrap();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["kind"] == "step").map(|line| line["loss"].as_f64().unwrap()).collect()
}

/// After one step with this learning rate, products of weights are beyond the range of 32 bits.
const TOO_HIGH: &str = "1e30";

#[test]
fn a_run_that_diverges_at_once_says_so_and_leaves_nothing() {
    let folder = prepare();
    let path = folder.path();
    for operations in [&[][..], &["--plain"]] {
        let output = pretrain(path, &[&["--lr", TOO_HIGH], operations].concat());
        let parts = [
            "the training loss after step 0 is",
            "diverged",
            "lower learning rate (--lr, now 1e30)",
            "--clip-grad-norm 1",
        ];
        assert_one_line_error(&output, 1, &parts);
        assert_one_line_error(&output, 1, &["or a warm-up (--warmup-steps 100)", "; nothing was saved"]);
        assert_eq!(losses(path).len(), 1, "the first step was finite");
        assert!(!path.join("out").exists());
    }
    // What is in use already is no remedy. The rate of step 1 is a third of the peak.
    let output =
        pretrain(path, &["--lr", TOO_HIGH, "--warmup-steps", "3", "--initial-lr", "1e-3", "--clip-grad-norm", "1"]);
    assert_one_line_error(
        &output,
        1,
        &["the loss of step 2 is", "start again with a lower learning rate", "; nothing"],
    );
    assert!(!String::from_utf8_lossy(&output.stderr).contains("--warmup-steps"));
}

/// The first epoch is an ordinary one; the second has another learning rate.
#[test]
fn the_last_finite_model_and_checkpoint_stay() {
    for operations in [&[][..], &["--plain"]] {
        let folder = prepare();
        let path = folder.path();
        assert!(pretrain(path, operations).status.success());
        let (checkpoint, steps) = (newest_checkpoint(&path.join("out")).unwrap(), losses(path).len());
        let files = |checkpoint: &Path| -> Vec<Vec<u8>> {
            let of_checkpoint = ["model.safetensors", "optimizer.safetensors"].map(|file| checkpoint.join(file));
            let paths: Vec<PathBuf> = [&[path.join("out/model.safetensors")], &of_checkpoint[..]].concat();
            paths.iter().map(|file| fs::read(file).unwrap()).collect()
        };
        let before = files(&checkpoint);
        let set_rate = |rate: f64| {
            let file = checkpoint.join("run.json");
            let mut run: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
            run["training"]["learning_rate"] = json!(rate);
            fs::write(&file, run.to_string()).unwrap();
        };
        let resume = || run(path, &["pretrain", "--resume", "out", "--epochs", "2", "--device", "cpu"]);

        set_rate(TOO_HIGH.parse().unwrap());
        let name = checkpoint.file_name().unwrap().to_str().unwrap();
        let step = format!("the loss of step {} is ", steps + 1);
        let kept = format!("another folder (--out): out keeps the model of epoch 1 and {name}");
        assert_one_line_error(&resume(), 1, &[&step, "the training has diverged; start again with", &kept]);
        assert_eq!(newest_checkpoint(&path.join("out")).unwrap(), checkpoint);
        assert!(files(&checkpoint) == before, "{operations:?}");
        assert_eq!(losses(path).len(), steps + 1);
        let generate = ["generate", "--model", "out", "--prompt", "The boats", "--max-new-tokens", "4"];
        assert!(run(path, &generate).status.success());

        set_rate(0.01);
        let output = resume();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn fine_tuning_that_diverges_leaves_the_model_that_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    save_writer(path, "base", 64);
    fs::write(path.join("messages.tsv"), messages(40)).unwrap();
    let task = |i: usize| json!({"instruction": format!("Add 1 to {i}."), "input": "", "output": (i + 1).to_string()});
    fs::write(path.join("tasks.json"), json!((0..20).map(task).collect::<Vec<_>>()).to_string()).unwrap();

    for (command, data) in [("classify", "messages.tsv"), ("instruct", "tasks.json")] {
        let train = |out: &str| {
            let args = [command, "train", "--data", data, "--model", "base", "--lr", TOO_HIGH, "--out", out];
            run(path, &[&args[..], &["--device", "cpu", "--epochs", "2"]].concat())
        };
        let parts = ["the training has diverged", "a lower learning rate (--lr, now 1e30)", "; nothing was saved"];
        assert_one_line_error(&train("new"), 1, &parts);
        assert!(!path.join("new").exists(), "{command}");

        save_classifier_of(path, "old");
        let weights = path.join("old/model.safetensors");
        let before = fs::read(&weights).unwrap();
        assert_one_line_error(&train("old"), 1, &parts);
        assert!(fs::read(&weights).unwrap() == before, "{command}");
    }
}
