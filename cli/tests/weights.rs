//! GPT-2's published files, used as they are and imported.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::llama::{golden as golden_llama, save_talking_gguf};
use common::{LLM, assert_one_line_error, run, stdout};
use serde_json::Value;

/// A tiny model in the form of Hugging Face (`gpt2-tiny-hf`) or OpenAI (`gpt2-tiny-openai`).
fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/model-files/tests/golden").join(name)
}

fn expected(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(golden(name).join("expected.json")).unwrap()).unwrap()
}

/// The greedy continuation of the first four ids must be the one that the reference computed.
fn assert_writes_as_expected(folder: &Path, model: &str, expected: &Value) {
    let row: Vec<u64> = expected["ids"][0].as_array().unwrap().iter().map(|id| id.as_u64().unwrap()).collect();
    let prompt: Vec<String> = row[..4].iter().map(u64::to_string).collect();
    let greedy = &expected["greedy_from_first_4_ids"];
    let new = greedy.as_array().unwrap().len() - 4;
    let arguments = ["generate", "--model", model, "--prompt-ids", &prompt.join(","), "--json", "--device", "cpu"];
    let output = run(folder, &[&arguments[..], &["--max-new-tokens", &new.to_string()]].concat());
    let json: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(&json["ids"], greedy, "{model}");
}

#[test]
fn published_files_are_used_directly_and_imported() {
    for name in ["gpt2-tiny-hf", "gpt2-tiny-openai"] {
        let folder = tempfile::tempdir().unwrap();
        let (source, expected) = (golden(name), expected(name));
        let source = source.to_str().unwrap();
        assert_writes_as_expected(folder.path(), source, &expected);

        let output = run(folder.path(), &["weights", "import", "--from", source, "--out", "imported"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(stdout(&output).starts_with("imported: "));
        assert_writes_as_expected(folder.path(), "imported", &expected);

        let itself = run(folder.path(), &["weights", "import", "--from", "imported", "--out", "./imported"]);
        assert_one_line_error(&itself, 1, &["both the source and the target", "--out"]);
        let info = stdout(&run(folder.path(), &["info", "--model", "imported"]));
        assert!(info.contains("att.W_query.weight") || info.contains("att.w_query.weight"), "{info}");
    }
}

/// The user's data folder is in `no-data` where the system follows XDG.
#[cfg(target_os = "linux")]
#[test]
fn the_list_says_what_is_on_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let models = folder.path().join("no-data/llm-from-scratch/models");
    for (model, files) in [
        ("gpt2-small", &["config.json", "model.safetensors"][..]),
        ("gpt2-medium", &["config.json", "model.safetensors.part"]),
        ("smollm2-135m", &["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"]),
        ("qwen3-0.6b", &["config.json", "tokenizer.json", "model.safetensors"]),
    ] {
        fs::create_dir_all(models.join(model)).unwrap();
        files.iter().for_each(|file| fs::write(models.join(model).join(file), "").unwrap());
    }
    let list = stdout(&run(folder.path(), &["weights", "list"]));
    let small = models.join("gpt2-small");
    let fetch = |model: &str| format!("`{LLM} weights fetch {model}`");
    for part in [
        format!("gpt2-small\n  124 million parameters, 0.5 GB\n  {}\n", small.display()),
        format!("gpt2-medium; {} continues", fetch("gpt2-medium")),
        format!("gpt2-xl\n  1,558 million parameters, 6.4 GB\n  not on this machine; {}", fetch("gpt2-xl")),
    ] {
        assert!(list.contains(&part), "'{part}' is missing in {list}");
    }
    let json: Value = serde_json::from_str(&stdout(&run(folder.path(), &["weights", "list", "--json"]))).unwrap();
    let states: Vec<&str> = json.as_array().unwrap().iter().map(|model| model["state"].as_str().unwrap()).collect();
    let gpt2 = ["complete", "incomplete", "missing", "missing"];
    assert_eq!(states, [&gpt2[..], &["complete", "missing", "incomplete", "missing", "missing"]].concat());
    assert_eq!((&json[3]["millions"], &json[0]["path"]), (&1558.into(), &small.to_str().unwrap().into()));
}

/// A GGUF file, and a folder in 16 bits and several files, become folders that say the same.
#[test]
fn models_after_gpt2_are_imported() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_talking_gguf(folder, "model.gguf", "llama-tied/llama-tied-f16.gguf");
    let shards = golden_llama("llama3-untied");
    let text = ["--prompt", "add a bee", "--max-new-tokens", "12"];
    let ids = ["--prompt-ids", "5,6,7", "--max-new-tokens", "12"];
    for (source, prompt) in [("model.gguf", &text), (shards.to_str().unwrap(), &ids)] {
        let output = run(folder, &["weights", "import", source, "--out", "out"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(stdout(&output).starts_with("out: "), "{}", stdout(&output));
        let told = |model: &str| stdout(&run(folder, &[&["generate", "--model", model], &prompt[..]].concat()));
        assert_eq!(told("out"), told(source));
        assert_ne!(told("out"), "");
    }
    // The second model has no tokenizer, and does not get the one of the first.
    assert!(!folder.join("out/tokenizer.json").exists() && folder.join("out/generation_config.json").exists());
    let itself = run(folder, &["weights", "import", "out", "--out", "./out"]);
    assert_one_line_error(&itself, 1, &["both the source and the target"]);
    fs::create_dir(folder.join("mine")).unwrap();
    fs::write(folder.join("mine/tokenizer.json"), "{}").unwrap();
    let kept = run(folder, &["weights", "import", "model.gguf", "--out", "mine"]);
    assert_one_line_error(&kept, 1, &["mine/tokenizer.json would be replaced, but belongs to no model"]);
    let missing = run(folder, &["weights", "import", "no.gguf", "--out", "out"]);
    assert_one_line_error(&missing, 1, &["cannot read no.gguf"]);
    assert_eq!(run(folder, &["weights", "import", "--out", "out"]).status.code(), Some(2));
}

/// An instruction-tuned model gives way to a raw one: `serve` and `chat` must not take the new one for the old.
#[test]
fn what_belongs_to_the_model_that_was_there_goes() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    fs::create_dir_all(out.join("adapter")).unwrap();
    let of_the_model =
        ["config.json", "model.safetensors", "instruct.json", "adapter/adapter_config.json", "learning-rate.svg"];
    for file in [&of_the_model[..], &["notes.txt"]].concat() {
        fs::write(out.join(file), "{}").unwrap();
    }
    let source = golden("gpt2-tiny-hf");
    let output = run(folder.path(), &["weights", "import", "--from", source.to_str().unwrap(), "--out", "out"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut left: Vec<String> =
        fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, ["config.json", "model.safetensors", "notes.txt"]);
}

/// The user's umask says who may read a model, as for any other file.
#[cfg(unix)]
#[test]
fn files_have_the_permissions_of_the_umask() {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    let (folder, source) = (tempfile::tempdir().unwrap(), golden("gpt2-tiny-hf"));
    for (umask, expected) in [("027", 0o640), ("002", 0o664), ("077", 0o600)] {
        let script = format!("umask {umask}; exec \"$0\" weights import --from \"$1\" --out out-{umask}");
        let program = Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_llm"), source.to_str().unwrap()])
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert!(program.status.success(), "{}", String::from_utf8_lossy(&program.stderr));
        for file in ["config.json", "model.safetensors"] {
            let file = folder.path().join(format!("out-{umask}")).join(file);
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, expected, "{}", file.display());
        }
    }
}

#[test]
fn a_folder_without_a_model_is_refused_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    let output = run(folder.path(), &["weights", "import", "--from", "empty", "--out", "imported"]);
    assert_one_line_error(&output, 1, &["empty holds no model", "model.safetensors", "hparams.json"]);
    assert!(!folder.path().join("imported").exists());
}
