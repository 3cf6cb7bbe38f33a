//! `llm tokenizer`, and models with a vocabulary of their own in every command.

mod common;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use ch02_text::bonus::Gpt2Files;
use ch02_text::{END_OF_TEXT, Gpt2Tokenizer};
use common::server::serve_in;
use common::{LLM, assert_one_line_error, llm, run, stdout};
use serde_json::{Value, json};
use shared::data;

/// Runs the program with this text on standard input.
fn pipe(folder: &Path, args: &[&str], input: &[u8]) -> Output {
    let mut child =
        llm(folder, args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn succeeds(output: Output) -> String {
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output)
}

// Encoding and decoding

/// The ids are tiktoken's.
#[test]
fn a_text_is_shown_piece_by_piece() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let shown = succeeds(run(path, &["tokenizer", "encode", "Akwirw ier 水"]));
    let rows: Vec<&str> = shown.lines().map(str::trim).collect();
    let expected = [
        "33901  \"Ak\"",
        "86  \"w\"",
        "343  \"ir\"",
        "86  \"w\"",
        "220  \" \"",
        "959  \"ier\"",
        "10545  \" \\xe6\"",
        "108  \"\\xb0\"",
        "112  \"\\xb4\"",
        "9 tokens, 12 characters",
    ];
    assert_eq!(rows, expected);
    assert!(succeeds(run(path, &["tokenizer", "encode", "a"])).ends_with("\n1 token, 1 character\n"));
    assert_eq!(succeeds(run(path, &["tokenizer", "encode", "Hello, world", "--ids"])), "15496,11,995\n");
    let json: Value = serde_json::from_str(&succeeds(run(path, &["tokenizer", "encode", "--json", "Hi 水"]))).unwrap();
    assert_eq!(json, json!({ "ids": [17250, 10545, 108, 112], "pieces": ["Hi", " \u{fffd}", "\u{fffd}", "\u{fffd}"] }));
}

#[test]
fn ids_become_text_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for ids in [&["15496,11,995"][..], &["15496", "11", "995"], &["[15496, 11, 995]"]] {
        assert_eq!(succeeds(run(path, &[&["tokenizer", "decode"], ids].concat())), "Hello, world\n");
    }
    let text = "two lines\n\n\tand 水 at the end\n";
    let ids = succeeds(pipe(path, &["tokenizer", "encode", "--ids"], text.as_bytes()));
    assert_eq!(succeeds(pipe(path, &["tokenizer", "decode"], ids.as_bytes())), text);
    let json: Value =
        serde_json::from_str(&succeeds(run(path, &["tokenizer", "decode", "--json", "15496,11"]))).unwrap();
    assert_eq!(json, json!({ "text": "Hello,", "pieces": ["Hello", ","] }));

    assert_one_line_error(&run(path, &["tokenizer", "decode", "15496,60000"]), 1, &["the id 60000", "from 0 to 50256"]);
    assert_one_line_error(&run(path, &["tokenizer", "decode", "15496,x"]), 1, &["'x' is not an id"]);
    assert_one_line_error(&pipe(path, &["tokenizer", "decode"], b"\n"), 1, &["there are no ids"]);
}

/// What a user types is text; in a text to train on the marker separates documents.
#[test]
fn the_marker_is_text_unless_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let ids = |extra: &[&str]| {
        let args = [&["tokenizer", "encode", "a<|endoftext|>", "--ids"], extra].concat();
        succeeds(run(folder.path(), &args))
    };
    assert_eq!(ids(&["--special"]), "64,50256\n");
    assert_eq!(ids(&[]), "64,27,91,437,1659,5239,91,29\n");
}

/// As Python's text mode reads it.
#[test]
fn a_byte_order_mark_is_no_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let ids = |input: &[u8]| succeeds(pipe(path, &["tokenizer", "encode", "--ids"], input));
    assert_eq!(ids(b"\xef\xbb\xbfHello\r\n"), "15496,198\n");
    assert_one_line_error(&pipe(path, &["tokenizer", "encode"], b"caf\xe9"), 1, &["standard input", "not UTF-8"]);
    assert_eq!(succeeds(run(path, &["tokenizer", "encode", "-5 degrees", "--ids"])), "12,20,7370\n");
}

// Training

fn train_vocabulary(folder: &Path, extra: &[&str]) -> Output {
    run(folder, &[&["tokenizer", "train", "--out", "vocabulary"], extra].concat())
}

#[test]
fn a_vocabulary_is_trained_saved_and_used() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let told = succeeds(train_vocabulary(path, &["--dataset", "station-tea", "--vocab-size", "1000"]));
    assert!(told.contains("vocabulary: 1,000 tokens: 256 bytes, 743 merges, <|endoftext|>"), "{told}");
    assert!(told.contains("7,813 characters are 5,925 tokens; with GPT-2's vocabulary 16,142"), "{told}");
    assert!(told.contains(&format!("{LLM} tokenizer encode --tokenizer vocabulary")), "{told}");
    assert!(told.contains(&format!("{LLM} pretrain --dataset station-tea --tokenizer vocabulary")), "{told}");

    let read = |name: &str| fs::read_to_string(path.join("vocabulary").join(name)).unwrap();
    let files = Gpt2Files::parse(&read("vocab.json"), &read("merges.txt")).unwrap();
    assert_eq!(files.tokens[999], END_OF_TEXT);
    let expected = Gpt2Tokenizer::with_vocabulary(files).unwrap().encode_ordinary("外婆泡茶，水开了");
    let json = succeeds(run(path, &["tokenizer", "encode", "外婆泡茶，水开了", "--tokenizer", "vocabulary", "--json"]));
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["ids"], json!(expected));
    assert_eq!(json["pieces"], json!(["外婆泡茶", "，", "水开了"]));
    let ids = expected.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    assert_eq!(succeeds(run(path, &["tokenizer", "decode", "--tokenizer", "vocabulary", &ids])), "外婆泡茶，水开了\n");
}

#[test]
fn a_text_that_gives_fewer_tokens_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("short.txt"), "the cat in the hat").unwrap();
    let output = train_vocabulary(path, &["--text", "short.txt", "--vocab-size", "1000"]);
    assert!(stdout(&output).contains("vocabulary: 260 tokens"), "{}", stdout(&output));
    assert!(stderr(&output).contains("note: the vocabulary has fewer than 1,000 tokens"), "{}", stderr(&output));
}

#[test]
fn a_vocabulary_that_cannot_be_trained_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let small = train_vocabulary(path, &["--vocab-size", "256"]);
    assert_eq!(small.status.code(), Some(2));
    assert!(stderr(&small).contains("must be at least 257"), "{}", stderr(&small));
    assert_one_line_error(&train_vocabulary(path, &["--vocab-size", "300", "--text", "absent"]), 1, &["absent"]);
    fs::create_dir(path.join("vocabulary")).unwrap();
    fs::write(path.join("vocabulary/config.json"), "{}").unwrap();
    let model = train_vocabulary(path, &["--vocab-size", "300"]);
    assert_one_line_error(&model, 1, &["vocabulary holds a model", "--out"]);
    let encode = |folder: &str| run(path, &["tokenizer", "encode", "a", "--tokenizer", folder]);
    assert_one_line_error(&encode("absent"), 1, &["absent has no whole vocabulary: vocab.json is missing"]);
    assert_one_line_error(&encode("vocabulary"), 1, &["config.json does not say how many token ids"]);
}

// Models

const CONFIG: &str = r#"{"model": {"vocab_size": 50257, "context_length": 24, "emb_dim": 8, "n_heads": 2, "n_layers": 1,
    "drop_rate": 0.1, "qkv_bias": false}, "training": {"batch_size": 4, "learning_rate": 0.01, "weight_decay": 0.1,
    "epochs": 2, "eval_freq": 20, "eval_iter": 1}}"#;

/// A model of the embedded Chinese story with 700 tokens, in `m`.
fn pretrain(folder: &Path, extra: &[&str]) -> Output {
    fs::write(folder.join("config.json"), CONFIG).unwrap();
    let args = ["pretrain", "--config", "config.json", "--dataset", "station-tea", "--out", "m", "--device", "cpu"];
    run(folder, &[&args[..], extra].concat())
}

fn vocabulary_of(folder: &Path) -> Option<String> {
    fs::read_to_string(folder.join("vocab.json")).ok()
}

fn checkpoint(folder: &Path) -> PathBuf {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.into_iter().find(|path| path.to_str().unwrap().contains("checkpoint-")).unwrap()
}

#[test]
fn a_model_is_trained_with_a_vocabulary_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let told = succeeds(pretrain(path, &["--vocab-size", "700", "--log", "log.jsonl"]));
    let m = path.join("m");
    let config: Value = serde_json::from_slice(&fs::read(m.join("config.json")).unwrap()).unwrap();
    assert_eq!(config["vocab_size"], 700);
    // 2 V d + C d + 12 d² + 10 d + 2 d of section 4.6.
    assert!(told.contains("12,256 parameters"), "{told}");

    // It was trained on the training part of the text.
    let text = data::find("station-tea").unwrap().text().unwrap();
    let training: String = text.chars().take(7813 * 9 / 10).collect();
    let files = ch02_text::bonus::train_bpe(&training, 700);
    assert_eq!(vocabulary_of(&m), Some(files.vocab_json()));
    assert_eq!(vocabulary_of(&checkpoint(&m)), Some(files.vocab_json()));
    let tokenizer = Gpt2Tokenizer::with_vocabulary(files).unwrap();

    let log = fs::read_to_string(path.join("log.jsonl")).unwrap();
    let sample: Value = serde_json::from_str(log.lines().last().unwrap()).unwrap();
    let prompt = tokenizer.encode_ordinary("水开了，外婆");
    let ids: Vec<u32> = serde_json::from_value(sample["ids"].clone()).unwrap();
    assert_eq!(ids[..prompt.len()], prompt);
    assert_eq!(sample["text"], tokenizer.decode_whole_characters(&ids).unwrap());
    let generate = ["generate", "--model", "m", "--prompt", "水开了，外婆", "--max-new-tokens", "20", "--json"];
    let written: Value = serde_json::from_str(&succeeds(run(path, &generate))).unwrap();
    assert_eq!((&written["ids"], &written["text"]), (&sample["ids"], &sample["text"]));

    let eval = ["eval", "--model", "m", "--dataset", "station-tea", "--json", "--device", "cpu"];
    let measured: Value = serde_json::from_str(&succeeds(run(path, &eval))).unwrap();
    assert_eq!(measured["tokens"], tokenizer.encode_ordinary(&text).len() - 1);
    assert!(measured["loss"].as_f64().unwrap() < 700f64.ln());
    let encode = ["tokenizer", "encode", "外婆", "--model", "m", "--json"];
    let encoded: Value = serde_json::from_str(&succeeds(run(path, &encode))).unwrap();
    assert_eq!(encoded["ids"], json!(tokenizer.encode_ordinary("外婆")));

    // Another vocabulary, and none: what the old one had left does not stay.
    succeeds(pretrain(path, &["--vocab-size", "600"]));
    assert!(vocabulary_of(&m).unwrap().contains(":599") && !vocabulary_of(&m).unwrap().contains(":699"));
    succeeds(pretrain(path, &["--vocab-size", "gpt2"]));
    assert!(vocabulary_of(&m).is_none() && !m.join("merges.txt").exists());
}

/// The tiny model is not all vocabulary: 2 V d + C d + n (12 d² + 10 d) + 2 d with V = 768, d = 96, C = 64, n = 3.
#[test]
fn the_default_run_has_a_small_vocabulary() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let told = succeeds(run(path, &["pretrain", "--epochs", "1", "--device", "cpu"]));
    assert!(told.starts_with("a vocabulary of 768 tokens of its own\n488,448 parameters"), "{told}");
    // Hugging Face's `tokenizers` learns 768 tokens from the first nine tenths and encodes both parts with them.
    assert!(told.contains("5,649 training tokens, 637 validation tokens"), "{told}");
    assert!(vocabulary_of(&path.join("runs/pretrain")).is_some());
    succeeds(run(path, &["generate", "--prompt", "The old clockmaker", "--max-new-tokens", "5"]));
}

/// Without a vocabulary, a model of 700 ids has no text.
#[test]
fn a_model_without_its_vocabulary_reads_ids_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    succeeds(pretrain(path, &["--vocab-size", "700", "--epochs", "1"]));
    for name in ["vocab.json", "merges.txt"] {
        fs::rename(path.join("m").join(name), path.join(name)).unwrap();
    }
    let generate =
        |extra: &[&str]| run(path, &[&["generate", "--model", "m", "--max-new-tokens", "3"], extra].concat());
    assert_one_line_error(
        &generate(&["--prompt", "a"]),
        1,
        &["700 token ids", "vocab.json and merges.txt", "--prompt-ids"],
    );
    let ids = succeeds(generate(&["--prompt-ids", "1,2"]));
    assert!(ids.starts_with("1,2,") && ids.trim().split(',').count() == 5, "{ids}");
    assert_one_line_error(&run(path, &["eval", "--model", "m"]), 1, &["700 token ids", "cannot read text"]);
    fs::rename(path.join("vocab.json"), path.join("m/vocab.json")).unwrap();
    assert_one_line_error(&generate(&["--prompt", "a"]), 1, &["m has no whole vocabulary: merges.txt is missing"]);
}

#[test]
fn a_vocabulary_of_another_folder_is_used_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    succeeds(train_vocabulary(path, &["--dataset", "lamp", "--vocab-size", "400"]));
    succeeds(pretrain(path, &["--tokenizer", "vocabulary"]));
    let trained = vocabulary_of(&path.join("vocabulary"));
    assert!(trained.is_some() && vocabulary_of(&path.join("m")) == trained);
    // That of a model.
    let out_is_m2 = ["--tokenizer", "m", "--out", "m2"];
    let args = ["pretrain", "--config", "config.json", "--dataset", "station-tea", "--epochs", "1", "--device", "cpu"];
    succeeds(run(path, &[&args[..], &out_is_m2].concat()));
    assert_eq!(vocabulary_of(&path.join("m2")), trained);

    succeeds(run(path, &["weights", "import", "--from", "m2", "--out", "m3"]));
    assert_eq!(vocabulary_of(&path.join("m3")), trained);

    // A vocabulary that belongs to no model is not overwritten, but it may become that of a model.
    let into = |extra: &[&str]| run(path, &[&args[..], &["--out", "vocabulary"], extra].concat());
    assert_one_line_error(&into(&["--vocab-size", "300"]), 1, &["vocabulary/vocab.json would be replaced", "--out"]);
    assert_one_line_error(&into(&[]), 1, &["vocabulary/vocab.json would be replaced", "--out"]);
    assert_eq!(vocabulary_of(&path.join("vocabulary")), trained);
    succeeds(into(&["--tokenizer", "vocabulary"]));
    assert_eq!(vocabulary_of(&path.join("vocabulary")), trained);
}

#[test]
fn vocabularies_that_make_no_sense_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("config.json"), CONFIG.replace("50257", "100")).unwrap();
    let args = ["pretrain", "--config", "config.json", "--out", "m"];
    assert_one_line_error(&run(path, &args), 1, &["vocab_size is 100", "at least 257"]);
    for (extra, part) in [
        (&["--vocab-size", "100"][..], "must be at least 257"),
        (&["--vocab-size", "gpt3"], "invalid"),
        (&["--vocab-size", "300", "--tokenizer", "m"], "cannot be used with"),
    ] {
        let output = run(path, &[&args[..], extra].concat());
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains(part), "{}", stderr(&output));
    }
    assert_one_line_error(&run(path, &["pretrain", "--tokenizer", "absent"]), 1, &["absent has no whole vocabulary"]);
    assert!(!path.join("m").exists());
}

/// The size may also stand in the file, and the vocabulary of a run is that of its checkpoint.
#[test]
fn a_run_goes_on_with_its_vocabulary() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("config.json"), CONFIG.replace("50257", "500")).unwrap();
    let train = |out: &str, epochs: &str| {
        let args = ["pretrain", "--config", "config.json", "--dataset", "station-tea", "--device", "cpu"];
        succeeds(run(path, &[&args[..], &["--out", out, "--epochs", epochs]].concat()));
    };
    train("whole", "3");
    train("m", "2");
    let resumed = run(path, &["pretrain", "--resume", "m", "--epochs", "3", "--device", "cpu"]);
    assert!(resumed.status.success(), "{}", stderr(&resumed));
    let whole = path.join("whole");
    for file in ["model.safetensors", "vocab.json", "merges.txt"] {
        assert!(fs::read(whole.join(file)).unwrap() == fs::read(path.join("m").join(file)).unwrap(), "{file} differs");
    }
    let other = run(path, &["pretrain", "--resume", "m", "--epochs", "4", "--vocab-size", "300"]);
    assert_eq!(other.status.code(), Some(2), "{}", stderr(&other));

    fs::remove_file(checkpoint(&path.join("m")).join("vocab.json")).unwrap();
    let lost = run(path, &["pretrain", "--resume", "m", "--epochs", "4"]);
    assert_one_line_error(&lost, 1, &["has no whole vocabulary: vocab.json is missing"]);
}

#[test]
fn a_served_model_reads_and_writes_with_its_vocabulary() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    succeeds(pretrain(path, &["--vocab-size", "700"]));
    let generate = ["generate", "--model", "m", "--prompt", "水开了，外婆", "--max-new-tokens", "9", "--json"];
    let written: Value = serde_json::from_str(&succeeds(run(path, &generate))).unwrap();
    let (text, ids) = (written["text"].as_str().unwrap(), written["ids"].as_array().unwrap());

    let server = serve_in(folder, &["--model", "m"]);
    let request = json!({ "model": "m", "prompt": "水开了，外婆", "stream": false,
        "options": { "num_predict": 9, "temperature": 0 } });
    let (status, body) = server.post("/api/generate", request);
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 200, "{body}");
    assert_eq!(answer["response"], text.strip_prefix("水开了，外婆").unwrap());
    assert_eq!(answer["prompt_eval_count"], ids.len() - 9);
}

/// Padding and stop tokens are those of the vocabulary: 50256 would be no token of such a model.
#[test]
fn fine_tuned_models_keep_the_vocabulary() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let args = ["pretrain", "--config", "config.json", "--dataset", "lamp", "--out", "m", "--device", "cpu"];
    fs::write(path.join("config.json"), CONFIG.replace("\"context_length\": 24", "\"context_length\": 256")).unwrap();
    succeeds(run(path, &[&args[..], &["--vocab-size", "500", "--epochs", "1"]].concat()));
    let trained = vocabulary_of(&path.join("m"));
    assert!(trained.is_some());

    let messages: String = (0..40)
        .map(|i| if i % 2 == 0 { format!("ham\tSee you at {i}\n") } else { format!("spam\tWin prize {i} now!\n") })
        .collect();
    fs::write(path.join("messages.tsv"), messages).unwrap();
    for (out, extra) in [("c", &["--token", "last-real"][..]), ("c", &["--lora-rank", "2"])] {
        let train = ["classify", "train", "--model", "m", "--data", "messages.tsv", "--epochs", "1", "--out", out];
        succeeds(run(path, &[&train[..], &["--device", "cpu"], extra].concat()));
        assert_eq!(vocabulary_of(&path.join(out)), trained);
        let predict = ["classify", "predict", "--model", out, "--json", "What does <|endoftext|> mean?"];
        let found: Value = serde_json::from_str(&succeeds(run(path, &predict))).unwrap();
        let files = fs::read_to_string(path.join("m/merges.txt")).unwrap();
        let files = Gpt2Files::parse(trained.as_ref().unwrap(), &files).unwrap();
        let tokenizer = Gpt2Tokenizer::with_vocabulary(files).unwrap();
        assert_eq!(found["tokens"], tokenizer.encode_ordinary("What does <|endoftext|> mean?").len());
        succeeds(run(path, &["classify", "eval", "--model", out, "--data", "messages.tsv", "--device", "cpu"]));
    }

    let instruct = ["instruct", "train", "--data=small-tasks", "--model=m", "--epochs=1", "--out=i", "--device=cpu"];
    for extra in [&[][..], &["--lora-rank", "2"]] {
        succeeds(run(path, &[&instruct[..], extra].concat()));
        assert_eq!(vocabulary_of(&path.join("i")), trained);
        let respond =
            ["instruct", "respond", "--model", "i", "--limit", "2", "--out", "answers.json", "--device", "cpu"];
        succeeds(run(path, &[&respond[..], &["--max-new-tokens", "8"]].concat()));
        let chat = pipe(path, &["instruct", "chat", "--model", "i", "--device", "cpu"], "Hi\n/quit\n".as_bytes());
        succeeds(chat);
    }
    let adapter = ["generate", "--model", "m", "--adapter", "i/adapter", "--prompt", "The", "--max-new-tokens", "3"];
    succeeds(run(path, &adapter));

    // A model with GPT-2's vocabulary in the same place leaves none of it.
    succeeds(run(path, &[&args[..], &["--epochs", "1"]].concat()));
    succeeds(run(path, &instruct));
    assert!(vocabulary_of(&path.join("i")).is_none());
}
