//! Many clients at once: each gets what it gets alone, and none waits long.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::common::server::{Server, save_writer, serve, serve_in};
use crate::common::{run, stdout};

/// As many as are asked at once.
const CLIENTS: usize = 64;

/// The prompt of a client: some begin with the same long text.
fn prompt(client: usize) -> String {
    let beginning = "The lamp stood by the window. ".repeat(if client.is_multiple_of(3) { 40 } else { 0 });
    format!("{beginning}Client {client}: {}", "and so on ".repeat(client % 7))
}

/// What a client asks for; every second one takes the most likely tokens.
fn request(client: usize) -> Value {
    let temperature = if client.is_multiple_of(2) { 0.0 } else { 1.0 };
    let options = json!({ "seed": client, "num_predict": 3 + client % 4, "temperature": temperature, "top_k": 50 });
    json!({ "prompt": prompt(client), "stream": client.is_multiple_of(4), "options": options })
}

/// The text of the answer, whether it is a stream or not.
fn text(server: &Server, client: usize) -> String {
    let (status, answer) = server.post("/api/generate", request(client));
    assert_eq!(status, 200, "{answer}");
    let lines = answer.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(|line| line["response"].as_str().unwrap().to_string()).collect()
}

/// A server whose prompts have several pieces.
fn wide(weights: &str, extra: &[&str]) -> (Server, tempfile::TempDir) {
    let (served, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&served, &kept] {
        save_writer(folder.path(), "model", 512);
    }
    (serve_in(served, &[&["--model", "model", "--weights", weights], extra].concat()), kept)
}

/// With the defaults, in 32 and in 8 bits: nobody is refused, and company changes no text. Two of the texts are those of
/// `llm generate`, which reads a long prompt in the same pieces only with weights of 8 or 4 bits.
#[test]
fn clients_at_once_get_what_each_gets_alone() {
    for weights in ["f32", "int8"] {
        let (server, folder) = wide(weights, &[]);
        let alone: Vec<String> = (0..CLIENTS).map(|client| text(&server, client)).collect();
        let together: Vec<String> = thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|client| {
                    scope.spawn({
                        let server = &server;
                        move || text(server, client)
                    })
                })
                .collect();
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        });
        assert_eq!(together, alone, "{weights}");
        for client in if weights == "int8" { [3, 6] } else { [4, 7] } {
            let request = request(client);
            let options = &request["options"];
            let [seed, tokens, temperature] =
                ["seed", "num_predict", "temperature"].map(|name| options[name].to_string());
            let prompt = prompt(client);
            let how = ["generate", "--model", "model", "--device", "cpu", "--weights", weights, "--prompt", &prompt];
            let drawn = ["--seed", &seed, "--max-new-tokens", &tokens, "--temperature", &temperature, "--top-k", "50"];
            let generated = stdout(&run(folder.path(), &[&how[..], &drawn].concat()));
            assert_eq!(format!("{prompt}{}\n", alone[client]), generated, "{weights}, client {client}");
        }
    }
}

/// An answer that does not end by itself.
fn endless() -> Value {
    json!({ "prompt": "The lamp", "options": { "num_predict": -1, "temperature": 1 } })
}

/// The first line of an answer that is streamed; the connection stays open.
fn begin(server: &Server, request: &Value) -> BufReader<TcpStream> {
    let mut answer = BufReader::new(server.send("POST", "/api/generate", "", &request.to_string()));
    let mut line = String::new();
    while !line.starts_with('{') {
        line.clear();
        assert!(answer.read_line(&mut line).unwrap() > 0, "the answer has ended");
    }
    answer
}

#[test]
fn requests_beyond_the_limits_are_refused_until_a_client_leaves() {
    let server = serve(&["--parallel", "1", "--queue", "0", "--max-tokens", "100000000"]);
    let first = begin(&server, &endless());
    let refused = || {
        let mut answer = String::new();
        server.send("POST", "/api/generate", "", &request(1).to_string()).read_to_string(&mut answer).unwrap();
        answer
    };
    let answer = refused();
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("too many requests are waiting"), "{answer}");
    assert!(answer.to_lowercase().contains("\r\nretry-after: 1\r\n"), "{answer}");
    drop(first);
    let deadline = Instant::now() + Duration::from_secs(20);
    while refused().starts_with("HTTP/1.1 503") {
        assert!(Instant::now() < deadline, "the place of a client that is gone stays taken");
        thread::sleep(Duration::from_millis(20));
    }
}

/// While others write, a short answer comes, and it comes whole.
#[test]
fn a_short_answer_does_not_wait_for_endless_ones() {
    let server = serve(&["--parallel", "4", "--max-tokens", "100000000"]);
    let alone = text(&server, 1);
    let _endless: Vec<_> = (0..3).map(|_| begin(&server, &endless())).collect();
    let start = Instant::now();
    assert_eq!(text(&server, 1), alone);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

/// Nothing that a client writes is shown in the terminal.
#[test]
fn no_text_is_logged() {
    let folder = tempfile::tempdir().unwrap();
    save_writer(folder.path(), "model", 64);
    let log = folder.path().join("log");
    let arguments = ["serve", "--port", "0", "--device", "cpu", "--model", "model"];
    let mut command = crate::common::llm(folder.path(), &arguments);
    command.stderr(fs::File::create(&log).unwrap());
    let server = Server::run(command, folder);
    let secret = "a secret of mine";
    for request in [
        json!({ "prompt": secret, "stream": false }),
        json!({ "prompt": secret, "options": { "temperature": -1 } }),
        json!({ "prompt": secret, secret: 1 }),
    ] {
        server.post("/api/generate", request);
    }
    server.post("/api/embed", json!({ "input": secret }));
    assert!(!fs::read_to_string(&log).unwrap().contains("secret"));
}
