//! `llm pretrain` and `llm generate` from end to end, good input and bad.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::{assert_one_line_error, llm, run, stdout};
use serde_json::Value;

/// A configuration of a model and a run that takes a second.
fn small_config(folder: &Path) -> PathBuf {
    let path = folder.join("small.json");
    let json = r#"{"model": {"vocab_size": 50257, "context_length": 16, "emb_dim": 8, "n_heads": 2, "n_layers": 1,
        "drop_rate": 0.1, "qkv_bias": false},
        "training": {"batch_size": 4, "learning_rate": 0.01, "weight_decay": 0.1, "epochs": 1, "eval_freq": 20,
        "eval_iter": 1}}"#;
    std::fs::write(&path, json).unwrap();
    path
}

/// A text of a few hundred tokens, enough for both parts.
fn short_text(folder: &Path) -> PathBuf {
    let path = folder.join("short.txt");
    std::fs::write(&path, "The boats went out and the boats came home again. ".repeat(60)).unwrap();
    path
}

/// A small run into `folder/out` with a log; returns its arguments.
fn train(folder: &Path) -> Vec<String> {
    let (config, text) = (small_config(folder), short_text(folder));
    ["pretrain", "--config", config.to_str().unwrap(), "--text", text.to_str().unwrap(), "--prompt", "The boats"]
        .into_iter()
        .chain(["--out", "out", "--log", "log.jsonl", "--device", "cpu"])
        .map(str::to_string)
        .collect()
}

fn log(folder: &Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("log.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn strs(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}

#[test]
fn a_run_logs_every_step_saves_a_model_and_the_model_writes() {
    let folder = tempfile::tempdir().unwrap();
    let args = train(folder.path());
    let output = run(folder.path(), &strs(&args));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told = stdout(&output);
    assert!(told.contains("Ep 1 (Step 000000): Train loss 10."), "{told}");
    assert!(told.contains("generate --model out --prompt"), "{told}");
    assert!(told.contains("\nlowest validation loss: "), "{told}");

    let lines = log(folder.path());
    let kind = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).collect::<Vec<_>>();
    for (i, line) in kind("step").iter().enumerate() {
        assert_eq!(line["step"], i);
        assert!(line["loss"].is_f64());
    }
    assert!(kind("step").len() > 5);
    let first = kind("eval")[0];
    assert_eq!((&first["epoch"], &first["step"], &first["tokens_seen"]), (&1.into(), &0.into(), &64.into()));
    assert!(first["train_loss"].is_f64() && first["val_loss"].is_f64());
    let [sample] = kind("sample")[..] else { panic!("one sample") };
    assert_eq!(sample["ids"].as_array().unwrap().len(), 2 + 20);

    assert!(fs::read_to_string(folder.path().join("out/losses.svg")).unwrap().contains("<polyline"));
    let generate = ["generate", "--model", "out", "--prompt", "The boats", "--max-new-tokens", "20", "--json"];
    let output = run(folder.path(), &generate);
    let written: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(written["ids"], sample["ids"], "the saved model writes what the trained one wrote");
    assert_eq!(written["text"], sample["text"]);

    let ids = ["generate", "--model", "out", "--prompt-ids", "464,16659", "--max-new-tokens", "20"];
    assert_eq!(stdout(&run(folder.path(), &ids)).trim_end(), sample["text"].as_str().unwrap().trim_end());
}

#[test]
fn the_same_seed_gives_the_same_run_and_another_seed_another() {
    let folder = tempfile::tempdir().unwrap();
    let mut args = train(folder.path());
    let losses = |args: &[String]| {
        assert!(run(folder.path(), &strs(args)).status.success());
        log(folder.path()).iter().filter(|l| l["kind"] == "step").map(|l| l["loss"].clone()).collect::<Vec<_>>()
    };
    let first = losses(&args);
    assert_eq!(losses(&args), first);
    args.extend(["--seed".to_string(), "7".to_string()]);
    assert_ne!(losses(&args), first);
}

#[test]
fn products_with_16_bits_give_nearly_the_same_losses() {
    let folder = tempfile::tempdir().unwrap();
    let args = train(folder.path());
    let losses = |precision: &str| {
        let output = run(folder.path(), &[&strs(&args)[..], &["--precision", precision]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let steps = log(folder.path()).into_iter().filter(|line| line["kind"] == "step");
        steps.map(|line| line["loss"].as_f64().unwrap()).collect::<Vec<_>>()
    };
    let exact = losses("f32");
    for precision in ["bf16", "f16"] {
        let mixed = losses(precision);
        assert_ne!(mixed, exact);
        for (mixed, exact) in mixed.iter().zip(&exact) {
            assert!((mixed / exact - 1.0).abs() < 0.01, "{precision}: {mixed}, with 32 bits {exact}");
        }
    }
    let f16 = ["generate", "--model", "out", "--prompt", "The boats", "--weights", "f16", "--device", "cpu"];
    assert_one_line_error(&run(folder.path(), &f16), 1, &["f16", "GPUs", "bf16"]);
}

/// Ctrl-C after the first epoch: exit code 130, and the folder holds a whole model and a checkpoint.
#[cfg(unix)]
#[test]
fn an_interrupt_leaves_the_last_complete_model() {
    let folder = tempfile::tempdir().unwrap();
    let mut args = train(folder.path());
    args.extend(["--epochs".to_string(), "100000".to_string()]);
    let child = llm(folder.path(), &strs(&args)).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let weights = folder.path().join("out/model.safetensors");
    let start = Instant::now();
    while !weights.exists() {
        assert!(start.elapsed() < Duration::from_secs(120), "no model was saved");
        std::thread::sleep(Duration::from_millis(20));
    }
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("interrupted after") && told.contains("pretrain --resume out"), "{told}");
    let mut files: Vec<String> = fs::read_dir(folder.path().join("out"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert!(files[0].starts_with("checkpoint-"), "{files:?}");
    assert_eq!(files[1..], ["config.json", "losses.svg", "model.safetensors"]);
    assert!(run(folder.path(), &["generate", "--model", "out", "--prompt", "The"]).status.success());
}

/// `llm pretrain | head -1` has closed the pipe long before the run is over.
#[test]
fn a_closed_pipe_does_not_end_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = llm(folder.path(), &strs(&train(folder.path()))).stdout(writer).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(log(folder.path()).last().unwrap()["kind"], "sample", "it came to its end");
    assert!(run(folder.path(), &["generate", "--model", "out", "--prompt", "The"]).status.success());

    // Nor does standard error, as when `tee` is ended together with the run: here by a note about the finished run.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = llm(folder.path(), &strs(&train(folder.path()))).stderr(writer).output().unwrap();
    assert_eq!((output.status.code(), log(folder.path()).last().unwrap()["kind"].as_str()), (Some(0), Some("sample")));

    // Where the output is the result, there is nothing to go on for.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = llm(folder.path(), &["info", "--model", "out"]).stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(1), ""));
}

#[test]
fn bad_texts_are_named_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("empty.txt"), "  \n").unwrap();
    fs::write(path.join("latin1.txt"), b"caf\xe9 and more").unwrap();
    fs::write(path.join("few.txt"), "only a few words here, no more").unwrap();
    let pretrain = |text: &str| run(path, &["pretrain", "--text", text, "--out", "out"]);
    assert_one_line_error(&pretrain("absent.txt"), 1, &["absent.txt", "No such file"]);
    assert_one_line_error(&pretrain("empty.txt"), 1, &["empty.txt has nothing but spaces"]);
    assert_one_line_error(&pretrain("latin1.txt"), 1, &["latin1.txt is not UTF-8", "offset 3"]);
    // 30 characters: 27 for training, 6 tokens; one window of 64 tokens needs 65.
    assert_one_line_error(&pretrain("few.txt"), 1, &["tokens", "at least 65"]);
    assert!(!path.join("out").exists());
}

#[test]
fn a_text_without_a_full_batch_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (config, text) = (small_config(folder.path()), short_text(folder.path()));
    let args = ["pretrain", "--config", config.to_str().unwrap(), "--text", text.to_str().unwrap()];
    let output = run(folder.path(), &[&args[..], &["--batch-size", "500"]].concat());
    assert_one_line_error(&output, 1, &["windows of 16 tokens", "one batch needs 500"]);
}

#[test]
fn impossible_settings_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let good = fs::read_to_string(small_config(path)).unwrap();
    let with = |from: &str, to: &str| {
        assert!(good.contains(from));
        fs::write(path.join("bad.json"), good.replace(from, to)).unwrap();
        run(path, &["pretrain", "--config", "bad.json", "--out", "out"])
    };
    let heads = with("\"n_heads\": 2", "\"n_heads\": 3");
    assert_one_line_error(&heads, 1, &["bad.json", "n_heads is 3", "a divisor of emb_dim, which is 8"]);
    assert_one_line_error(&with("\"n_layers\": 1", "\"n_layers\": 0"), 1, &["n_layers is 0", "at least 1"]);
    assert_one_line_error(&with("\"n_layers\": 1", "\"n_leyers\": 1"), 1, &["bad.json", "n_leyers"]);
    assert_one_line_error(&with("50257", "100"), 1, &["vocab_size is 100", "at least 257"]);
    let rate = run(path, &["pretrain", "--lr", "nan", "--out", "out"]);
    assert_one_line_error(&rate, 1, &["learning_rate is NaN"]);
    let rate = run(path, &["pretrain", "--drop-rate", "1.0", "--out", "out"]);
    assert_one_line_error(&rate, 1, &["drop_rate is 1", "below 1"]);
    assert!(!path.join("out").exists());
}

/// What the file leaves out comes from the size, and the printed settings make the same run.
#[test]
fn a_configuration_is_printed_and_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    short_text(path);
    fs::write(path.join("part.json"), r#"{"model": {"context_length": 16, "emb_dim": 12, "n_layers": 1}}"#).unwrap();
    let options = ["--epochs", "1", "--warmup-ratio", "0.5", "--seed", "5", "--out", "out", "--log", "log.jsonl"];
    let pretrain = |config: &str, extra: &[&str]| {
        let output = run(path, &[&["pretrain", "--text", "short.txt", "--config", config], extra].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        stdout(&output)
    };
    let printed = pretrain("part.json", &[&options[..], &["--print-config"]].concat());
    assert!(!path.join("out").exists() && !path.join("log.jsonl").exists(), "it only prints");
    let whole: Value = serde_json::from_str(&printed).unwrap();
    let (model, training) = (&whole["model"], &whole["training"]);
    assert_eq!((&model["emb_dim"], &model["n_heads"], &model["drop_rate"]), (&12.into(), &4.into(), &0.1.into()));
    assert_eq!((&training["epochs"], &training["batch_size"]), (&1.into(), &4.into()));
    assert_eq!((&training["learning_rate"], &whole["seed"]), (&0.002.into(), &5.into()));
    assert!(whole["recipe"]["schedule"]["warmup_steps"].as_u64().unwrap() > 1, "{printed}");

    fs::write(path.join("whole.json"), &printed).unwrap();
    assert_eq!(pretrain("whole.json", &["--print-config"]), printed);
    pretrain("part.json", &options);
    let from_options = log(path);
    pretrain("whole.json", &["--out", "again", "--log", "log.jsonl"]);
    assert_eq!(log(path), from_options);

    let small = pretrain("part.json", &["--size", "gpt2-small", "--print-config"]);
    let small: Value = serde_json::from_str(&small).unwrap();
    assert_eq!((&small["model"]["emb_dim"], &small["model"]["n_heads"]), (&12.into(), &12.into()));
}

#[test]
fn command_lines_that_make_no_sense_exit_with_2() {
    let folder = tempfile::tempdir().unwrap();
    for (args, part) in [
        (&["pretrain", "--device", "gpu"][..], "there is no device 'gpu'"),
        (&["pretrain", "--size", "125M"], "there is no model size '125M'"),
        (&["pretrain", "--epochs", "0"], "must be at least 1"),
        (&["pretrain", "--text", "a", "--dataset", "b"], "cannot be used with"),
        (&["generate", "--model", "a"], "--prompt"),
        (&["learn"], "unrecognized subcommand"),
    ] {
        let output = run(folder.path(), args);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
        assert!(stderr.contains(part), "{args:?}: {stderr}");
    }
}

#[cfg(not(feature = "cuda"))]
#[test]
fn a_device_that_is_not_compiled_in_names_the_feature() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["pretrain", "--device", "cuda", "--out", "out"]);
    assert_one_line_error(&output, 1, &["'cuda' is not compiled in", "--features cuda"]);
    assert!(!folder.path().join("out").exists());
}

#[test]
fn an_output_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let output = run(folder.path(), &["pretrain", "--out", "file/out"]);
    assert_one_line_error(&output, 1, &["cannot write into the folder file/out"]);
    let output = run(folder.path(), &["pretrain", "--out", "out", "--log", "absent/log.jsonl"]);
    assert_one_line_error(&output, 1, &["cannot write the log absent/log.jsonl"]);
}

#[test]
fn damaged_models_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    assert!(run(path, &strs(&train(path))).status.success());
    let generate = |extra: &[&str]| run(path, &[&["generate", "--model", "out"], extra].concat());
    let prompt = ["--prompt", "The"];
    let (weights, config) = (path.join("out/model.safetensors"), path.join("out/config.json"));
    let (whole, sizes) = (fs::read(&weights).unwrap(), fs::read_to_string(&config).unwrap());

    for length in [0, 7, 100, whole.len() / 2, whole.len() - 1] {
        fs::write(&weights, &whole[..length]).unwrap();
        assert_one_line_error(&generate(&prompt), 1, &["model.safetensors is not a whole safetensors file"]);
    }
    fs::write(&weights, &whole).unwrap();
    fs::write(&config, sizes.replace("\"context_length\": 16", "\"context_length\": 32")).unwrap();
    assert_one_line_error(&generate(&prompt), 1, &["model.safetensors", "pos_emb.weight", "[16, 8]", "[32, 8]"]);
    fs::write(&config, sizes.replace("\"n_layers\": 1", "\"n_layers\": 2")).unwrap();
    assert_one_line_error(&generate(&prompt), 1, &["model.safetensors", "trf_blocks.1.", "missing"]);
    fs::write(&config, sizes.replace("\"n_heads\": 2", "\"n_heads\": 0")).unwrap();
    assert_one_line_error(&generate(&prompt), 1, &["config.json", "n_heads is 0"]);
    fs::write(&config, "{").unwrap();
    assert_one_line_error(&generate(&prompt), 1, &["config.json is not a model configuration"]);
    fs::remove_file(&config).unwrap();
    assert_one_line_error(&generate(&prompt), 1, &["out holds no model", "config.json is missing"]);

    fs::write(&config, &sizes).unwrap();
    assert_one_line_error(&generate(&["--prompt", ""]), 1, &["the prompt is empty"]);
    assert_one_line_error(&generate(&["--prompt-ids", "5,60000"]), 1, &["60000", "0 to 50256"]);
}
