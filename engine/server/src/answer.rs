//! Answers: a text as a stream of JSON lines or as one JSON object, and errors.

use std::convert::Infallible;
use std::time::{Instant, SystemTime};

use axum::Json;
use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::UnboundedReceiverStream;

use crate::prompt::Prompt;
use crate::requests::{Refusal, Service, TextRequest};
use crate::worker::{Generation, Piece, SubmitError, WorkerJob, WorkerTask};

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

/// Generates a text, as a stream of JSON lines or as one JSON object. `field` puts a piece of text where the client
/// expects it.
pub async fn answer_text(
    service: &Service,
    request: TextRequest,
    field: impl Fn(&str) -> Value + Send + Sync + 'static,
) -> Response {
    let TextRequest { model, prompt: Prompt { ids, forgotten }, options, seed, stream } = request;
    let (pieces, mut answer) = mpsc::unbounded_channel();
    let name = service.models[model].name.clone();
    let frame = Frame { model: name, start: Instant::now(), prompt_tokens: ids.len(), forgotten };
    let task = WorkerTask::Generate(Generation { prompt: ids, options, seed, pieces });
    if let Err(reason) = service.worker.submit(WorkerJob { model, task }) {
        let (status, reason) = refuse_job(reason);
        return failure(status, reason);
    }
    if stream {
        let lines = UnboundedReceiverStream::new(answer).map(move |piece| {
            let mut line = frame.line(&piece, &field).to_string();
            line.push('\n');
            Ok::<_, Infallible>(line)
        });
        return ([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response();
    }
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
    failure(StatusCode::SERVICE_UNAVAILABLE, "the server is ending")
}

/// What surrounds the pieces of one answer.
struct Frame {
    model: String,
    start: Instant,
    prompt_tokens: usize,
    forgotten: usize,
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
                    "forgotten_turns": self.forgotten,
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
