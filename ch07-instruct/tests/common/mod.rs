//! A small HTTP server on the loopback interface, in place of a judge.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;

/// What the server answers.
pub struct Answer {
    status: u16,
    body: String,
    wait: Duration,
}

impl Answer {
    pub fn new(status: u16, body: &str) -> Self {
        Self { status, body: body.to_string(), wait: Duration::ZERO }
    }

    /// A streamed chat reply, one JSON object a line.
    pub fn pieces(pieces: &[&str]) -> Self {
        let line = |piece: &&str| json!({"message": {"role": "assistant", "content": piece}, "done": false});
        let lines: String = pieces.iter().map(|piece| line(piece).to_string() + "\n").collect();
        let last = json!({"message": {"role": "assistant", "content": ""}, "done": true});
        Self::new(200, &format!("{lines}{last}\n"))
    }

    pub fn after(wait: Duration, pieces: &[&str]) -> Self {
        Self { wait, ..Self::pieces(pieces) }
    }
}

/// Request line and body.
type Request = (String, String);

/// The server; its thread ends with the test program.
pub struct Server {
    pub url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Answers each request with what `answer` makes of its number, from 0, and its body.
    pub fn start(answer: impl Fn(usize, &str) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // A client that has given up is no reason to stop.
                let _ = serve(stream.unwrap(), &answer, &seen);
            }
        });
        Self { url, requests }
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(
    mut stream: TcpStream,
    answer: &impl Fn(usize, &str) -> Answer,
    seen: &Mutex<Vec<Request>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut request_line = String::new();
    reader.read_line(&mut request_line)?;
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let header = header.trim().to_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = String::from_utf8(body).unwrap();
    let number = seen.lock().unwrap().len();
    seen.lock().unwrap().push((request_line, body.clone()));

    let Answer { status, body, wait } = answer(number, &body);
    std::thread::sleep(wait);
    write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}
