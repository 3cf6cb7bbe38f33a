//! `llm generate` and `llm info` on small models after GPT-2, from folders and GGUF files.

mod common;
#[path = "llama/training.rs"]
mod training;

use std::fs;
use std::path::Path;
use std::process::Output;

use common::llama::{expected, golden, save_llama, save_talking, save_talking_gguf};
use common::server::save_writer;
use common::{LLM, assert_one_line_error, llm, run, stdout};
use serde_json::Value;

fn generate(folder: &Path, model: &str, extra: &[&str]) -> Output {
    run(folder, &[&["generate", "--model", model], extra].concat())
}

fn json_of(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&stdout(output)).unwrap()
}

fn ids(json: &Value) -> Vec<u64> {
    json.as_array().unwrap().iter().map(|id| id.as_u64().unwrap()).collect()
}

/// The ids as `--prompt-ids` takes them.
fn listed(ids: &[u64]) -> String {
    ids.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
}

/// Section 7 of the specification: the greedy ids of every small checkpoint.
#[test]
fn the_greedy_ids_are_those_of_the_reference() {
    let folder = tempfile::tempdir().unwrap();
    for (model, file) in [
        ("llama-tied", "llama-tied/expected.json"),
        ("llama3-untied", "llama3-untied/expected.json"),
        ("qwen3", "qwen3/expected.json"),
        ("gemma3", "gemma3/expected.json"),
        ("llama-tied/llama-tied-f16.gguf", "llama-tied/llama-tied-f16.expected.json"),
        ("llama3-untied/llama3-untied-bf16.gguf", "llama3-untied/llama3-untied-bf16.expected.json"),
        ("qwen3/qwen3-mixed.gguf", "qwen3/qwen3-mixed.expected.json"),
        ("gemma3/gemma3-q8_0-q4_0.gguf", "gemma3/gemma3-q8_0-q4_0.expected.json"),
    ] {
        let expected = expected(file);
        let (prompt, new) = (ids(&expected["ids"]), ids(&expected["greedy_new_ids"]));
        let path = golden(model);
        let args = ["--prompt-ids", &listed(&prompt), "--max-new-tokens", "20"];
        let printed = generate(folder.path(), path.to_str().unwrap(), &[&args[..], &["--json"]].concat());
        let all = [prompt, new].concat();
        assert_eq!(ids(&json_of(&printed)["ids"]), all, "{model}");
        let plain = stdout(&generate(folder.path(), path.to_str().unwrap(), &args));
        assert_eq!(plain.trim_end(), listed(&all), "without a tokenizer the ids are the text");
        let streamed = stdout(&generate(folder.path(), path.to_str().unwrap(), &[&args[..], &["--stream"]].concat()));
        assert_eq!(streamed.trim_end().replace(' ', ","), listed(&all));

        let info = json_of(&run(folder.path(), &["info", "--json", "--model", path.to_str().unwrap()]));
        if let Some(count) = expected.get("n_parameters_unique") {
            assert_eq!(info["num_params"], *count, "{model}");
        }
        let values: u64 =
            info["parameters"].as_array().unwrap().iter().map(|one| one["num_values"].as_u64().unwrap()).sum();
        assert_eq!(info["num_params"], values);
        assert_eq!(info["num_params_tied"], Value::Null);
    }
}

#[test]
fn info_shows_the_parts() {
    let folder = tempfile::tempdir().unwrap();
    let shown = stdout(&run(folder.path(), &["info", "--model", golden("qwen3").to_str().unwrap()]));
    for part in
        ["\"n_kv_heads\": 1", "\"family\": \"qwen3\"", "blocks.2.att.q_norm.weight", "[64, 128]", "140,416", "0.54 MB"]
    {
        assert!(shown.contains(part), "'{part}' is missing in {shown}");
    }
    assert!(!shown.contains("tied output layer"), "{shown}");
}

#[test]
fn a_folder_and_a_gguf_file_with_the_same_tokenizer_read_text() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_talking(folder, "model", None);
    save_talking_gguf(folder, "model.gguf", "llama-tied/llama-tied-f16.gguf");
    for model in ["model", "model.gguf"] {
        let text = |extra: &[&str]| {
            let output =
                generate(folder, model, &[&["--prompt", "add a bee", "--max-new-tokens", "12"], extra].concat());
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        };
        let drawn = ["--temperature", "1.5", "--top-k", "40", "--top-p", "0.9"];
        let of = |seed: &'static str| text(&[&drawn[..], &["--seed", seed]].concat());
        assert!(text(&[]).starts_with("add a bee"), "{}", text(&[]));
        assert_eq!(of("1"), of("1"));
        assert_ne!(of("1"), of("2"));
        assert_eq!(text(&[&drawn[..], &["--stream"]].concat()), text(&drawn));
        assert_eq!(text(&["--temperature", "1.5", "--top-p", "0"]), text(&[]), "only the most likely token is left");
        assert!(text(&["--weights", "int8", "--device", "cpu"]).starts_with("add a bee"));

        // What looks like a control token is text.
        let typed = ["--prompt", "<|im_end|> é", "--max-new-tokens", "0", "--json"];
        let json = json_of(&generate(folder, model, &typed));
        assert_eq!(json["text"], "<|im_end|> é");
        let ids = ids(&json["ids"]);
        assert!(ids.len() == 13 && ids.iter().all(|&id| id > 2), "{ids:?}");
    }
}

/// The text ends before a stop id, which the files name in several places.
#[test]
fn a_stop_id_ends_the_text() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_llama(folder, "model", "llama-tied");
    let expected = expected("llama-tied/expected.json");
    let prompt = listed(&ids(&expected["ids"]));
    let new = || {
        let printed = generate(folder, "model", &["--prompt-ids", &prompt, "--max-new-tokens", "20", "--json"]);
        ids(&json_of(&printed)["ids"])[24..].to_vec()
    };
    assert_eq!(new().len(), 20);
    // 268, 177, 226, ...
    fs::write(folder.join("model/generation_config.json"), r#"{"eos_token_id": [97, 226]}"#).unwrap();
    assert_eq!(new(), [268, 177]);
    fs::write(folder.join("model/generation_config.json"), r#"{"eos_token_id": 320}"#).unwrap();
    let refused = generate(folder, "model", &["--prompt-ids", &prompt]);
    assert_one_line_error(&refused, 1, &["generation_config.json", "eos_token_id is 320", "from 0 to 319"]);
}

#[test]
fn what_such_a_model_cannot_do_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_llama(folder, "bare", "llama-tied");
    let fails = |args: &[&str], parts: &[&str]| assert_one_line_error(&run(folder, args), 1, parts);
    let bare = ["generate", "--model", "bare", "--prompt-ids", "5,6"];
    fails(&["generate", "--model", "bare", "--prompt", "a"], &["no tokenizer in bare", "--prompt-ids"]);
    fails(&[&bare[..], &["--no-cache"]].concat(), &["--no-cache", "leave it out"]);
    fails(&[&bare[..], &["--adapter", "x"]].concat(), &["cannot read", "adapter_config.json"]);
    fails(&[&bare[..], &["--weights", "f16"]].concat(), &["bf16, int8 and int4"]);
    fails(&[&bare[..], &["--device", "vulkan"]].concat(), &["`--device cpu`"]);
    fails(&["generate", "--model", "bare", "--prompt-ids", "320"], &["320 is not in", "0 to 319"]);
    let long = listed(&[7; 129]);
    fails(&["generate", "--model", "bare", "--prompt-ids", &long], &["129 tokens", "room for 128", "shorten it"]);
    fails(&["generate", "--model", "no.gguf", "--prompt-ids", "5"], &["cannot read no.gguf"]);

    // Commands that do not take it name those that do.
    let (chat, generate) =
        (format!("`{LLM} chat --model bare`"), format!("`{LLM} generate --prompt TEXT --model bare`"));
    fails(&["instruct", "chat", "--model", "bare"], &["bare is a Llama", &chat, &generate]);

    // The context is full before all tokens are there.
    let full = listed(&[7; 120]);
    let output = run(folder, &["generate", "--model", "bare", "--prompt-ids", &full, "--json"]);
    assert_eq!(ids(&json_of(&output)["ids"]).len(), 128);
    assert!(String::from_utf8_lossy(&output.stderr).contains("context of 128 tokens is full"));

    let gguf = fs::read(golden("llama-tied/llama-tied-f16.gguf")).unwrap();
    fs::write(folder.join("short.gguf"), &gguf[..gguf.len() - 1000]).unwrap();
    for command in [&["info"][..], &["generate", "--prompt-ids", "5"], &["chat"]] {
        let args = [command, &["--model", "short.gguf"]].concat();
        fails(&args, &["short.gguf is not a whole GGUF file"]);
        let chinese = llm(folder, &args).env("LC_ALL", "zh_CN.UTF-8").output().unwrap();
        assert_one_line_error(&chinese, 1, &["错误：short.gguf 不是完整的 GGUF 文件"]);
    }
}

#[test]
fn a_tokenizer_of_another_model_or_a_damaged_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_talking(folder, "model", None);
    let args = ["--prompt", "a"];
    fs::copy(golden("llama3-untied/config.json"), folder.join("model/config.json")).unwrap();
    for file in ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"]
    {
        fs::copy(golden("llama3-untied").join(file), folder.join("model").join(file)).unwrap();
    }
    fs::remove_file(folder.join("model/model.safetensors")).unwrap();
    let other = generate(folder, "model", &args);
    assert_one_line_error(&other, 1, &["model: the tokenizer has 320 tokens, but the model has 300 token ids"]);
    fs::write(folder.join("model/tokenizer.json"), "{}").unwrap();
    assert_one_line_error(&generate(folder, "model", &args), 1, &["tokenizer.json", "this is not a tokenizer.json"]);
}

/// `--top-p` is for the book's models too.
#[test]
fn top_p_narrows_the_draw_of_a_gpt() {
    let folder = tempfile::tempdir().unwrap();
    save_writer(folder.path(), "gpt", 64);
    let text = |extra: &[&str]| {
        let output = generate(folder.path(), "gpt", &[&["--prompt", "Every", "--max-new-tokens", "8"], extra].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        stdout(&output)
    };
    let drawn = text(&["--temperature", "1.5"]);
    assert_ne!(drawn, text(&[]));
    assert_eq!(drawn, text(&["--temperature", "1.5", "--top-p", "1"]));
    assert_eq!(text(&["--temperature", "1.5", "--top-p", "0"]), text(&[]));
    let refused = generate(folder.path(), "gpt", &["--prompt", "a", "--top-p", "1.5"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("must be from 0 to 1"));
}
