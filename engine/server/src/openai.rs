//! OpenAI's `/v1/chat/completions`: the same conversations and options under other names.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::UnboundedReceiverStream;

use crate::answer::{Frame, ending, start};
use crate::fields::Fields;
use crate::jobs::{Piece, Summary};
use crate::requests::{Refusal, Request, Service, TextRequest, bad_request, prepare};

/// OpenAI's options and Ollama's. Of two names for one option the later one wins.
const OPTIONS: [(&str, &str); 8] = [
    ("temperature", "temperature"),
    ("top_p", "top_p"),
    ("max_tokens", "num_predict"),
    ("max_completion_tokens", "num_predict"),
    ("stop", "stop"),
    ("seed", "seed"),
    ("presence_penalty", "presence_penalty"),
    ("frequency_penalty", "frequency_penalty"),
];
/// Fields that label a request, and change nothing.
const LABELS: [&str; 3] = ["user", "metadata", "store"];

/// A conversation to continue.
struct Completion {
    text: TextRequest,
    /// Whether a stream ends with the number of tokens.
    include_usage: bool,
}

pub async fn chat(State(service): State<Arc<Service>>, body: Bytes) -> Response {
    let answered = match prepare(&service, body, Completion::read).await {
        Ok(completion) => answer(&service, completion).await,
        Err(refusal) => Err(refusal),
    };
    answered.unwrap_or_else(|(status, reason)| (status, Json(error(status, &reason))).into_response())
}

impl Completion {
    fn read(service: &Service, mut fields: Fields) -> Result<Self, Refusal> {
        let mut request = Map::new();
        request.insert("model".into(), fields.take("model")?.unwrap_or_default());
        request.insert("stream".into(), fields.take::<bool>("stream")?.unwrap_or(false).into());
        let messages: Vec<Map<String, Value>> = fields.take("messages")?.unwrap_or_default();
        request.insert("messages".into(), messages.into_iter().map(message).collect::<Result<_, _>>()?);
        let mut options = Map::new();
        for (name, ollamas) in OPTIONS {
            options.extend(fields.take::<Value>(name)?.map(|value| (ollamas.to_string(), value)));
        }
        request.insert("options".into(), options.into());
        if fields.take::<u64>("n")?.is_some_and(|n| n != 1) {
            return Err(bad_request("n is not supported: there is one answer to a request"));
        }
        let stream_options: Map<String, Value> = fields.take("stream_options")?.unwrap_or_default();
        for label in LABELS {
            fields.take::<Value>(label)?;
        }
        fields.finish()?;
        let Request::Text(text) = service.conversation(Fields::from(request))? else {
            return Err(bad_request("messages is empty; give at least one"));
        };
        let include_usage = stream_options.get("include_usage") == Some(&Value::Bool(true));
        Ok(Self { text: *text, include_usage })
    }
}

/// A message as Ollama has it: its role has another name there, and its content is one text.
fn message(mut message: Map<String, Value>) -> Result<Value, Refusal> {
    if message.get("role").is_some_and(|role| role == "developer") {
        message.insert("role".into(), "system".into());
    }
    if let Some(Value::Array(parts)) = message.get("content") {
        let text = |part: &Value| (part["type"] == "text").then(|| part["text"].as_str().map(str::to_string))?;
        let whole: Option<String> = parts.iter().map(text).collect();
        let whole = whole.ok_or_else(|| bad_request("the models here read text only; content has another part"))?;
        message.insert("content".into(), whole.into());
    }
    Ok(message.into())
}

/// Generates the answer, as events or as one JSON object.
async fn answer(service: &Service, Completion { text, include_usage }: Completion) -> Result<Response, Refusal> {
    let stream = text.stream;
    let (frame, mut pieces) = start(service, text)?;
    let form = Form::new(frame);
    if stream {
        let events = UnboundedReceiverStream::new(pieces).map(move |piece| {
            let events = form.events(&piece, include_usage).into_iter().map(|event| format!("data: {event}\n\n"));
            Ok::<_, Infallible>(events.collect::<String>())
        });
        return Ok(([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(events)).into_response());
    }
    let mut text = String::new();
    while let Some(piece) = pieces.recv().await {
        match piece {
            Piece::Text(piece) => text += &piece,
            Piece::Failed(reason) => return Err((StatusCode::INTERNAL_SERVER_ERROR, reason)),
            Piece::Done(summary) => return Ok(Json(form.whole(&text, &summary)).into_response()),
        }
    }
    Err(ending())
}

/// What is the same in all objects of one answer.
struct Form {
    id: String,
    created: u64,
    frame: Frame,
}

impl Form {
    fn new(frame: Frame) -> Self {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { id: format!("chatcmpl-{:x}", time.as_nanos()), created: time.as_secs(), frame }
    }

    fn object(&self, kind: &str, choices: Value) -> Value {
        let Self { id, created, frame } = self;
        json!({ "id": id, "object": kind, "created": created, "model": frame.model_name, "choices": choices })
    }

    fn whole(&self, text: &str, summary: &Summary) -> Value {
        let message = json!({ "role": "assistant", "content": text });
        let choice = json!({ "index": 0, "message": message, "finish_reason": finish(summary) });
        let mut object = self.object("chat.completion", json!([choice]));
        object["usage"] = self.usage(summary);
        object
    }

    /// The events of a piece. The last piece ends the stream.
    fn events(&self, piece: &Piece, include_usage: bool) -> Vec<String> {
        let chunk = |choices: Value| self.object("chat.completion.chunk", choices);
        match piece {
            Piece::Text(text) => {
                let delta = json!({ "role": "assistant", "content": text });
                vec![chunk(json!([{ "index": 0, "delta": delta, "finish_reason": null }])).to_string()]
            }
            Piece::Failed(reason) => vec![error(StatusCode::INTERNAL_SERVER_ERROR, reason).to_string()],
            Piece::Done(summary) => {
                let last = chunk(json!([{ "index": 0, "delta": {}, "finish_reason": finish(summary) }]));
                let mut events = vec![last.to_string()];
                if include_usage {
                    let mut usage = chunk(json!([]));
                    usage["usage"] = self.usage(summary);
                    events.push(usage.to_string());
                }
                events.push("[DONE]".to_string());
                events
            }
        }
    }

    fn usage(&self, summary: &Summary) -> Value {
        let (read, written) = (self.frame.prompt_tokens, summary.tokens);
        json!({ "prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written })
    }
}

fn finish(summary: &Summary) -> &'static str {
    if summary.at_limit { "length" } else { "stop" }
}

fn error(status: StatusCode, reason: &str) -> Value {
    let kind = if status.is_client_error() { "invalid_request_error" } else { "server_error" };
    json!({ "error": { "message": reason, "type": kind, "param": null, "code": null } })
}
