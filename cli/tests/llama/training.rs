//! `classify`, `instruct` and `eval` with a small model after GPT-2.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use burn::tensor::{Device, Int, Tensor};
use pretrained::Pretrained;
use shared::{Mode, cross_entropy};

use super::common::llama::{TEMPLATE, save_talking};
use super::common::{assert_one_line_error, run, stdout};
use super::{ids, json_of, listed};

/// Runs a command that must succeed, and returns what it prints.
fn said(folder: &Path, args: &[&str]) -> String {
    let output = run(folder, args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    stdout(&output)
}

/// 40 messages that differ in one letter, which says what they are.
fn save_messages(folder: &Path) {
    let mut messages = String::new();
    for i in 0..20 {
        writeln!(messages, "ham\tsee a {i}\nspam\tsee b {i}").unwrap();
    }
    fs::write(folder.join("messages.tsv"), messages).unwrap();
}

/// A classifier learns, is saved whole and answers the same when it is opened again; with the last block as with LoRA.
#[test]
fn a_llama_becomes_a_classifier() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_talking(folder, "model", None);
    save_messages(folder);
    let train = ["classify", "train", "--model", "model", "--data", "messages.tsv", "--lr", "0.01", "--epochs", "6"];
    for (out, extra) in [("last", &["--batch-size", "4"][..]), ("lora", &["--batch-size", "4", "--lora-rank", "4"])] {
        let trained = said(folder, &[&train[..], &["--out", out], extra].concat());
        // 28 of 40 messages are for training. llama-tied has 3 blocks of 64, and the head 2 outputs: specification, 7.
        assert!(trained.contains("28 training, 4 validation, 8 test messages"), "{trained}");
        assert!(trained.contains("training   accuracy: 100.00%  (28 of 28;"), "{trained}");
        let eval = said(folder, &["classify", "eval", "--model", out, "--data", "messages.tsv"]);
        for line in eval.lines() {
            assert!(trained.contains(line), "{line} is not in {trained}");
        }
        // One by one and without padding, the messages are labelled as in the batches.
        let messages: Vec<String> = (0..20).flat_map(|i| [format!("see a {i}"), format!("see b {i}")]).collect();
        let predict = ["classify", "predict", "--model", out];
        let predict: Vec<&str> = predict.into_iter().chain(messages.iter().map(String::as_str)).collect();
        let labels = said(folder, &predict);
        let right = labels.lines().enumerate().filter(|(i, line)| line.starts_with("spam") == (i % 2 == 1)).count();
        let found = |line: &str| line.split_once('(').unwrap().1.split_once(' ').unwrap().0.parse::<usize>().unwrap();
        assert_eq!(right, eval.lines().map(found).sum::<usize>(), "{labels}{eval}");
        let json = json_of(&run(folder, &["info", "--json", "--model", out]));
        assert_eq!(json["config"]["labels"][1], "spam", "{json}");
    }
    let refused = run(folder, &[&train[..], &["--no-causal-mask"]].concat());
    assert_one_line_error(&refused, 1, &["--no-causal-mask is for GPT-2"]);
    let refused = run(folder, &["chat", "--model", "last"]);
    assert_one_line_error(&refused, 1, &["classif"]);
}

/// Tasks with one answer each, in the order of the parts: 17 to learn from, 2 to answer, 1 to measure on.
fn save_tasks(folder: &Path) {
    let task = |i: usize| {
        let (input, output) = if i.is_multiple_of(2) { ("a", "bc") } else { ("d", "ef") };
        serde_json::json!({"instruction": "say", "input": input, "output": output})
    };
    let tasks: Vec<_> = (0..20).map(task).collect();
    fs::write(folder.join("tasks.json"), serde_json::to_vec(&tasks).unwrap()).unwrap();
}

#[test]
fn a_llama_learns_to_answer() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_talking(folder, "model", Some(TEMPLATE));
    save_tasks(folder);
    let train = ["instruct", "train", "--model", "model", "--data", "tasks.json", "--batch-size", "4"];
    for (out, extra) in [
        ("whole", &["--lr", "0.003", "--epochs", "12"][..]),
        ("lora", &["--lr", "0.02", "--epochs", "20", "--lora-rank", "8"]),
        ("alpaca", &["--lr", "0.003", "--epochs", "12", "--format", "phi3"]),
    ] {
        let trained = said(folder, &[&train[..], &["--out", out], extra].concat());
        assert!(trained.contains("17 entries to learn from, 1 to measure on"), "{trained}");
        said(folder, &["instruct", "respond", "--model", out, "--data", "tasks.json", "--out", "answers.json"]);
        let answers: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(folder.join("answers.json")).unwrap()).unwrap();
        for entry in answers.as_array().unwrap() {
            assert_eq!(entry["model_response"], entry["output"], "{out}: {entry}");
        }
    }
    // Merged weights, and the model with its adapter, are the same model.
    let continue_with = |model: &str, extra: &[&str]| {
        let prompt = listed(&[1, 50, 60, 70, 80]);
        let args = ["generate", "--model", model, "--prompt-ids", &prompt, "--max-new-tokens", "12", "--json"];
        ids(&json_of(&run(folder, &[&args[..], extra].concat()))["ids"])
    };
    let merged = continue_with("lora", &[]);
    assert_eq!(continue_with("model", &["--adapter", "lora/adapter"]), merged);
    assert_ne!(continue_with("model", &[]), merged, "the adapter changes something");
    let refused = run(folder, &[&train[..], &["--out", "model", "--lora-rank", "2"]].concat());
    assert_one_line_error(&refused, 1, &["model is both --model and --out"]);
}

/// The loss by the formulas of the lesson, in windows of the model's context.
fn lesson_loss(path: &Path, text: &str) -> f64 {
    let Pretrained { model, tokenizer, config, .. } = pretrained::open(path, &Device::flex()).unwrap();
    let ids: Vec<i64> = tokenizer.unwrap().encode(text).into_iter().map(i64::from).collect();
    let (mut total, mut from) = (0.0, 0);
    while from + 1 < ids.len() {
        let to = (from + config.context_length).min(ids.len() - 1);
        let tensor = |ids: &[i64]| Tensor::<1, Int>::from_ints(ids, &Device::flex());
        let logits = model.forward(tensor(&ids[from..to]).unsqueeze(), &mut Mode::Eval);
        let loss: f64 = cross_entropy(logits.flatten(0, 1), tensor(&ids[from + 1..=to])).into_scalar();
        total += loss * (to - from) as f64;
        from = to;
    }
    total / (ids.len() - 1) as f64
}

#[test]
fn the_loss_of_a_text() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_talking(folder, "model", None);
    let text = "It was a dark and stormy night. ".repeat(8);
    fs::write(folder.join("text.txt"), &text).unwrap();
    let eval = |extra: &[&str]| {
        let args = ["eval", "--model", "model", "--text", "text.txt", "--json"];
        json_of(&run(folder, &[&args[..], extra].concat()))
    };
    let whole = eval(&[]);
    let loss = whole["loss"].as_f64().unwrap();
    // The whole text is two windows of 128 and 111 predictions.
    let by_the_lesson = lesson_loss(&folder.join("model"), &text);
    assert!((loss - by_the_lesson).abs() < 1e-3, "{loss} and {by_the_lesson}");
    assert!((whole["perplexity"].as_f64().unwrap() - loss.exp()).abs() < 1e-6);
    let windows = eval(&["--window", "16"])["loss"].as_f64().unwrap();
    assert!((windows - loss).abs() < 2.0 && windows != loss, "{windows} and {loss}");
    for weights in ["bf16", "int8", "int4"] {
        let rounded = eval(&["--weights", weights])["loss"].as_f64().unwrap();
        assert!((rounded - loss).abs() < 0.5 && rounded != loss, "{weights}: {rounded} and {loss}");
    }
    let refused = run(folder, &["eval", "--model", "model", "--text", "text.txt", "--window", "129"]);
    assert_one_line_error(&refused, 1, &["--window is 129", "at most 128 tokens"]);
}

#[test]
fn the_speed_of_a_model() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_talking(folder, "model", None);
    let refused = run(folder, &["bench", "--model", "model", "--runs", "1"]);
    assert_one_line_error(&refused, 1, &["512 tokens", "128"]);
    let refused = run(folder, &["bench", "--model", "nowhere", "--runs", "1"]);
    assert_one_line_error(&refused, 1, &["nowhere holds no Llama", "--size"]);
}
