//! `llm generate`, `llm eval` and `llm info` on a small untrained model.

mod common;

use std::fs;
use std::path::Path;

use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use common::server::{save_classifier_of, save_writer};
use common::{LLM, assert_one_line_error, run, stdout};
use model_files::save_model;
use serde_json::Value;
use shared::GptConfig;
use shared::init::torch_init;
use shared::rng::TorchRng;

/// Saves an untrained model of seed 123 as `folder/model`.
fn save(folder: &Path, vocab_size: usize) {
    let config = GptConfig {
        vocab_size,
        context_length: 32,
        emb_dim: 16,
        n_heads: 2,
        n_layers: 2,
        drop_rate: 0.1,
        qkv_bias: false,
    };
    let model = torch_init(GptModel::new(&config, &Device::flex()), &mut TorchRng::new(123));
    save_model(&folder.join("model"), &config, &model).unwrap();
}

fn generate(folder: &Path, extra: &[&str]) -> std::process::Output {
    run(folder, &[&["generate", "--model", "model", "--device", "cpu"], extra].concat())
}

#[test]
fn seed_temperature_and_top_k_decide_and_the_cache_does_not() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), 50257);
    let text = |extra: &[&str]| {
        let prompt = ["--prompt", "The lamp was lit", "--max-new-tokens", "40"];
        let output = generate(folder.path(), &[&prompt[..], extra].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        stdout(&output)
    };
    let drawn = ["--temperature", "1.5", "--top-k", "40"];
    let of = |seed: &'static str| text(&[&drawn[..], &["--seed", seed]].concat());
    assert_eq!(of("1"), of("1"));
    assert_ne!(of("1"), of("2"));
    assert_ne!(of("1"), text(&[]));
    assert_eq!(text(&[&drawn[..], &["--no-cache"]].concat()), text(&drawn));
    assert_eq!(text(&["--stream"]), text(&[]), "40 new tokens pass the context of 32");
    assert_eq!(text(&[&drawn[..], &["--stream"]].concat()), text(&drawn));
}

/// The ids that `--json` prints, and what else was said.
fn ids(folder: &Path, extra: &[&str]) -> (Vec<u32>, String) {
    let output = generate(folder, &[extra, &["--json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let json: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let ids = json["ids"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as u32).collect();
    let said = String::from_utf8(output.stderr).unwrap();
    let (notes, how) = said.trim_end().rsplit_once('\n').unwrap_or(("", &said));
    assert!(how.starts_with('[') && how.contains("cut off at --max-new-tokens]"), "{said}");
    (ids, notes.to_string())
}

/// The book's `generate` shows the model the last tokens of a text, as many as its context holds.
#[test]
fn of_a_prompt_that_is_longer_than_the_context_the_end_counts() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), 50257);
    let prompt = "The boats went out, and the lamp was lit. ".repeat(4);
    let whole = Gpt2Tokenizer::new().encode_ordinary(&prompt);
    assert!(whole.len() > 32, "{}", whole.len());
    let left_out = whole.len() - 32;
    let (all, note) = ids(folder.path(), &["--prompt", &prompt, "--max-new-tokens", "5"]);
    for part in [format!("has {} tokens", whole.len()), "32 at once".into(), format!("the first {left_out} have no")] {
        assert!(note.contains(&part), "'{part}' is missing in {note}");
    }
    assert_eq!(note.lines().count(), 1, "{note}");
    assert_eq!(all[..whole.len()], whole, "the whole prompt is printed");

    let end: Vec<String> = whole[left_out..].iter().map(u32::to_string).collect();
    let (of_the_end, silence) = ids(folder.path(), &["--prompt-ids", &end.join(","), "--max-new-tokens", "5"]);
    assert_eq!(all[whole.len()..], of_the_end[32..]);
    assert_eq!(silence, "", "32 tokens fit");
    let (by_the_book, _) = ids(folder.path(), &["--prompt", &prompt, "--max-new-tokens", "5", "--no-cache"]);
    assert_eq!(by_the_book, all);
}

/// 茶 has three tokens, and the text ends after the second.
#[test]
fn half_a_character_is_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), 50257);
    let tokenizer = Gpt2Tokenizer::new();
    let mut ids = tokenizer.encode_ordinary("tea 茶");
    ids.pop();
    assert!(tokenizer.decode(&ids).unwrap().ends_with(char::REPLACEMENT_CHARACTER));
    let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
    let written = |how: &[&str]| {
        stdout(&generate(folder.path(), &[&["--prompt-ids", &ids.join(","), "--max-new-tokens", "0"], how].concat()))
    };
    assert_eq!(written(&[]).trim_end(), "tea");
    assert_eq!(written(&["--stream"]).trim_end(), "tea");
    let json: Value = serde_json::from_str(&written(&["--json"])).unwrap();
    assert_eq!(json["text"].as_str().unwrap().trim_end(), "tea");
}

#[test]
fn a_folder_with_something_else_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let generate = |model: &[&str]| run(folder, &[&["generate", "--prompt", "a"], model].concat());
    let pretrain = format!("`{LLM} pretrain`");
    let absent = ["runs/pretrain holds no model: there is no such folder", "--model", &pretrain];
    assert_one_line_error(&generate(&[]), 1, &absent);
    for (command, train) in [
        (&["instruct", "chat"][..], "instruct train"),
        (&["classify", "predict", "Hello"], "classify train"),
        (&["info"], "pretrain"),
        (&["eval"], "pretrain"),
    ] {
        assert_one_line_error(&run(folder, command), 1, &["there is no such folder", &format!("`{LLM} {train}`")]);
    }

    save_classifier_of(folder, "spam");
    let predict = format!("`{LLM} classify predict --model spam`");
    for command in [&["generate", "--prompt", "a"][..], &["eval"], &["instruct", "chat"]] {
        let output = run(folder, &[command, &["--model", "spam"]].concat());
        assert_one_line_error(&output, 1, &["spam holds a classifier, which does not write text", &predict]);
    }
    save_writer(folder, "writer", 64);
    let (write, train) = (format!("`{LLM} generate --model writer`"), format!("`{LLM} classify train --model writer`"));
    let predict = run(folder, &["classify", "predict", "--model", "writer", "Hello"]);
    assert_one_line_error(&predict, 1, &["writer holds no classifier: the model there writes text", &write, &train]);

    fs::create_dir(folder.join("empty")).unwrap();
    let pretrain = format!("`{LLM} pretrain --out empty`");
    assert_one_line_error(&generate(&["--model", "empty"]), 1, &["empty holds no model", "config.json", &pretrain]);
    fs::write(folder.join("empty/adapter_config.json"), "{}").unwrap();
    let with_adapter = format!("`{LLM} generate --model DIR --adapter empty`");
    assert_one_line_error(&generate(&["--model", "empty"]), 1, &["empty holds a LoRA adapter", &with_adapter]);

    save_writer(folder, "runs/pretrain", 64);
    let output = generate(&["--max-new-tokens", "2"]);
    assert!(output.status.success(), "without --model, the model of `pretrain` is used");
}

#[test]
fn options_that_do_not_fit_are_named() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), 50257);
    let with = |extra: &[&str]| generate(folder.path(), &[&["--prompt", "a"], extra].concat());
    assert_one_line_error(&with(&["--top-k", "0"]), 1, &["top-k is 0", "at least 1"]);
    assert_one_line_error(&with(&["--top-k", "50258"]), 1, &["top-k is 50258", "50257"]);
    assert_one_line_error(&with(&["--temperature=-0.5"]), 1, &["temperature is -0.5", "at least 0"]);
    assert_one_line_error(&with(&["--temperature", "nan"]), 1, &["temperature is NaN"]);
    let both = with(&["--stream", "--json"]);
    assert_eq!(both.status.code(), Some(2));
}

#[test]
fn a_model_with_another_vocabulary_speaks_in_ids() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), 300);
    let ids = ["--prompt-ids", "5,299,17", "--max-new-tokens", "4"];
    let json: Value =
        serde_json::from_str(&stdout(&generate(folder.path(), &[&ids[..], &["--json"]].concat()))).unwrap();
    assert_eq!(json["text"], "");
    let all: Vec<u64> = json["ids"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap()).collect();
    assert_eq!((&all[..3], all.len()), (&[5, 299, 17][..], 7));
    let plain: Vec<String> = all.iter().map(u64::to_string).collect();
    assert_eq!(stdout(&generate(folder.path(), &ids)).trim(), plain.join(","));
    assert_eq!(stdout(&generate(folder.path(), &[&ids[..], &["--stream"]].concat())).trim(), plain.join(" "));
    assert_one_line_error(&generate(folder.path(), &["--prompt", "a"]), 1, &["300 token ids", "--prompt-ids"]);
    assert_one_line_error(&generate(folder.path(), &["--prompt-ids", "300"]), 1, &["the id 300", "0 to 299"]);
}

#[test]
fn eval_measures_every_token_but_the_first() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), 50257);
    fs::write(folder.path().join("text.txt"), "The boats went out and came home. ".repeat(12)).unwrap();
    let eval = |text: &str, extra: &[&str]| {
        run(folder.path(), &[&["eval", "--model", "model", "--text", text, "--device", "cpu"], extra].concat())
    };
    let json: Value = serde_json::from_str(&stdout(&eval("text.txt", &["--json"]))).unwrap();
    let loss = json["loss"].as_f64().unwrap();
    // An untrained model hesitates between all tokens: ln(50257) is 10.8, and it is a little surer of wrong ones.
    assert!((10.5..12.0).contains(&loss), "{loss}");
    assert!((json["perplexity"].as_f64().unwrap() - loss.exp()).abs() < 1e-6);
    assert_eq!(json["tokens"], 8 * 12 + 1 - 1, "eight tokens a sentence, one for the last blank, less the first");
    assert!(stdout(&eval("text.txt", &[])).contains(&format!("{loss:.4}")));
    fs::write(folder.path().join("one.txt"), "a").unwrap();
    assert_one_line_error(&eval("one.txt", &[]), 1, &["one.txt has 1 token", "at least 2"]);
    assert_one_line_error(&eval("absent.txt", &[]), 1, &["absent.txt"]);
}

#[test]
fn info_lists_shapes_parameters_and_memory() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path(), 300);
    let told = stdout(&run(folder.path(), &["info", "--model", "model"]));
    for part in ["\"emb_dim\": 16", "trf_blocks.1.ff.expand.weight", "[16, 64]", "tied", "MB"] {
        assert!(told.contains(part), "{part} is missing in {told}");
    }
    // 2Vd + Cd + n(12d² + 10d) + 2d
    let parameters = 2 * 300 * 16 + 32 * 16 + 2 * (12 * 16 * 16 + 10 * 16) + 2 * 16;
    assert_eq!(parameters, 16_608);
    assert!(told.contains("16,608"), "{told}");
    assert_one_line_error(&run(folder.path(), &["info", "--model", "absent"]), 1, &["absent holds no model"]);

    let json: Value =
        serde_json::from_str(&stdout(&run(folder.path(), &["info", "--model", "model", "--json"]))).unwrap();
    assert_eq!((&json["config"]["emb_dim"], &json["config"]["qkv_bias"]), (&16.into(), &false.into()));
    assert_eq!((&json["num_params"], &json["bytes"]), (&16_608.into(), &(4 * 16_608).into()));
    assert_eq!(json["num_params_tied"], 16_608 - 300 * 16);
    let listed = json["parameters"].as_array().unwrap();
    assert_eq!(listed[0], serde_json::json!({"name": "tok_emb.weight", "shape": [300, 16], "num_values": 4800}));
    assert_eq!(listed.iter().map(|parameter| parameter["num_values"].as_u64().unwrap()).sum::<u64>(), 16_608);

    // A classifier has another head, which is tied to nothing.
    save_classifier_of(folder.path(), "spam");
    let told = stdout(&run(folder.path(), &["info", "--model", "spam"]));
    assert!(told.contains("out_head.bias") && told.contains("\"labels\"") && !told.contains("tied"), "{told}");
    let json: Value =
        serde_json::from_str(&stdout(&run(folder.path(), &["info", "--model", "spam", "--json"]))).unwrap();
    assert_eq!((&json["config"]["max_length"], &json["num_params_tied"]), (&20.into(), &Value::Null));
}
