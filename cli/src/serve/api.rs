//! The HTTP interface: Ollama's `/api/generate` and `/api/chat`, so that its clients work here too, and what the page
//! needs besides.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use ch02_text::Gpt2Tokenizer;
use ch05_pretrain::GenerateOptions;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::GptConfig;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use super::engine::{Engine, Job, Piece};
use crate::generate::check_prompt;

/// What every handler sees.
pub struct Served {
    /// Name of the model in answers.
    pub name: String,
    pub config: GptConfig,
    pub engine: Engine,
    pub tokenizer: Gpt2Tokenizer,
    /// Most tokens of one answer.
    pub max_tokens: usize,
}

/// Ollama's sampling options; those that this server does not know are left alone, as Ollama does.
#[derive(Debug, Default, Deserialize)]
pub struct Options {
    temperature: Option<f64>,
    top_k: Option<usize>,
    seed: Option<u64>,
    /// Most new tokens.
    num_predict: Option<usize>,
}

#[derive(Debug, Deserialize)]
pub struct GenerateRequest {
    prompt: String,
    stream: Option<bool>,
    #[serde(default)]
    options: Options,
}

#[derive(Debug, Deserialize)]
pub struct ChatRequest {
    messages: Vec<Message>,
    stream: Option<bool>,
    #[serde(default)]
    options: Options,
}

/// A turn of a conversation.
#[derive(Debug, Deserialize, Serialize)]
pub struct Message {
    role: String,
    content: String,
}

/// An error as JSON: `{"error": "..."}`.
pub fn failure(status: StatusCode, message: impl ToString) -> Response {
    (status, Json(json!({ "error": message.to_string() }))).into_response()
}

pub async fn page() -> Html<&'static str> {
    Html(include_str!("page.html"))
}

pub async fn version() -> Json<Value> {
    Json(json!({ "version": env!("CARGO_PKG_VERSION") }))
}

/// The models that are served, in the form of Ollama's list.
pub async fn tags(State(served): State<Arc<Served>>) -> Json<Value> {
    let details = json!({ "family": "gpt2", "context_length": served.config.context_length });
    Json(json!({ "models": [{ "name": served.name, "model": served.name, "details": details }] }))
}

pub async fn generate(State(served): State<Arc<Served>>, body: Bytes) -> Response {
    let request: GenerateRequest = match parse(&body) {
        Ok(request) => request,
        Err(reason) => return failure(StatusCode::BAD_REQUEST, reason),
    };
    let field = |text: &str| json!({ "response": text });
    answer(&served, &request.prompt, request.stream, &request.options, field).await
}

pub async fn chat(State(served): State<Arc<Served>>, body: Bytes) -> Response {
    let request: ChatRequest = match parse(&body) {
        Ok(request) => request,
        Err(reason) => return failure(StatusCode::BAD_REQUEST, reason),
    };
    let prompt = match conversation(&request.messages) {
        Ok(prompt) => prompt,
        Err(reason) => return failure(StatusCode::BAD_REQUEST, reason),
    };
    let field = |text: &str| json!({ "message": { "role": "assistant", "content": text } });
    answer(&served, &prompt, request.stream, &request.options, field).await
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|e| format!("bad request: {e}"))
}

/// A conversation as one text to continue.
fn conversation(messages: &[Message]) -> Result<String, String> {
    let mut text = String::new();
    for Message { role, content } in messages {
        match role.as_str() {
            "system" | "user" | "assistant" => text += &format!("{content}\n"),
            other => return Err(format!("the role '{other}' is unknown; there are system, user and assistant")),
        }
    }
    Ok(text)
}

/// Continues `prompt`, as a stream of JSON lines or as one JSON object. `field` puts a piece of text where the client
/// expects it.
async fn answer(
    served: &Served,
    prompt: &str,
    stream: Option<bool>,
    options: &Options,
    field: impl Fn(&str) -> Value + Send + Sync + 'static,
) -> Response {
    let prompt = served.tokenizer.encode_with_end_of_text(prompt);
    let (options, seed) = match settle(served, &prompt, options) {
        Ok(settled) => settled,
        Err(reason) => return failure(StatusCode::BAD_REQUEST, reason),
    };
    let (pieces, answer) = mpsc::channel(16);
    let prompt_tokens = prompt.len();
    if !served.engine.submit(Job { prompt, options, seed, pieces }) {
        return failure(StatusCode::SERVICE_UNAVAILABLE, "too many requests are waiting; try again in a moment");
    }
    let frame = Frame { model: served.name.clone(), start: Instant::now(), prompt_tokens };
    if stream.unwrap_or(true) {
        let lines = ReceiverStream::new(answer).map(move |piece| {
            let mut line = frame.line(&piece, &field).to_string();
            line.push('\n');
            Ok::<_, Infallible>(line)
        });
        return ([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response();
    }
    whole(answer, &frame, field).await
}

/// The whole answer as one object.
async fn whole(mut answer: mpsc::Receiver<Piece>, frame: &Frame, field: impl Fn(&str) -> Value) -> Response {
    let mut text = String::new();
    while let Some(piece) = answer.recv().await {
        match piece {
            Piece::Text(piece) => text += &piece,
            Piece::Failed(reason) => return failure(StatusCode::INTERNAL_SERVER_ERROR, reason),
            done @ Piece::Done { .. } => {
                return Json(merge(frame.line(&done, &field), field(&text))).into_response();
            }
        }
    }
    failure(StatusCode::SERVICE_UNAVAILABLE, "the server is shutting down")
}

/// Checks a request against the model and the server's limits.
fn settle(served: &Served, prompt: &[u32], options: &Options) -> Result<(GenerateOptions, u64), String> {
    check_prompt(prompt, &served.config).map_err(|e| e.to_string())?;
    let max_new_tokens = options.num_predict.unwrap_or(served.max_tokens.min(128));
    if max_new_tokens > served.max_tokens {
        return Err(format!("num_predict is {max_new_tokens}, but this server writes at most {}", served.max_tokens));
    }
    let temperature = options.temperature.unwrap_or(0.8);
    if !(temperature.is_finite() && temperature >= 0.0) {
        return Err(format!("temperature is {temperature}, but must be at least 0"));
    }
    let vocab_size = served.config.vocab_size;
    let top_k = options.top_k.unwrap_or(40.min(vocab_size));
    if !(1..=vocab_size).contains(&top_k) {
        return Err(format!("top_k is {top_k}, but must be at least 1 and at most {vocab_size}"));
    }
    let settled = GenerateOptions {
        max_new_tokens,
        context_size: served.config.context_length,
        temperature,
        top_k: Some(top_k),
        eos_id: Some(ch02_text::END_OF_TEXT_ID),
        use_cache: true,
        use_decoder: true,
    };
    Ok((settled, options.seed.unwrap_or_else(seed_of_the_moment)))
}

/// Without a seed, every answer is another one.
fn seed_of_the_moment() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.subsec_nanos().into())
}

/// What stands around the pieces of one answer.
struct Frame {
    model: String,
    start: Instant,
    prompt_tokens: usize,
}

impl Frame {
    /// One line of a streamed answer.
    fn line(&self, piece: &Piece, field: &impl Fn(&str) -> Value) -> Value {
        let created_at = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
        let head = json!({ "model": self.model, "created_at": created_at });
        match piece {
            Piece::Text(text) => merge(merge(head, field(text)), json!({ "done": false })),
            Piece::Failed(reason) => merge(head, json!({ "error": reason, "done": true })),
            Piece::Done { tokens, at_limit } => {
                let end = json!({
                    "done": true,
                    "done_reason": if *at_limit { "length" } else { "stop" },
                    "total_duration": self.start.elapsed().as_nanos() as u64,
                    "prompt_eval_count": self.prompt_tokens,
                    "eval_count": tokens,
                });
                merge(merge(head, field("")), end)
            }
        }
    }
}

/// The keys of both objects; those of the second win.
fn merge(mut first: Value, second: Value) -> Value {
    if let (Value::Object(first), Value::Object(second)) = (&mut first, second) {
        first.extend(second);
    }
    first
}
