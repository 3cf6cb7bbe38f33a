//! Text in the forms in which it comes: as different editors write it, with a hyphen in front, with GPT-2's end-of-text marker.

mod common;

use std::fs;
use std::path::Path;
use std::process::Output;

use common::server::{save_follower, save_writer};
use common::{assert_one_line_error, run, stdout};
use serde_json::Value;

/// A text with line feeds; with a byte order mark and Windows' line breaks; with those of old Macs.
fn forms(text: &str) -> [String; 3] {
    [text.to_string(), format!("\u{feff}{}", text.replace('\n', "\r\n")), text.replace('\n', "\r")]
}

fn assert_success(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn json(output: &Output) -> Value {
    assert_success(output);
    serde_json::from_str(&stdout(output)).unwrap()
}

/// `len(encoding.encode(text, allowed_special={"<|endoftext|>"}))` is 9 in Python, and the first token is not predicted. In a
/// text to train on or to measure, the marker stands between documents.
#[test]
fn a_text_is_the_same_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    save_writer(folder.path(), "m", 64);
    let results = forms("One day.<|endoftext|>Another\nday.\n").map(|text| {
        fs::write(folder.path().join("text.txt"), text).unwrap();
        json(&run(folder.path(), &["eval", "--model", "m", "--text", "text.txt", "--json", "--device", "cpu"]))
    });
    assert_eq!(results[0]["tokens"], 8);
    assert_eq!(results[1..], [results[0].clone(), results[0].clone()]);
}

#[test]
fn a_configuration_is_the_same_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let config = r#"{"model": {"vocab_size": 50257, "context_length": 16, "emb_dim": 8, "n_heads": 2, "n_layers": 1,
        "drop_rate": 0.1, "qkv_bias": false},
        "training": {"batch_size": 4, "learning_rate": 0.01, "weight_decay": 0.1, "epochs": 1, "eval_freq": 20,
        "eval_iter": 1}}"#;
    let printed = forms(config).map(|config| {
        fs::write(folder.path().join("config.json"), config).unwrap();
        json(&run(folder.path(), &["pretrain", "--config", "config.json", "--print-config"]))
    });
    assert_eq!(printed[0]["model"]["emb_dim"], 8);
    assert_eq!(printed[1..], [printed[0].clone(), printed[0].clone()]);
}

/// Files of a model and a data set, all with a byte order mark and Windows' line breaks.
#[test]
fn a_model_and_its_tasks_are_the_same_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_follower(folder, "m", 64);
    let tasks: Vec<String> = (0..10)
        .map(|i| format!("{{\"instruction\": \"What is <|endoftext|> {i}?\",\n\"input\": null, \"output\": {i}}}"))
        .collect();
    let tasks = format!("[\n{}\n]\n", tasks.join(",\n"));
    let config = fs::read_to_string(folder.join("m/config.json")).unwrap();
    let answers = [0, 1, 2].map(|form| {
        let write = |name: &str, text: &str| fs::write(folder.join(name), &forms(text)[form]).unwrap();
        write("tasks.json", &tasks);
        write("m/config.json", &config);
        write("m/instruct.json", "{\"format\": \"alpaca\"\n}");
        let respond = ["instruct", "respond", "--model", "m", "--data", "tasks.json", "--out", "answers.json"];
        assert_success(&run(folder, &[&respond[..], &["--max-new-tokens", "2", "--device", "cpu"]].concat()));
        serde_json::from_str::<Value>(&fs::read_to_string(folder.join("answers.json")).unwrap()).unwrap()
    });
    assert_eq!((answers[0].as_array().unwrap().len(), &answers[0][0]["output"]), (1, &"8".into()));
    assert_eq!(answers[1..], [answers[0].clone(), answers[0].clone()]);
}

#[test]
fn a_text_of_another_encoding_is_called_so() {
    let folder = tempfile::tempdir().unwrap();
    let utf16: Vec<u8> = "\u{feff}Every effort".encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(folder.path().join("text.txt"), utf16).unwrap();
    let output = run(folder.path(), &["pretrain", "--text", "text.txt", "--out", "out"]);
    assert_one_line_error(&output, 1, &["text.txt is UTF-16 text, not UTF-8; save it as UTF-8"]);
    fs::write(folder.path().join("text.txt"), " \r\n").unwrap();
    let output = run(folder.path(), &["pretrain", "--text", "text.txt", "--out", "out"]);
    assert_one_line_error(&output, 1, &["text.txt has nothing but spaces and line breaks"]);
}

fn prompt_ids(folder: &Path, prompt: &str) -> Vec<u64> {
    let args = ["generate", "--model", "m", "--prompt", prompt, "--max-new-tokens", "1", "--json", "--device", "cpu"];
    let output = json(&run(folder, &args));
    let ids = output["ids"].as_array().unwrap();
    ids[..ids.len() - 1].iter().map(|id| id.as_u64().unwrap()).collect()
}

/// The ids are those of tiktoken's `encode_ordinary` in Python.
#[test]
fn a_prompt_is_ordinary_text_whatever_it_looks_like() {
    let folder = tempfile::tempdir().unwrap();
    save_writer(folder.path(), "m", 64);
    let prompts: [(&str, &[u64]); 6] = [
        ("- a list item", &[12, 257, 1351, 2378]),
        ("-50% today", &[12, 1120, 4, 1909]),
        ("--- chapter one", &[6329, 6843, 530]),
        ("-5", &[12, 20]),
        ("What is <|endoftext|>?", &[2061, 318, 1279, 91, 437, 1659, 5239, 91, 29, 30]),
        ("\u{feff}See you at eight", &[6214, 345, 379, 3624]),
    ];
    for (prompt, ids) in prompts {
        assert_eq!(prompt_ids(folder.path(), prompt), ids, "{prompt:?}");
    }
}

/// Who forgets a value gets an error, and not a text that nobody meant.
#[test]
fn an_option_is_no_value() {
    let folder = tempfile::tempdir().unwrap();
    save_writer(folder.path(), "m", 64);
    let output = run(folder.path(), &["generate", "--model", "m", "--prompt", "--stream"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("a value is required for '--prompt <TEXT>'"), "{told}");
    assert_success(&run(folder.path(), &["generate", "--model", "m", "--prompt=--stream", "--device", "cpu"]));
}

#[test]
fn a_file_name_may_begin_with_a_hyphen() {
    let folder = tempfile::tempdir().unwrap();
    save_writer(folder.path(), "-m", 64);
    fs::write(folder.path().join("- text"), "The boats went out and came home.").unwrap();
    assert_success(&run(folder.path(), &["eval", "--model", "-m", "--text", "- text", "--device", "cpu"]));
    assert_success(&run(folder.path(), &["classify", "prepare", "--out", "-parts"]));
    assert!(folder.path().join("-parts/train.csv").is_file());
}
