//! A small HTTP server for tests, on the loopback address: it can break off, fall silent, redirect and refuse.

#![allow(dead_code, reason = "every test file takes what it needs")]

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// First byte and, if named, last byte of a part of a file.
pub type Range = (usize, Option<usize>);

/// What a client asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Number of requests that came before.
    pub number: usize,
    pub path: String,
    pub range: Option<Range>,
    /// The server as the client calls it, with its port.
    pub host: String,
    /// What comes after `Authorization:`.
    pub authorization: Option<String>,
}

/// What the server answers.
pub struct Reply {
    status: u16,
    headers: Vec<String>,
    body: Vec<u8>,
    announce_length: bool,
    cut: Option<usize>,
    silence: Duration,
}

impl Reply {
    /// An answer with a status and a body, without regard to ranges.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self { status, headers: vec![], body, announce_length: true, cut: None, silence: Duration::ZERO }
    }

    /// A file, or the part of it that was asked for.
    pub fn file(request: &Request, bytes: &[u8], etag: &str) -> Self {
        let reply = match request.range {
            None => Self::new(200, bytes),
            Some((start, _)) if start >= bytes.len() => {
                Self::new(416, []).header(&format!("Content-Range: bytes */{}", bytes.len()))
            }
            Some((start, end)) => {
                let end = end.map_or(bytes.len(), |last| bytes.len().min(last + 1));
                let range = format!("Content-Range: bytes {start}-{}/{}", end - 1, bytes.len());
                Self::new(206, &bytes[start..end]).header(&range)
            }
        };
        reply.header(&format!("ETag: \"{etag}\""))
    }

    pub fn header(mut self, line: &str) -> Self {
        self.headers.push(line.to_string());
        self
    }

    /// Breaks the connection after this many bytes of the body.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.cut = Some(bytes);
        self
    }

    /// Holds the broken connection open for a while.
    pub fn then_silent_for(mut self, time: Duration) -> Self {
        self.silence = time;
        self
    }

    /// Does not tell the length; the body ends with the connection.
    pub fn without_length(mut self) -> Self {
        self.announce_length = false;
        self
    }

    fn send(self, mut stream: &TcpStream) -> std::io::Result<()> {
        let mut head = format!("HTTP/1.1 {} Test\r\nConnection: close\r\n", self.status);
        if self.announce_length {
            head += &format!("Content-Length: {}\r\n", self.body.len());
        }
        for header in &self.headers {
            head += &format!("{header}\r\n");
        }
        stream.write_all((head + "\r\n").as_bytes())?;
        stream.write_all(&self.body[..self.cut.unwrap_or(self.body.len())])?;
        stream.flush()?;
        thread::sleep(self.silence);
        stream.shutdown(Shutdown::Both)
    }
}

/// A running server; it stops when it is dropped.
pub struct Server {
    /// Address, without a slash at its end.
    pub url: String,
    address: std::net::SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (answer, requests, stop) =
            (Arc::new(answer), Arc::new(Mutex::new(vec![])), Arc::new(AtomicBool::new(false)));
        let thread = thread::spawn({
            let (requests, stop) = (requests.clone(), stop.clone());
            move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let (answer, requests) = (answer.clone(), requests.clone());
                    thread::spawn(move || serve(&stream, &*answer, &requests));
                }
            }
        });
        Self { url: format!("http://{address}"), address, requests, stop, thread: Some(thread) }
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// First bytes of the ranges asked for so far.
    pub fn ranges(&self) -> Vec<Option<usize>> {
        self.requests().iter().map(|request| request.range.map(|(start, _)| start)).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread up.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// An address at which no server listens.
pub fn closed_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn serve(stream: &TcpStream, answer: &dyn Fn(&Request) -> Reply, requests: &Mutex<Vec<Request>>) {
    let Some(request) = read(stream) else { return };
    let request = {
        let mut requests = requests.lock().unwrap();
        let request = Request { number: requests.len(), ..request };
        requests.push(request.clone());
        request
    };
    // The client may have closed the connection.
    let _ = answer(&request).send(stream);
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let path = lines.next()?.split(' ').nth(1)?.to_string();
    let mut request = Request { number: 0, path, range: None, host: String::new(), authorization: None };
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ")?;
        match name.to_ascii_lowercase().as_str() {
            "range" => {
                let (start, end) = value.strip_prefix("bytes=")?.split_once('-')?;
                request.range = Some((start.parse().ok()?, end.parse().ok()));
            }
            "host" => request.host = value.to_string(),
            "authorization" => request.authorization = Some(value.to_string()),
            _ => {}
        }
    }
    Some(request)
}
