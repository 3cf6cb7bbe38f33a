//! LoRA from the command line: an adapter and the model that it fits write what the merged model writes.

mod common;

use std::fs;
use std::path::Path;

use common::server::save_writer;
use common::{assert_one_line_error, run, stdout};
use serde_json::{Value, json};

const TRAIN: [&str; 10] =
    ["instruct", "train", "--data", "tasks.json", "--device", "cpu", "--epochs", "2", "--lr", "0.05"];
const LORA: [&str; 4] = ["--lora-rank", "4", "--lora-alpha", "8"];

/// A folder with an untrained model and 20 tasks.
fn prepare() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    save_writer(folder.path(), "base", 64);
    let tasks: Vec<Value> = (0..20)
        .map(|i| json!({ "instruction": format!("Add 1 to {i}."), "input": "", "output": (i + 1).to_string() }))
        .collect();
    fs::write(folder.path().join("tasks.json"), Value::from(tasks).to_string()).unwrap();
    folder
}

/// Trains and gives back what the program said.
fn train(folder: &Path, extra: &[&[&str]]) -> String {
    let output = run(folder, &[&TRAIN[..], &extra.concat()].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    stdout(&output)
}

/// What a model writes after a few words.
fn write(folder: &Path, model: &[&str]) -> String {
    let how = ["generate", "--prompt", "Add 1 to", "--max-new-tokens", "20", "--device", "cpu", "--model"];
    let output = run(folder, &[&how[..], model].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    stdout(&output)
}

#[test]
fn the_base_with_the_adapter_writes_what_the_merged_model_writes() {
    let folder = prepare();
    let folder = folder.path();
    let told = train(folder, &[&["--model", "base", "--out", "tuned"], &LORA]);
    assert!(told.contains("adapter: tuned/adapter, for the model in base"), "{told}");
    let merged = write(folder, &["tuned"]);
    assert_eq!(write(folder, &["base", "--adapter", "tuned/adapter"]), merged);
    assert_ne!(write(folder, &["base"]), merged, "the adapter does something");

    // A run that goes on from the merged model needs another folder: its adapter would lose the model that it fits.
    let same = run(folder, &[&TRAIN[..], &["--model", "tuned", "--out", "./tuned"], &LORA].concat());
    assert_one_line_error(&same, 1, &["tuned is both --model and --out", "another folder with --out"]);
    assert_eq!(write(folder, &["tuned"]), merged, "nothing was written");

    // A folder of the user's with such a name is not taken for a part of an earlier model.
    for name in ["adapter", "base"] {
        fs::create_dir_all(folder.join("mine").join(name)).unwrap();
        fs::write(folder.join("mine").join(name).join("notes.txt"), "mine").unwrap();
        let output = run(folder, &[&TRAIN[..], &["--model", "base", "--out", "mine"], &LORA].concat());
        assert_one_line_error(&output, 1, &[&format!("mine/{name} would be replaced"), "--out"]);
        if name == "adapter" {
            fs::write(folder.join("story.txt"), "The boats went out and the boats came home. ".repeat(200)).unwrap();
            let pretrain = run(folder, &["pretrain", "--text", "story.txt", "--out", "mine"]);
            assert_one_line_error(&pretrain, 1, &["mine/adapter would be replaced", "--out"]);
            let import = run(folder, &["weights", "import", "--from", "base", "--out", "mine"]);
            assert_one_line_error(&import, 1, &["mine/adapter would be replaced", "--out"]);
        }
        assert!(folder.join("mine").join(name).join("notes.txt").exists());
        fs::remove_dir_all(folder.join("mine")).unwrap();
    }

    // An adapter does not stay beside a model that it has nothing to do with.
    train(folder, &[&["--model", "tuned", "--out", "tuned"]]);
    assert!(!folder.join("tuned/adapter").exists());
}

/// The ids are those of `transformers` with `peft`; see `engine/model-files/tests/peft`.
#[test]
fn an_adapter_of_peft_for_hugging_face_s_gpt2_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/model-files/tests/golden");
    for case in ["linear", "bf16"] {
        let adapter = golden.join("peft").join(case);
        let expected: Value =
            serde_json::from_str(&fs::read_to_string(adapter.join("expected.json")).unwrap()).unwrap();
        let greedy = expected["greedy"].as_array().unwrap();
        let prompt: Vec<String> = greedy[..4].iter().map(Value::to_string).collect();
        let (model, new) = (golden.join("gpt2-tiny-hf"), (greedy.len() - 4).to_string());
        let args = ["generate", "--model", model.to_str().unwrap(), "--adapter", adapter.to_str().unwrap()];
        let how = ["--prompt-ids", &prompt.join(","), "--max-new-tokens", &new, "--device", "cpu", "--json"];
        let output = run(folder.path(), &[&args[..], &how].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let json: Value = serde_json::from_str(&stdout(&output)).unwrap();
        assert_eq!(&json["ids"], &expected["greedy"], "{case}");
    }
}

/// Without --model, the base is a tiny model that is nowhere else.
#[test]
fn a_base_from_memory_is_kept_beside_its_adapter() {
    let folder = prepare();
    let folder = folder.path();
    train(folder, &[&["--out", "tuned"], &LORA]);
    let merged = write(folder, &["tuned"]);
    assert_eq!(write(folder, &["tuned/base", "--adapter", "tuned/adapter"]), merged);
    assert_ne!(write(folder, &["tuned/base"]), merged);

    // It may be the beginning of another run into the same folder, and goes when nothing needs it.
    train(folder, &[&["--model", "tuned/base", "--out", "tuned"], &LORA]);
    assert_eq!(write(folder, &["tuned/base", "--adapter", "tuned/adapter"]), write(folder, &["tuned"]));
    train(folder, &[&["--model", "base", "--out", "tuned"], &LORA]);
    assert!(folder.join("tuned/adapter").exists() && !folder.join("tuned/base").exists());
}

/// The additions fit a class head that is random and nowhere else, so the merged classifier is all there is.
#[test]
fn a_classifier_is_saved_merged_and_without_an_adapter() {
    let folder = prepare();
    let folder = folder.path();
    let classify = ["classify", "train", "--model", "base", "--out", "spam", "--epochs", "1", "--device", "cpu"];
    let output = run(folder, &[&classify[..], &["--lora-rank", "4"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut files: Vec<String> = fs::read_dir(folder.join("spam"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(files, ["accuracy.svg", "config.json", "confusion.svg", "losses.svg", "model.safetensors"]);
    assert!(run(folder, &["classify", "predict", "--model", "spam", "You have won!"]).status.success());
}
