//! `llm serve` over real connections: answers, streams, limits, foreign pages, Ctrl-C in the middle of a stream.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use burn::tensor::Device;
use ch04_gpt::GptModel;
use ch05_pretrain::save_model;
use common::{assert_one_line_error, llm, run};
use serde_json::{Value, json};
use shared::GptConfig;
use shared::init::torch_init;
use shared::rng::TorchRng;

/// A running server with an untrained model of seed 123.
struct Server {
    child: Child,
    address: String,
    _folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn save(folder: &Path) {
    let config = GptConfig {
        vocab_size: 50257,
        context_length: 64,
        emb_dim: 16,
        n_heads: 2,
        n_layers: 2,
        drop_rate: 0.1,
        qkv_bias: false,
    };
    let model = torch_init(GptModel::new(&config, &Device::flex()), &mut TorchRng::new(123));
    save_model(&folder.join("model"), &config, &model).unwrap();
}

fn serve(extra: &[&str]) -> Server {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path());
    let args = [&["serve", "--model", "model", "--port", "0", "--device", "cpu"][..], extra].concat();
    let mut child = llm(folder.path(), &args).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("http://").unwrap().split(' ').next().unwrap().to_string();
    Server { child, address, _folder: folder }
}

impl Server {
    /// Sends a request and leaves the connection open for the answer.
    fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let host = if headers.to_lowercase().contains("host:") {
            String::new()
        } else {
            format!("Host: {}\r\n", self.address)
        };
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\n{host}{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
        .unwrap();
        stream
    }

    /// Status and body of a request.
    fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
        let mut answer = Vec::new();
        self.send(method, path, headers, body).read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let chunked = head.to_lowercase().contains("transfer-encoding: chunked");
        (status, if chunked { unchunk(body) } else { body.to_string() })
    }

    fn post(&self, path: &str, body: Value) -> (u16, String) {
        self.ask("POST", path, "", &body.to_string())
    }
}

/// The contents of a body that came in chunks.
fn unchunk(mut body: &str) -> String {
    let mut text = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        text += &rest[..size];
        body = rest[size..].trim_start_matches("\r\n");
        if size == 0 {
            break;
        }
    }
    text
}

#[test]
fn a_stream_and_a_whole_answer_say_the_same() {
    let server = serve(&[]);
    let request = |stream: bool| json!({ "prompt": "The lamp", "stream": stream, "options": { "seed": 5, "num_predict": 12, "top_k": 50 } });
    let (status, whole) = server.post("/api/generate", request(false));
    assert_eq!(status, 200, "{whole}");
    let whole: Value = serde_json::from_str(&whole).unwrap();
    assert_eq!(whole["done"], true);
    assert_eq!((&whole["eval_count"], &whole["prompt_eval_count"]), (&json!(12), &json!(2)));
    assert_eq!((&whole["done_reason"], &whole["model"]), (&json!("length"), &json!("model")));

    let (status, lines) = server.post("/api/generate", request(true));
    assert_eq!(status, 200);
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let text: String = lines.iter().map(|line| line["response"].as_str().unwrap()).collect();
    assert_eq!(text, whole["response"].as_str().unwrap());
    let (last, others) = lines.split_last().unwrap();
    assert!(others.len() > 3 && others.iter().all(|line| line["done"] == false));
    assert_eq!(last["done"], true);

    let chat = json!({ "messages": [{ "role": "user", "content": "Hello" }], "stream": false });
    let (status, answer) = server.post("/api/chat", chat);
    assert_eq!(status, 200, "{answer}");
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["message"]["role"], "assistant");
}

#[test]
fn the_page_the_version_and_the_list_of_models() {
    let server = serve(&[]);
    let (status, page) = server.ask("GET", "/", "", "");
    assert_eq!(status, 200);
    assert!(page.contains("<!DOCTYPE html>") && page.contains("续写文本"));
    for outside in ["http://", "https://", "src="] {
        assert!(!page.contains(outside), "the page needs nothing from elsewhere, but has {outside}");
    }
    assert!(server.ask("GET", "/api/version", "", "").1.contains("version"));
    assert!(server.ask("GET", "/api/tags", "", "").1.contains("\"name\":\"model\""));
    assert_eq!(server.ask("GET", "/absent", "", "").0, 404);
    assert_eq!(server.ask("GET", "/api/generate", "", "").0, 405);
}

#[test]
fn bad_requests_are_answered_clearly() {
    let server = serve(&["--max-tokens", "20"]);
    let error = |body: Value| {
        let (status, answer) = server.post("/api/generate", body);
        assert_eq!(status, 400, "{answer}");
        serde_json::from_str::<Value>(&answer).unwrap()["error"].as_str().unwrap().to_string()
    };
    assert!(error(json!({ "stream": false })).contains("prompt"));
    assert_eq!(error(json!({ "prompt": "" })), "the prompt is empty; give at least one token");
    assert!(error(json!({ "prompt": "word ".repeat(100) })).contains("context holds 64"));
    let option = |options: Value| error(json!({ "prompt": "a", "options": options }));
    assert_eq!(option(json!({ "num_predict": 21 })), "num_predict is 21, but this server writes at most 20");
    assert!(option(json!({ "temperature": -1 })).contains("temperature is -1"));
    assert!(option(json!({ "top_k": 0 })).contains("top_k is 0"));
    assert!(option(json!({ "top_k": 60000 })).contains("at most 50257"));
    assert_eq!(server.ask("POST", "/api/generate", "", "{").0, 400);
    let (status, answer) = server.post("/api/chat", json!({ "messages": [{ "role": "judge", "content": "" }] }));
    assert_eq!((status, answer.contains("'judge' is unknown")), (400, true));
    let long = json!({ "prompt": "a".repeat(2 << 20) }).to_string();
    assert_eq!(server.ask("POST", "/api/generate", "", &long).0, 413);
}

#[test]
fn pages_of_other_sites_are_turned_away() {
    let server = serve(&[]);
    let body = json!({ "prompt": "a", "stream": false }).to_string();
    let status = |headers: &str| server.ask("POST", "/api/generate", headers, &body).0;
    assert_eq!(status(&format!("Origin: http://{}\r\n", server.address)), 200);
    assert_eq!(status("Origin: http://evil.example\r\n"), 403);
    assert_eq!(status("Origin: null\r\n"), 403);
    assert_eq!(status("Host: evil.example\r\n"), 403);
    let port = server.address.rsplit(':').next().unwrap();
    assert_eq!(status(&format!("Host: localhost:{port}\r\n")), 200);
    assert_eq!(server.ask("GET", "/", "Host: evil.example\r\n", "").0, 403);
}

#[test]
fn too_many_requests_are_told_to_wait() {
    let server = serve(&["--max-tokens", "100000"]);
    let body = json!({ "prompt": "a", "options": { "num_predict": 100_000 } }).to_string();
    // One is being answered, four wait, the next must be refused.
    let mut open: Vec<TcpStream> = (0..8).map(|_| server.send("POST", "/api/generate", "", &body)).collect();
    let mut refused = 0;
    for stream in &mut open {
        let mut line = String::new();
        stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        // A request that waits has no answer yet.
        let _ = BufReader::new(stream).read_line(&mut line);
        refused += usize::from(line.contains("503"));
    }
    assert!((2..=4).contains(&refused), "{refused} refused");
}

/// The stream ends, and so does the program, although ten thousand tokens are still to come.
#[cfg(unix)]
#[test]
fn an_interrupt_in_the_middle_of_a_stream_ends_cleanly() {
    let mut server = serve(&["--max-tokens", "100000"]);
    let body = json!({ "prompt": "a", "options": { "num_predict": 100_000 } }).to_string();
    let mut reader = BufReader::new(server.send("POST", "/api/generate", "", &body));
    let mut line = String::new();
    while !line.contains("\"response\"") {
        line.clear();
        assert!(reader.read_line(&mut line).unwrap() > 0);
    }
    let kill = std::process::Command::new("kill").args(["-INT", &server.child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let mut rest = String::new();
    reader.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("\"done\":true"), "the stream was cut off");
    let start = Instant::now();
    let status = loop {
        if let Some(status) = server.child.try_wait().unwrap() {
            break status;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "the program goes on");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(0));
}

#[test]
fn an_occupied_port_and_a_missing_model_are_named() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path());
    let occupied = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = occupied.local_addr().unwrap().port().to_string();
    let output = run(folder.path(), &["serve", "--model", "model", "--port", &port]);
    assert_one_line_error(&output, 1, &["cannot listen on 127.0.0.1", &port, "--port"]);
    assert_one_line_error(&run(folder.path(), &["serve", "--model", "absent"]), 1, &["absent holds no model"]);
}
