//! The answers of `/api/generate` and `/api/chat`: a stream of JSON lines or one JSON object.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Json;
use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::UnboundedReceiverStream;

use crate::answer::{About, Answer};
use crate::jobs::{Job, Loading, Piece, Summary, Task, TextPiece};
use crate::keep_alive::KeepAlive;
use crate::ollama::request::Request;
use crate::refusal::{Refusal, failed, server_error};
use crate::requests::TextRequest;
use crate::scores::entries;
use crate::service::Service;

/// Does what a request asks for. `field` puts a piece of text where the client expects it.
pub async fn answer(
    service: Arc<Service>,
    request: Request,
    field: impl Fn(&str) -> Value + Send + Sync + 'static,
) -> Result<Response, Refusal> {
    match request {
        Request::Text { request, stream } => answer_text(service, *request, stream, field).await,
        Request::Load { model, keep_alive } => answer_load(&service, model, keep_alive, field).await,
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
    service.submit(Job { model, task: Task::Load(Loading { answer }), keep_alive })?;
    loaded.await.map_err(|_| failed())?.map_err(server_error)?;
    let reason = if keep_alive.is_over() { "unload" } else { "load" };
    let end = json!({ "done": true, "done_reason": reason });
    Ok(Json(merge(merge(head(&service.models[model].name), field("")), end)).into_response())
}

async fn answer_text(
    service: Arc<Service>,
    request: TextRequest,
    stream: bool,
    field: impl Fn(&str) -> Value + Send + Sync + 'static,
) -> Result<Response, Refusal> {
    let with_scores = request.scores.is_some();
    let answer = service.begin(request)?;
    let about = answer.about;
    let lines = Lines { service, about, with_scores, field };
    if !stream {
        let (whole, summary) = answer.whole().await?;
        return Ok(Json(merge(lines.text(&whole), lines.end(&summary))).into_response());
    }
    let Answer { pieces, .. } = answer;
    let pieces = UnboundedReceiverStream::new(pieces).map(move |piece| {
        let mut line = lines.line(&piece).to_string();
        line.push('\n');
        Ok::<_, Infallible>(line)
    });
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(pieces)).into_response())
}

/// How the lines of one answer are written.
struct Lines<F> {
    service: Arc<Service>,
    about: About,
    with_scores: bool,
    field: F,
}

impl<F: Fn(&str) -> Value> Lines<F> {
    fn line(&self, piece: &Piece) -> Value {
        match piece {
            Piece::Text(piece) => merge(self.text(piece), json!({ "done": false })),
            Piece::Failed(reason) => merge(self.head(), json!({ "error": reason, "done": true })),
            Piece::Done(summary) => merge(merge(self.head(), (self.field)("")), self.end(summary)),
        }
    }

    fn head(&self) -> Value {
        head(&self.service.models[self.about.model].name)
    }

    /// A piece of text, or all of it.
    fn text(&self, piece: &TextPiece) -> Value {
        let mut line = merge(self.head(), (self.field)(&piece.text));
        if let Some(text) = self.service.models[self.about.model].text().filter(|_| self.with_scores) {
            line["logprobs"] = entries(text, &piece.scores).into();
        }
        line
    }

    /// The figures of the last line. Times are in nanoseconds; what was left out of a prompt is this server's own addition.
    fn end(&self, summary: &Summary) -> Value {
        let Summary { tokens, loading, reading, writing, .. } = *summary;
        let nanoseconds = |time: Duration| time.as_nanos() as u64;
        json!({
            "done": true,
            "done_reason": if summary.at_limit() { "length" } else { "stop" },
            "total_duration": nanoseconds(self.about.received.elapsed()),
            "load_duration": nanoseconds(loading),
            "prompt_eval_count": self.about.prompt_tokens,
            "prompt_eval_duration": nanoseconds(reading),
            "eval_count": tokens,
            // Clients divide by it.
            "eval_duration": nanoseconds(writing).max(1),
            "forgotten_turns": self.about.forgotten_turns,
            "forgotten_tokens": self.about.forgotten_tokens,
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
