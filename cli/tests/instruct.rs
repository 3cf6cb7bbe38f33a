//! `llm instruct` from end to end on a small model, with a judge on the loopback interface; good input and bad.

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch07_instruct::{Entry, PromptFormat};
use common::server::save_writer;
use common::{LLM, assert_one_line_error, llm, run, stdout};
use model_files::save_model;
use serde_json::{Value, json};
use shared::GptConfig;
use shared::init::torch_init;
use shared::rng::TorchRng;

/// Saves an untrained model as `folder/base`.
fn save_base(folder: &Path, vocab_size: usize) {
    let config = GptConfig {
        vocab_size,
        context_length: 64,
        emb_dim: 16,
        n_heads: 2,
        n_layers: 1,
        drop_rate: 0.1,
        qkv_bias: false,
    };
    let model = torch_init(GptModel::new(&config, &Device::flex()), &mut TorchRng::new(123));
    save_model(&folder.join("base"), &config, &model).unwrap();
}

fn tasks(n: usize) -> Vec<Value> {
    (0..n)
        .map(|i| json!({"instruction": format!("Add 1 to {i}."), "input": "", "output": format!("{}", i + 1)}))
        .collect()
}

fn write(folder: &Path, name: &str, value: &Value) {
    fs::write(folder.join(name), value.to_string()).unwrap();
}

fn read(folder: &Path, name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.join(name)).unwrap()).unwrap()
}

fn instruct(folder: &Path, args: &[&str]) -> Output {
    run(folder, &[&["instruct"], args].concat())
}

fn assert_success(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

const TRAIN: [&str; 7] = ["train", "--data", "tasks.json", "--model", "base", "--out", "tuned"];

#[test]
fn a_model_learns_answers_and_talks() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_base(folder, 50257);
    write(folder, "tasks.json", &tasks(20).into());
    let extra = ["--format", "phi3", "--mask-instruction", "--epochs", "3", "--lr", "0.01", "--device", "cpu"];
    let output = instruct(folder, &[&TRAIN[..], &extra].concat());
    assert_success(&output);
    let told = stdout(&output);
    assert!(told.contains("17 entries to learn from, 1 to measure on, 6 steps"), "{told}");
    assert!(told.contains("Ep 1 (Step 000000): Train loss 1") && told.contains("Ep 3 (Step 000005)"), "{told}");
    assert!(fs::read_to_string(folder.join("tuned/losses.svg")).unwrap().contains("<polyline"));
    assert_eq!(read(folder, "tuned/instruct.json"), json!({"format": "phi3"}));
    assert_eq!(read(folder, "tuned/config.json")["drop_rate"], 0.0);

    let respond =
        ["respond", "--model", "tuned", "--data", "tasks.json", "--out", "answers.json", "--max-new-tokens", "5"];
    let output = instruct(folder, &respond);
    assert_success(&output);
    let told = String::from_utf8(output.stderr.clone()).unwrap();
    let how: Vec<&str> = told.lines().filter(|line| line.starts_with('[')).collect();
    let [first, second, all] = how[..] else { panic!("one line for each answer, and one for all: {told}") };
    assert!([first, second].iter().all(|line| line.contains(", after reading ")), "{told}");
    assert!(all.contains("of 2 texts ended by the model"), "{told}");
    assert!(
        stdout(&output).contains("<|user|>\nAdd 1 to 17."),
        "the format that the model learnt: {}",
        stdout(&output)
    );
    let answers = read(folder, "answers.json");
    assert_eq!(answers.as_array().unwrap().len(), 2);
    assert_eq!(answers[0]["instruction"], "Add 1 to 17.");
    assert!(answers[1]["model_response"].is_string());
    assert_success(&instruct(folder, &[&respond[..], &["--limit", "1"]].concat()));
    assert_eq!(read(folder, "answers.json").as_array().unwrap().len(), 1);
    assert_success(&instruct(folder, &[&respond[..], &["--weights", "int8"]].concat()));
    assert_eq!(read(folder, "answers.json").as_array().unwrap().len(), 2);

    // Answers, and what is said about them.
    let talk = |extra: &[&str], lines: &[u8]| {
        let args = [&["instruct", "chat", "--model", "tuned", "--max-new-tokens", "6"], extra].concat();
        let mut chat = llm(folder, &args);
        let mut chat = chat.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        chat.stdin.take().unwrap().write_all(lines).unwrap();
        let output = chat.wait_with_output().unwrap();
        assert_success(&output);
        (stdout(&output), String::from_utf8(output.stderr).unwrap())
    };
    let long = "word ".repeat(60);
    let lines = format!("Add 1 to 4.\nAdd 1 to 5.\n\n{long}\nAdd 1 to 6.\nAdd 1 to 7.\n/new\nAdd 1 to 8.\n/quit\nno\n");
    let (_, told) = talk(&[], lines.as_bytes());
    assert!(told.starts_with("The model sees 64 tokens: 58 for your message"), "{told}");
    assert!(told.contains("; earlier turns: 1 in them, 0 forgotten]"), "{told}");
    assert!(told.contains(", 1 forgotten]"), "{told}");
    assert!(told.contains("[the message is too long for a context of 64 tokens; the model does not see"), "{told}");
    assert!(told.contains("[everything is forgotten]"), "{told}");
    assert_eq!(told.matches(", after reading ").count(), 6, "one line for each answer: {told}");

    // Nothing that looks like a command is a message, and a line that is no text costs only itself.
    let (answers, told) = talk(&[], b"/help\n/bye\n/new chat\n\xff\n/quit\n");
    assert_eq!(told.matches("/help shows this").count(), 4, "at the beginning, and after each: {told}");
    assert!(
        told.contains("[there is no command /bye. ") && told.contains("[there is no command /new chat. "),
        "{told}"
    );
    assert!(told.contains("[the line is not UTF-8 text") && !told.contains("earlier turns"), "{told}");
    assert_eq!(answers, "");

    let (answers, told) = talk(&["--weights", "int8", "--device", "cpu"], b"Add 1 to 4.\n/new\nAdd 1 to 4.\n");
    assert!(told.contains("[everything is forgotten]"), "{told}");
    let (first, second) = answers.split_at(answers.len() / 2);
    assert!(!first.trim().is_empty(), "{answers}");
    assert_eq!(first, second, "the second answer has the weights that were made for the first");

    // The input of a task: read once, by the next message.
    let read = |extra: &[&str], lines: &str| -> Vec<usize> {
        let (_, told) = talk(extra, lines.as_bytes());
        told.split("after reading ").skip(1).map(|rest| rest.split(' ').next().unwrap().parse().unwrap()).collect()
    };
    let tokens = |entry: Entry| {
        let prompt = PromptFormat::Phi3.format_input(&entry) + &PromptFormat::Phi3.format_response("");
        Gpt2Tokenizer::new().encode_ordinary(&prompt).len()
    };
    let (alone, with) = (tokens(Entry::new("Count.", "", "")), tokens(Entry::new("Count.", "one\ntwo", "")));
    assert_eq!(with, alone + 4, "two words and two line breaks");
    assert_eq!(read(&["--input", "one\ntwo"], "Count.\n/new\nCount.\n"), [with, alone]);
    assert_eq!(read(&[], "/input \"\"\"one\ntwo\"\"\"\nCount.\n/new\nCount.\n"), [with, alone]);
    assert_eq!(read(&["--input", "one"], "/input\nCount.\n"), [alone]);
    assert_eq!(read(&["--input", "one"], "/new\nCount.\n"), [alone]);
    let (_, told) = talk(&[], b"/input one\n/input\n\"\"\"never closed\n/quit\n");
    for part in
        ["[the next message has this input]", "[the next message has no input]", "[the text after \"\"\" has no end"]
    {
        assert!(told.contains(part), "'{part}' is missing in {told}");
    }
}

#[test]
fn bad_input_is_one_line_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_base(folder, 50257);
    let train = |extra: &[&str]| instruct(folder, &[&TRAIN[..], &["--device", "cpu"], extra].concat());
    assert_one_line_error(&train(&[]), 1, &["tasks.json"]);
    fs::write(folder.join("tasks.json"), "no json").unwrap();
    assert_one_line_error(&train(&[]), 1, &["tasks.json is not JSON", "line 1"]);
    fs::write(folder.join("tasks.json"), "[]").unwrap();
    assert_one_line_error(&train(&[]), 1, &["tasks.json has no entries"]);
    let mut bad = tasks(20);
    bad[7].as_object_mut().unwrap().remove("output");
    write(folder, "tasks.json", &bad.into());
    assert_one_line_error(&train(&[]), 1, &["entry 7", "\"output\" is missing"]);
    write(folder, "tasks.json", &tasks(5).into());
    assert_one_line_error(&train(&[]), 1, &["tasks.json: 4 training entries", "one batch of 8"]);
    write(folder, "tasks.json", &tasks(20).into());
    assert_one_line_error(&train(&["--max-length", "65"]), 1, &["--max-length is 65", "64 tokens"]);
    assert_one_line_error(&train(&["--lr=-1"]), 1, &["learning_rate is -1"]);
    assert_eq!(train(&["--format", "chatml"]).status.code(), Some(2));
    let absent = instruct(folder, &["train", "--data", "tasks.json", "--model", "absent", "--out", "tuned"]);
    assert_one_line_error(&absent, 1, &["absent"]);
    let unknown = instruct(folder, &["respond", "--model", "base", "--data", "no-such-set"]);
    assert_one_line_error(&unknown, 1, &["no-such-set is neither a file nor a data set", "small-tasks"]);
    assert!(!folder.join("tuned").exists(), "nothing was written");

    write(folder, "own.json", &tasks(20).into());
    let onto_itself = instruct(folder, &["respond", "--model", "base", "--data", "own.json", "--out", "./own.json"]);
    assert_one_line_error(&onto_itself, 1, &["own.json is both --data and --out", "another file with --out"]);
    assert_eq!(read(folder, "own.json").as_array().unwrap().len(), 20);

    write(folder, "tasks.json", &tasks(5).into());
    let respond = ["respond", "--model", "base", "--data", "tasks.json"];
    assert_one_line_error(&instruct(folder, &respond), 1, &["tasks.json has no test entries"]);

    let other = tempfile::tempdir().unwrap();
    save_base(other.path(), 300);
    let chat = instruct(other.path(), &["chat", "--model", "base"]);
    assert_one_line_error(&chat, 1, &["300 token ids", "cannot read text"]);
    write(folder, "tasks.json", &tasks(20).into());
    for command in [&["chat", "--model", "base"][..], &respond] {
        let halves = instruct(folder, &[command, &["--weights", "f16", "--device", "cpu"]].concat());
        assert_one_line_error(&halves, 1, &["--weights f16 is for GPUs", "bf16, int8 and int4"]);
    }
}

/// A model that nobody taught to answer; and a place where the answers cannot be written, which is noticed before the
/// first.
#[test]
fn what_will_not_go_well_is_said_at_the_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_base(folder, 50257);
    write(folder, "tasks.json", &tasks(20).into());
    let respond = |extra: &[&str]| {
        let short = ["respond", "--data", "tasks.json", "--max-new-tokens", "1", "--model", "base"];
        instruct(folder, &[&short[..], extra].concat())
    };
    let note = |output: &Output| String::from_utf8(output.stderr.clone()).unwrap();
    let told = respond(&["--out", "answers.json"]);
    assert_success(&told);
    for part in ["note: the model in base was not fine-tuned", &format!("`{LLM} instruct train --model base` teaches")]
    {
        assert!(note(&told).contains(part), "'{part}' is missing in {}", note(&told));
    }
    // In a context of 32 tokens no task has room.
    save_writer(folder, "short", 32);
    let told = instruct(
        folder,
        &["respond", "--data", "tasks.json", "--max-new-tokens", "1", "--model", "short", "--out", "short.json"],
    );
    assert_success(&told);
    let commands = ["pretrain --context-length 256 --out short-256", "instruct train --model short-256"];
    for part in commands.map(|arguments| format!("`{LLM} {arguments}`")) {
        assert!(note(&told).contains(&part), "'{part}' is missing in {}", note(&told));
    }
    // It may have been fine-tuned elsewhere.
    assert!(!note(&respond(&["--out", "answers.json", "--format", "alpaca"])).contains("note"));
    fs::write(folder.join("base/instruct.json"), r#"{"format": "phi3"}"#).unwrap();
    assert!(!note(&respond(&["--out", "answers.json"])).contains("note"));

    for out in ["base", "tasks.json/answers.json"] {
        assert_one_line_error(
            &respond(&["--out", out]),
            1,
            &["another file with --out", &format!("cannot write {out}")],
        );
    }
    let scores = ["evaluate", "--responses", "answers.json", "--scores", "tasks.json/s.json"];
    let reason = ["another file with --scores", "cannot write tasks.json/s.json"];
    assert_one_line_error(&instruct(folder, &scores), 1, &reason);
}

#[test]
fn an_instruction_longer_than_the_context_costs_only_itself() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    save_base(folder, 50257);
    let mut entries = tasks(30);
    for place in [3, 26] {
        entries[place]["instruction"] = "word ".repeat(80).into();
    }
    write(folder, "tasks.json", &entries.into());
    let output = instruct(folder, &[&TRAIN[..], &["--epochs", "1", "--device", "cpu"]].concat());
    assert_success(&output);
    let warning = String::from_utf8(output.stderr).unwrap();
    assert!(warning.contains("warning: 1 of 30 entries are left out") && warning.contains("entry 3)"), "{warning}");

    let respond =
        ["respond", "--model", "tuned", "--data", "tasks.json", "--out", "answers.json", "--max-new-tokens", "2"];
    let output = instruct(folder, &respond);
    assert_success(&output);
    let note = String::from_utf8(output.stderr).unwrap();
    let prompt = PromptFormat::Alpaca.format_input(&Entry::new("word ".repeat(80), "", ""));
    let left_out = Gpt2Tokenizer::new().encode_ordinary(&prompt).len() - 64;
    assert!(note.contains("the prompt of test entry 1 is longer than the model's context"), "{note}");
    assert!(note.contains(&format!("does not see its first {left_out} tokens")) && !note.contains("entry 0"), "{note}");
    let answers = read(folder, "answers.json");
    assert_eq!(answers.as_array().unwrap().len(), 3);
    assert!(answers.as_array().unwrap().iter().all(|answer| answer["model_response"].is_string()));
}

// ---- the judge

/// A server that answers the n-th request with what `answer` says: a status and a body.
struct Server {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answer: impl Fn(usize) -> (u16, String) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let _ = serve(stream.unwrap(), &answer, &seen);
            }
        });
        Self { url, requests }
    }
}

fn serve(
    mut stream: TcpStream,
    answer: &impl Fn(usize) -> (u16, String),
    seen: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim().to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let number = seen.lock().unwrap().len();
    seen.lock().unwrap().push(String::from_utf8(body).unwrap());
    let (status, body) = answer(number);
    write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

/// A judge's reply.
fn says(text: &str) -> (u16, String) {
    (200, json!({"message": {"role": "assistant", "content": text}, "done": true}).to_string())
}

/// Four answers, the third of them empty.
fn write_answers(folder: &Path) {
    let mut entries = tasks(4);
    for (entry, answer) in entries.iter_mut().zip(["1", "two", "", "5"]) {
        entry["model_response"] = answer.into();
    }
    write(folder, "answers.json", &entries.into());
}

fn evaluate(folder: &Path, url: &str, extra: &[&str]) -> Output {
    instruct(folder, &[&["evaluate", "--responses", "answers.json", "--judge-url", url], extra].concat())
}

#[test]
fn the_judge_s_scores_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    write_answers(folder.path());
    let server = Server::start(|n| says(["90", "I cannot say.", "Score: 60/100"][n]));
    let output = evaluate(folder.path(), &server.url, &["--judge-model", "tester"]);
    assert_success(&output);
    let told = stdout(&output);
    // 90, a failure, 0 for the empty answer, 60.
    for part in ["Number of scores: 3 of 4", "Failures: 1", "Average score: 50.00", "answers-scores.json"] {
        assert!(told.contains(part), "{part} is missing in {told}");
    }
    assert!(String::from_utf8(output.stderr).unwrap().contains("Could not convert score: \"I cannot say.\""));
    assert!(server.requests.lock().unwrap()[0].contains("\"model\":\"tester\""));
    let scores = read(folder.path(), "answers-scores.json");
    let all: Vec<&Value> = scores["verdicts"].as_array().unwrap().iter().map(|verdict| &verdict["score"]).collect();
    assert_eq!(all, [&json!(90), &Value::Null, &json!(0), &json!(60)]);

    let other = evaluate(folder.path(), &server.url, &["--judge-model", "another"]);
    assert_one_line_error(&other, 1, &["answers-scores.json", "another judge", "--scores"]);
}

/// As from a judge whose context is too short for the second of four answers (the third is empty).
#[test]
fn a_question_that_the_judge_refuses_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    write_answers(folder.path());
    let too_long = || (400, json!({"error": "the prompt exceeds the context length"}).to_string());
    let server = Server::start(move |n| if n == 1 { too_long() } else { says("80") });
    let output = evaluate(folder.path(), &server.url, &[]);
    assert_success(&output);
    let told = stdout(&output);
    for part in ["Number of scores: 3 of 4", "Failures: 1", "Average score: 53.33"] {
        assert!(told.contains(part), "{part} is missing in {told}");
    }
    let warning = String::from_utf8(output.stderr).unwrap();
    assert!(warning.contains("no score for entry 1: ") && warning.contains("exceeds the context length"), "{warning}");
    let scores = read(folder.path(), "answers-scores.json");
    assert_eq!(scores["verdicts"][1]["score"], Value::Null);
    assert!(scores["verdicts"][1]["reply"].as_str().unwrap().contains("HTTP 400"));

    let mut entries = tasks(2);
    entries.iter_mut().for_each(|entry| entry["model_response"] = "5".into());
    write(folder.path(), "refused.json", &entries.into());
    let refusing = Server::start(move |_| too_long());
    let args = ["evaluate", "--responses", "refused.json", "--judge-url", &refusing.url];
    let output = instruct(folder.path(), &args);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("Failures: 2"), "{}", stdout(&output));
    let last = String::from_utf8(output.stderr).unwrap();
    assert!(last.trim_end().ends_with("error: no answer got a score; refused-scores.json has the reasons"), "{last}");
}

#[test]
fn an_evaluation_that_breaks_off_goes_on_later() {
    let folder = tempfile::tempdir().unwrap();
    write_answers(folder.path());
    let broken =
        Server::start(|n| if n == 0 { says("80") } else { (404, json!({"error": "out of memory"}).to_string()) });
    let output = evaluate(folder.path(), &broken.url, &[]);
    assert_one_line_error(&output, 1, &["1 of 4 are scored and kept in answers-scores.json", "out of memory"]);
    let server = Server::start(|_| says("20"));
    let output = evaluate(folder.path(), &server.url, &[]);
    assert_success(&output);
    assert_eq!(server.requests.lock().unwrap().len(), 2, "one was scored before, one is empty");
    assert!(stdout(&output).contains("Average score: 30.00"), "{}", stdout(&output));
}

#[test]
fn a_judge_that_is_down_slow_or_no_judge_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    write_answers(folder.path());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let down = evaluate(folder.path(), &format!("http://127.0.0.1:{port}"), &[]);
    assert_one_line_error(
        &down,
        1,
        &["nothing is scored yet", "no judge answers at http://127.0.0.1:", "ollama serve"],
    );

    let slow = Server::start(|_| {
        std::thread::sleep(Duration::from_millis(500));
        says("1")
    });
    let slow = evaluate(folder.path(), &slow.url, &["--timeout", "0.1"]);
    assert_one_line_error(&slow, 1, &["did not answer within 0.1 s"]);

    let nonsense = Server::start(|_| (200, "<html>\nWelcome\n</html>".to_string()));
    let nonsense = evaluate(folder.path(), &nonsense.url, &[]);
    assert_one_line_error(&nonsense, 1, &["does not answer as an Ollama server", "<html>"]);
    assert!(!folder.path().join("answers-scores.json").exists());

    for address in ["no url", "localhost:11434"] {
        let reason = format!("the judge's address is {address}, but must begin with http:// or https://");
        let remedy = "as in http://localhost:11434";
        assert_one_line_error(&evaluate(folder.path(), address, &[]), 1, &[&reason, remedy]);
    }
    assert_one_line_error(&evaluate(folder.path(), "http://localhost", &["--timeout", "0"]), 1, &["--timeout is 0"]);
    write(folder.path(), "answers.json", &tasks(2).into());
    let unanswered = evaluate(folder.path(), "http://localhost", &[]);
    assert_one_line_error(&unanswered, 1, &["entry 0", "\"model_response\" is missing", "instruct respond"]);
    let absent = instruct(folder.path(), &["evaluate", "--responses", "absent.json"]);
    assert_one_line_error(&absent, 1, &["absent.json"]);
}
