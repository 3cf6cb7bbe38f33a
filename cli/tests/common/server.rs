//! A running `llm serve`, and requests to it over real connections.

#![allow(dead_code, reason = "every test file takes what it needs")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use burn::tensor::Device;
use ch04_gpt::GptModel;
use ch06_classify::{Readout, add_classification_head};
use model_files::{ClassifierConfig, save_classifier, save_model};
use serde_json::Value;
use shared::GptConfig;
use shared::init::torch_init;
use shared::rng::TorchRng;

use super::llm;

/// A running server.
pub struct Server {
    pub child: Child,
    /// Host and port.
    pub address: String,
    /// The page that it names, `/` if none.
    pub path: String,
    _folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn small_config() -> GptConfig {
    GptConfig {
        vocab_size: 50257,
        context_length: 64,
        emb_dim: 16,
        n_heads: 2,
        n_layers: 2,
        drop_rate: 0.0,
        qkv_bias: false,
    }
}

/// Saves an untrained model of seed 123 as `folder/name`, with the given context.
pub fn save_writer(folder: &Path, name: &str, context_length: usize) {
    let config = GptConfig { context_length, ..small_config() };
    let model = torch_init(GptModel::new(&config, &Device::flex()), &mut TorchRng::new(123));
    save_model(&folder.join(name), &config, &model).unwrap();
}

/// As [`save_writer`], and marked as one that was fine-tuned on instructions in the Alpaca format.
pub fn save_follower(folder: &Path, name: &str, context_length: usize) {
    save_writer(folder, name, context_length);
    fs::write(folder.join(name).join("instruct.json"), r#"{"format": "alpaca"}"#).unwrap();
}

/// Saves an untrained classifier that looks at 20 tokens.
pub fn save_classifier_of(folder: &Path, name: &str) {
    let (model, mut rng) = (small_config(), TorchRng::new(123));
    let classifier = torch_init(GptModel::new(&model, &Device::flex()), &mut rng);
    let classifier = add_classification_head(classifier, &mut rng, &Device::flex());
    let labels = ["ham", "spam"].map(str::to_string).to_vec();
    let config = ClassifierConfig { model, max_length: Some(20), readout: Readout::Last, causal_mask: true, labels };
    save_classifier(&folder.join(name), &config, &classifier).unwrap();
}

/// Serves an untrained model.
pub fn serve(extra: &[&str]) -> Server {
    let folder = tempfile::tempdir().unwrap();
    save_writer(folder.path(), "model", 64);
    serve_in(folder, &[&["--model", "model"], extra].concat())
}

/// Serves a model of every kind.
pub fn serve_all(extra: &[&str]) -> Server {
    let folder = tempfile::tempdir().unwrap();
    save_writer(folder.path(), "writer", 64);
    save_classifier_of(folder.path(), "judge");
    save_follower(folder.path(), "follower", 64);
    let models = ["--model", "writer", "--model", "judge", "--model", "follower"];
    serve_in(folder, &[&models[..], extra].concat())
}

/// Serves models in a folder.
pub fn serve_in(folder: tempfile::TempDir, args: &[&str]) -> Server {
    Server::start(folder, &[&["serve", "--port", "0", "--device", "cpu"][..], args].concat())
}

impl Server {
    /// Starts the program in a folder and waits until it says where it listens.
    pub fn start(folder: tempfile::TempDir, args: &[&str]) -> Self {
        Self::start_with(folder, args, &[])
    }

    /// The same with variables of the environment.
    pub fn start_with(folder: tempfile::TempDir, args: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = llm(folder.path(), args);
        command.envs(variables.iter().copied());
        Self::run(command, folder)
    }

    /// Runs the program and waits until it says where it listens.
    pub fn run(mut command: Command, folder: tempfile::TempDir) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("http://").expect("the address").split(' ').next().unwrap();
        let (address, path) = url.split_once('/').unwrap_or((url, ""));
        Self { child, address: address.to_string(), path: format!("/{path}"), _folder: folder }
    }

    /// Sends a request and leaves the connection open for the answer.
    pub fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> TcpStream {
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
    pub fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
        let mut answer = Vec::new();
        self.send(method, path, headers, body).read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let chunked = head.to_lowercase().contains("transfer-encoding: chunked");
        (status, if chunked { unchunk(body) } else { body.to_string() })
    }

    pub fn post(&self, path: &str, body: Value) -> (u16, String) {
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
