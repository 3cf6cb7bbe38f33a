//! Answers: a text as a stream of JSON lines or as one JSON object, and errors.

use std::convert::Infallible;
use std::time::{Duration, Instant, SystemTime};

use axum::Json;
use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::UnboundedReceiverStream;

use crate::jobs::{Generation, Job, Loading, Piece, Summary, Task};
use crate::keep_alive::KeepAlive;
use crate::requests::{Refusal, Request, Service, TextRequest, failed};
use crate::worker::SubmitError;

/// An error as JSON: `{"error": "..."}`.
pub fn failure(status: StatusCode, message: impl ToString) -> Response {
    (status, Json(json!({ "error": message.to_string() }))).into_response()
}

/// The answer when the worker does not take a job.
pub fn refuse_job(reason: SubmitError) -> Refusal {
    let reason = match reason {
        SubmitError::QueueFull => "too many requests are waiting; try again in a moment",
        SubmitError::Ended => "the server can no longer compute; restart it",
    };
    (StatusCode::SERVICE_UNAVAILABLE, reason.to_string())
}

/// Does what a request asks for. `field` puts a piece of text where the client expects it.
pub async fn answer(
    service: &Service,
    request: Request,
    field: impl Fn(&str) -> Value + Send + Sync + 'static,
) -> Result<Response, Refusal> {
    match request {
        Request::Text(request) => answer_text(service, *request, field).await,
        Request::Load { model, keep_alive } => answer_load(service, model, keep_alive, field).await,
    }
}

/// Loads a model, or unloads it.
async fn answer_load(
    service: &Service,
    model: usize,
    keep_alive: KeepAlive,
    field: impl Fn(&str) -> Value,
) -> Result<Response, Refusal> {
    let (answer, loaded) = oneshot::channel();
    let job = Job { model, task: Task::Load(Loading { answer }), keep_alive };
    service.worker.submit(job).map_err(refuse_job)?;
    let loaded = loaded.await.map_err(|_| failed())?;
    loaded.map_err(|reason| (StatusCode::INTERNAL_SERVER_ERROR, reason))?;
    let reason = if keep_alive.is_over() { "unload" } else { "load" };
    let end = json!({ "done": true, "done_reason": reason });
    Ok(Json(merge(merge(head(&service.models[model].name), field("")), end)).into_response())
}

/// Generates a text, as a stream of JSON lines or as one JSON object.
async fn answer_text(
    service: &Service,
    request: TextRequest,
    field: impl Fn(&str) -> Value + Send + Sync + 'static,
) -> Result<Response, Refusal> {
    let stream = request.stream;
    let (frame, mut answer) = start(service, request)?;
    if stream {
        let lines = UnboundedReceiverStream::new(answer).map(move |piece| {
            let mut line = frame.line(&piece, &field).to_string();
            line.push('\n');
            Ok::<_, Infallible>(line)
        });
        return Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response());
    }
    let mut text = String::new();
    while let Some(piece) = answer.recv().await {
        match piece {
            Piece::Text(piece) => text += &piece,
            Piece::Failed(reason) => return Err((StatusCode::INTERNAL_SERVER_ERROR, reason)),
            Piece::Done(_) => return Ok(Json(merge(frame.line(&piece, &field), field(&text))).into_response()),
        }
    }
    Err(ending())
}

/// Begins to generate a text. Its pieces come one by one; the last says how it ended, unless the server is ending.
pub fn start(service: &Service, request: TextRequest) -> Result<(Frame, mpsc::UnboundedReceiver<Piece>), Refusal> {
    let TextRequest { model, continuation, forgotten_turns, forgotten_tokens, stop, keep_alive, received, .. } =
        request;
    let (pieces, answer) = mpsc::unbounded_channel();
    let (model_name, prompt_tokens) = (service.models[model].name.clone(), continuation.prompt.len());
    let task = Task::Generate(Generation { continuation, stop, pieces });
    service.worker.submit(Job { model, task, keep_alive }).map_err(refuse_job)?;
    Ok((Frame { model_name, received, prompt_tokens, forgotten_turns, forgotten_tokens }, answer))
}

/// The refusal of a request whose answer will not come to its end.
pub fn ending() -> Refusal {
    (StatusCode::SERVICE_UNAVAILABLE, "the server is ending".to_string())
}

/// What surrounds the pieces of one answer.
pub struct Frame {
    pub model_name: String,
    received: Instant,
    pub prompt_tokens: usize,
    forgotten_turns: usize,
    forgotten_tokens: usize,
}

impl Frame {
    /// One line of a streamed answer.
    fn line(&self, piece: &Piece, field: &impl Fn(&str) -> Value) -> Value {
        let head = head(&self.model_name);
        match piece {
            Piece::Text(text) => merge(merge(head, field(text)), json!({ "done": false })),
            Piece::Failed(reason) => merge(head, json!({ "error": reason, "done": true })),
            Piece::Done(summary) => merge(merge(head, field("")), self.end(summary)),
        }
    }

    /// The figures of the last line. Times are in nanoseconds; what was left out of a prompt is this server's own addition.
    fn end(&self, summary: &Summary) -> Value {
        let Summary { tokens, at_limit, loading, reading, writing } = *summary;
        let nanoseconds = |time: Duration| time.as_nanos() as u64;
        json!({
            "done": true,
            "done_reason": if at_limit { "length" } else { "stop" },
            "total_duration": nanoseconds(self.received.elapsed()),
            "load_duration": nanoseconds(loading),
            "prompt_eval_count": self.prompt_tokens,
            "prompt_eval_duration": nanoseconds(reading),
            "eval_count": tokens,
            // Clients divide by it.
            "eval_duration": nanoseconds(writing).max(1),
            "forgotten_turns": self.forgotten_turns,
            "forgotten_tokens": self.forgotten_tokens,
        })
    }
}

/// What every line begins with.
fn head(model_name: &str) -> Value {
    json!({ "model": model_name, "created_at": humantime::format_rfc3339_millis(SystemTime::now()).to_string() })
}

/// The keys of both objects; those of the second win.
fn merge(mut first: Value, second: Value) -> Value {
    if let (Value::Object(first), Value::Object(second)) = (&mut first, second) {
        first.extend(second);
    }
    first
}
