//! `/v1/chat/completions`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Map, Value};

use crate::fields::Fields;
use crate::messages::{ChatMessage, Talk};
use crate::openai::choices::{Asked, Kind, answer};
use crate::openai::request::{Common, finish};
use crate::refusal::{Refusal, bad_request};
use crate::requests::take_scores;
use crate::service::{Service, prepare};

pub async fn chat(State(service): State<Arc<Service>>, body: Bytes) -> Result<Response, Refusal> {
    let asked = prepare(&service, body, read).await?;
    answer(service, asked).await
}

fn read(service: &Service, mut fields: Fields) -> Result<Asked, Refusal> {
    let common = Common::take(&mut fields)?;
    let messages: Vec<Map<String, Value>> = fields.take("messages")?.unwrap_or_default();
    let scores = take_scores(&mut fields)?;
    finish(fields)?;
    let wrong = |reason: String| bad_request(reason).about("messages");
    if messages.is_empty() {
        return Err(wrong("messages is empty; give at least one".to_string()));
    }
    let messages = messages.into_iter().map(message).collect::<Result<Vec<_>, _>>().map_err(wrong)?;
    let talk = Talk::new(&messages).map_err(|error| wrong(error.to_string()))?;
    let (model, writer) = service.choose_answering_model(common.model.as_deref())?;
    let (n, stream, include_usage) = (common.n, common.stream, common.include_usage);
    let manner = common.manner(scores);
    let request = service.text_request(model, &manner, |window| writer.answered(talk, window))?;
    let prompt_tokens = request.continuation.prompt.len();
    let requests = (0..n).map(|index| (String::new(), request.variant(index))).collect();
    Ok(Asked { kind: Kind::Chat, requests, prompt_tokens, stream, include_usage })
}

/// A message as Ollama has it: its role has another name there, and its content is one text.
fn message(mut message: Map<String, Value>) -> Result<ChatMessage, String> {
    match message.get("role").and_then(Value::as_str) {
        Some("developer") => drop(message.insert("role".into(), "system".into())),
        Some("function") => drop(message.insert("role".into(), "tool".into())),
        _ => {}
    }
    if let Some(Value::Array(parts)) = message.get("content") {
        let text = |part: &Value| match part["type"].as_str() {
            Some(kind @ ("text" | "refusal")) => part[kind].as_str().map(str::to_string),
            _ => None,
        };
        let whole: Option<String> = parts.iter().map(text).collect();
        message
            .insert("content".into(), whole.ok_or("the models here read text only; content has another part")?.into());
    }
    serde_json::from_value(message.into()).map_err(|error| format!("bad request: messages: {error}"))
}
