//! The options of `llm pretrain` for schedules, clipping and accumulation.

mod common;

use std::fs;
use std::path::Path;
use std::process::Output;

use common::inputs::{self, SENTENCE, folder_with};
use common::{assert_one_line_error, run, stdout};
use serde_json::Value;
use testkit::assert_near;

const CONFIG: &str = r#"{"model": {"vocab_size": 50257, "context_length": 16, "emb_dim": 8, "n_heads": 2, "n_layers": 1,
    "drop_rate": 0.0, "qkv_bias": false}, "training": {"batch_size": 2, "learning_rate": 0.01, "weight_decay": 0.1,
    "epochs": 2, "eval_freq": 100, "eval_iter": 1}}"#;

fn prepare() -> tempfile::TempDir {
    folder_with(CONFIG, &SENTENCE.repeat(40))
}

fn pretrain(folder: &Path, extra: &[&str]) -> Output {
    run(folder, &inputs::pretrain(extra))
}

/// The numbers under `key` in the lines of the steps; a key that is not there counts as none.
fn of_steps(folder: &Path, key: &str) -> Vec<f64> {
    let text = fs::read_to_string(folder.join("log.jsonl")).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["kind"] == "step").filter_map(|line| line[key].as_f64()).collect()
}

#[test]
fn warm_up_and_cosine_decay_are_logged_and_drawn() {
    let folder = prepare();
    let options = ["--warmup-steps", "4", "--initial-lr", "0.001", "--min-lr", "0.0005", "--lr-schedule", "cosine"];
    let output = pretrain(folder.path(), &options);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(stdout(&output).contains("learning-rate.svg"));
    let rates = of_steps(folder.path(), "learning_rate");
    let total = rates.len();
    assert_eq!(total, of_steps(folder.path(), "loss").len());
    assert!(total > 20, "{total} steps");
    assert_near(rates[0], 0.001, 1e-12);
    assert_near(rates[2], 0.001 + 2.0 * 0.009 / 4.0, 1e-12);
    assert_near(rates[4], 0.01, 1e-12);
    let progress = (total - 5) as f64 / (total - 4) as f64;
    let last = 0.0005 + 0.0095 * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos());
    assert_near(rates[total - 1], last, 1e-12);
    let plot = fs::read_to_string(folder.path().join("out/learning-rate.svg")).unwrap();
    assert!(plot.contains("<polyline"));
}

#[test]
fn a_ratio_counts_steps_and_what_is_not_said_is_a_hundredth_of_the_peak() {
    let folder = prepare();
    assert!(pretrain(folder.path(), &["--warmup-ratio", "0.25", "--lr-schedule", "linear"]).status.success());
    let rates = of_steps(folder.path(), "learning_rate");
    let warm_up = rates.len() / 4;
    assert_near(rates[0], 0.0001, 1e-12);
    assert_near(rates[warm_up], 0.01, 1e-12);
    let decay = (rates.len() - warm_up) as f64;
    assert_near(rates[rates.len() - 1], 0.0001 + 0.0099 / decay, 1e-12);
    // A minimum alone means a cosine.
    assert!(pretrain(folder.path(), &["--min-lr", "0.002"]).status.success());
    let rates = of_steps(folder.path(), "learning_rate");
    assert_near(rates[rates.len() / 2], 0.006, 1e-12);
}

#[test]
fn a_plain_run_has_neither() {
    let folder = prepare();
    assert!(pretrain(folder.path(), &[]).status.success());
    assert!(of_steps(folder.path(), "learning_rate").is_empty());
    assert!(!folder.path().join("out/learning-rate.svg").exists());
}

/// Without dropout, two batches of 2 in one step do what one batch of 4 does, up to the order of the sums.
#[test]
fn accumulated_steps_are_those_of_the_larger_batch() {
    let folder = prepare();
    let losses = |options: &[&str]| {
        let output = pretrain(folder.path(), options);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        of_steps(folder.path(), "loss")
    };
    let accumulated = losses(&["--grad-accum", "2", "--clip-grad-norm", "0.5"]);
    let large = losses(&["--batch-size", "4", "--clip-grad-norm", "0.5"]);
    assert!(large.len() > 8);
    // A pass of batches of 2 may hold one step more: the windows that do not fill a batch of 4. The first epoch is
    // compared; then the rounding has had no time to grow.
    for (found, expected) in accumulated.iter().zip(&large).take(large.len() / 2) {
        assert!((found - expected).abs() < 2e-5, "{found} is not {expected}");
    }
    assert_ne!(large, losses(&["--batch-size", "4"]), "clipping changes the run");
}

#[test]
fn the_configuration_file_can_hold_the_recipe() {
    let folder = prepare();
    assert!(pretrain(folder.path(), &["--warmup-steps", "4", "--clip-grad-norm", "0.5"]).status.success());
    let expected = of_steps(folder.path(), "loss");
    let recipe = r#""recipe": {"schedule": {"warmup_steps": 4, "initial_lr": 0.0001}, "clip": {"max_norm": 0.5}},"#;
    fs::write(folder.path().join("config.json"), CONFIG.replacen('{', &format!("{{{recipe}"), 1)).unwrap();
    assert!(pretrain(folder.path(), &[]).status.success());
    assert_eq!(of_steps(folder.path(), "loss"), expected);
}

#[test]
fn bad_options_are_named_and_nothing_is_written() {
    let folder = prepare();
    for (options, parts) in [
        (&["--warmup-ratio", "-0.1"][..], &["--warmup-ratio", "at least 0 and below 1"][..]),
        (&["--warmup-ratio", "1"], &["--warmup-ratio", "at least 0 and below 1"]),
        (&["--warmup-steps", "-3"], &["--warmup-steps"]),
        (&["--warmup-steps", "3", "--warmup-ratio", "0.1"], &["--warmup-ratio", "cannot be used with"]),
        (&["--clip-grad-norm", "0"], &["--clip-grad-norm", "above 0"]),
        (&["--clip-grad-norm", "-1"], &["--clip-grad-norm", "above 0"]),
        (&["--clip-grad-norm", "nan"], &["--clip-grad-norm", "above 0"]),
        (&["--grad-accum", "0"], &["--grad-accum", "at least 1"]),
        (&["--min-lr", "-1"], &["--min-lr", "at least 0"]),
        (&["--lr-schedule", "sine"], &["--lr-schedule", "constant, cosine or linear"]),
    ] {
        let output = pretrain(folder.path(), options);
        assert_eq!(output.status.code(), Some(2), "{options:?}");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(parts.iter().all(|part| told.contains(part)), "{options:?}: {told}");
    }
    for (options, parts) in [
        (&["--min-lr", "0.5", "--lr-schedule", "cosine"][..], &["min_lr is 0.5", "the peak, which is 0.01"][..]),
        (&["--warmup-steps", "3", "--initial-lr", "0.5"], &["initial_lr is 0.5", "the peak, which is 0.01"]),
        (&["--warmup-steps", "9999"], &["warm-up takes 9999 steps", "more epochs"]),
        (&["--min-lr", "0.001", "--lr-schedule", "constant"], &["--min-lr", "cosine or linear"]),
        (&["--initial-lr", "0.001"], &["--initial-lr", "--warmup-steps or --warmup-ratio"]),
        (
            &["--warmup-ratio", "0.001", "--initial-lr", "0.001"],
            &["--warmup-ratio 0.001 gives a warm-up of 0 of", "--initial-lr has no effect", "--warmup-steps"],
        ),
    ] {
        assert_one_line_error(&pretrain(folder.path(), options), 1, parts);
    }
    assert!(!folder.path().join("out").exists() && !folder.path().join("log.jsonl").exists());
}

#[test]
fn the_recipe_of_a_run_cannot_be_changed_on_the_way() {
    let folder = prepare();
    let output = run(folder.path(), &["pretrain", "--resume", "out", "--grad-accum", "2"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot be used with"));
}
