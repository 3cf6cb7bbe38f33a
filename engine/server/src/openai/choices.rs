//! Texts that are generated for one request at the same time: choices, as OpenAI calls them.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_stream::{StreamExt, StreamMap};

use crate::answer::Answer;
use crate::jobs::{Summary, TextPiece, TokenScore};
use crate::openai::events::Events;
use crate::openai::seconds;
use crate::refusal::Refusal;
use crate::requests::TextRequest;
use crate::scores::{entries, shown};
use crate::service::Service;
use crate::text::Text;

/// What a request asks for.
pub struct Asked {
    pub kind: Kind,
    /// At least one. Before each stands what its text begins with.
    pub requests: Vec<(String, TextRequest)>,
    /// Of all prompts.
    pub prompt_tokens: usize,
    pub stream: bool,
    pub include_usage: bool,
}

/// What the texts are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Answers in a conversation.
    Chat,
    /// Continuations.
    Text,
}

/// Generates the texts, as events or as one JSON object.
pub async fn answer(service: Arc<Service>, asked: Asked) -> Result<Response, Refusal> {
    let Asked { kind, requests, prompt_tokens, stream, include_usage } = asked;
    let mut begun = Vec::new();
    let mut answers = Vec::new();
    let mut with_scores = false;
    for (text, request) in requests {
        with_scores |= request.scores.is_some();
        begun.push(text);
        answers.push(service.begin(request)?);
    }
    let model = answers.first().map_or(0, |answer| answer.about.model);
    let form = Form::new(kind, service, model, with_scores, prompt_tokens);
    if !stream {
        return Ok(Json(whole(&form, begun, answers).await?).into_response());
    }
    let mut pieces = StreamMap::new();
    for (index, Answer { pieces: choice, .. }) in answers.into_iter().enumerate() {
        pieces.insert(index, UnboundedReceiverStream::new(choice));
    }
    let mut events = Events::new(form, begun, include_usage);
    let first = events.first();
    let events = tokio_stream::once(first).chain(pieces.map(move |(index, piece)| events.of(index, piece)));
    let body = Body::from_stream(events.map(Ok::<_, Infallible>));
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, body).into_response())
}

/// All texts, when they have come to their end.
async fn whole(form: &Form, begun: Vec<String>, answers: Vec<Answer>) -> Result<Value, Refusal> {
    let (mut choices, mut usage) = (Vec::new(), Usage::default());
    for (index, (answer, begun)) in answers.into_iter().zip(begun).enumerate() {
        let (piece, summary) = answer.whole().await?;
        usage.add(&summary);
        let scores = form.scores(&piece, 0);
        let text = begun + &piece.text;
        let mut choice = json!({ "index": index, "logprobs": scores, "finish_reason": finish(&summary) });
        match form.kind {
            Kind::Chat => choice["message"] = json!({ "role": "assistant", "content": text, "refusal": null }),
            Kind::Text => choice["text"] = text.into(),
        }
        choices.push(choice);
    }
    let mut object = form.object(false, choices);
    object["usage"] = form.usage(&usage);
    Ok(object)
}

/// What is the same in all objects of one answer.
pub struct Form {
    pub kind: Kind,
    service: Arc<Service>,
    model: usize,
    with_scores: bool,
    prompt_tokens: usize,
    id: String,
    created: u64,
}

/// Tokens of all texts so far.
#[derive(Default)]
pub struct Usage {
    written: usize,
    reused: usize,
}

impl Usage {
    pub fn add(&mut self, summary: &Summary) {
        self.written += summary.tokens;
        self.reused += summary.reused;
    }
}

impl Form {
    fn new(kind: Kind, service: Arc<Service>, model: usize, with_scores: bool, prompt_tokens: usize) -> Self {
        let now = SystemTime::now();
        let number = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
        let id = format!("{}-{number:x}", if kind == Kind::Chat { "chatcmpl" } else { "cmpl" });
        Self { kind, service, model, with_scores, prompt_tokens, id, created: seconds(now) }
    }

    /// An answer, or a part of one in a stream.
    pub fn object(&self, is_part: bool, choices: Vec<Value>) -> Value {
        let object = match (self.kind, is_part) {
            (Kind::Chat, true) => "chat.completion.chunk",
            (Kind::Chat, false) => "chat.completion",
            (Kind::Text, _) => "text_completion",
        };
        let model = &self.service.models[self.model].name;
        json!({ "id": self.id, "object": object, "created": self.created, "model": model, "choices": choices })
    }

    pub fn usage(&self, usage: &Usage) -> Value {
        let (read, written) = (self.prompt_tokens, usage.written);
        json!({
            "prompt_tokens": read,
            "completion_tokens": written,
            "total_tokens": read + written,
            // With several texts for a prompt it may be read from memory more often than it counts.
            "prompt_tokens_details": { "cached_tokens": usage.reused.min(read) },
        })
    }

    /// The log probabilities of a piece before which the text has `offset` characters; null if they are not wanted.
    pub fn scores(&self, piece: &TextPiece, offset: usize) -> Value {
        match self.service.models[self.model].text().filter(|_| self.with_scores) {
            None => Value::Null,
            Some(text) if self.kind == Kind::Chat => {
                json!({ "content": entries(text, &piece.scores), "refusal": null })
            }
            Some(text) => in_columns(text, &piece.scores, offset),
        }
    }
}

/// Log probabilities as `/v1/completions` has them: a list of each.
fn in_columns(text: &Text, scores: &[TokenScore], mut offset: usize) -> Value {
    let mut offsets = Vec::new();
    for score in scores {
        offsets.push(offset);
        offset += characters(&text.token_bytes(score.id));
    }
    let top = |score: &TokenScore| -> Value {
        score.top.iter().map(|&(id, value)| (name(&text.token_bytes(id)), json!(shown(value)))).collect()
    };
    json!({
        "tokens": scores.iter().map(|score| name(&text.token_bytes(score.id))).collect::<Vec<_>>(),
        "token_logprobs": scores.iter().map(|score| shown(score.log_probability)).collect::<Vec<_>>(),
        "top_logprobs": scores.iter().map(top).collect::<Vec<_>>(),
        "text_offset": offsets,
    })
}

/// Number of characters that begin in these bytes.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0b1100_0000 != 0b1000_0000).count()
}

/// A token as text; a part of a character as its bytes, as OpenAI writes them.
fn name(bytes: &[u8]) -> String {
    let hexadecimal = || bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
    std::str::from_utf8(bytes).map_or_else(|_| format!("bytes:{}", hexadecimal()), str::to_string)
}

/// Why a text has ended.
pub fn finish(summary: &Summary) -> &'static str {
    if summary.at_limit() { "length" } else { "stop" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_character_are_named_and_counted_once() {
        let water = "水".as_bytes();
        assert_eq!(name(&water[..2]), "bytes:\\xe6\\xb0");
        assert_eq!(name(water), "水");
        assert_eq!([&water[..2], &water[2..], b"ab", b""].map(characters), [1, 0, 2, 0]);
    }
}
