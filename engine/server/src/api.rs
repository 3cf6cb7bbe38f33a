//! The paths of the server: Ollama's `/api/generate` and `/api/chat`, so that Ollama's clients work here too, and
//! `/api/classify`.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::answer::{answer, failure, refuse_job};
use crate::fields::Fields;
use crate::jobs::{Classification, Job, Task};
use crate::keep_alive::KeepAlive;
use crate::models::{ModelCard, Skill};
use crate::requests::{Refusal, Request, Service, bad_request, failed, prepare};

pub async fn page() -> impl IntoResponse {
    // Nothing from elsewhere, and not within the frame of another page.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                  img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, include_str!("page.html"))
}

pub async fn version() -> Json<Value> {
    Json(json!({ "version": env!("CARGO_PKG_VERSION") }))
}

/// The models that are served, in the form of Ollama's list, with what each can do.
pub async fn tags(State(service): State<Arc<Service>>) -> Json<Value> {
    let model = |card: &ModelCard| {
        json!({
            "name": card.name,
            "model": card.name,
            "capabilities": card.skill.capabilities(),
            "details": { "family": "gpt2", "context_length": card.config.context_length },
        })
    };
    let models: Vec<Value> = service.models.iter().map(model).collect();
    Json(json!({ "models": models, "max_tokens": service.max_tokens }))
}

pub async fn not_found() -> Response {
    let paths = "/, /api/generate, /api/chat, /api/classify, /api/tags and /api/version";
    failure(StatusCode::NOT_FOUND, format!("there is nothing here; this server has {paths}"))
}

pub async fn wrong_method() -> Response {
    failure(StatusCode::METHOD_NOT_ALLOWED, "this path needs another method: POST for answers, GET for the rest")
}

pub async fn generate(State(service): State<Arc<Service>>, body: Bytes) -> Response {
    let field = |text: &str| json!({ "response": text });
    answer_request(&service, prepare(&service, body, Service::completion).await, field).await
}

pub async fn chat(State(service): State<Arc<Service>>, body: Bytes) -> Response {
    let field = |text: &str| json!({ "message": { "role": "assistant", "content": text } });
    answer_request(&service, prepare(&service, body, Service::conversation).await, field).await
}

/// `field` puts a piece of text where the client expects it.
async fn answer_request(
    service: &Service,
    request: Result<Request, Refusal>,
    field: impl Fn(&str) -> Value + Send + Sync + 'static,
) -> Response {
    let answered = match request {
        Ok(request) => answer(service, request, field).await,
        Err(refusal) => Err(refusal),
    };
    answered.unwrap_or_else(|(status, reason)| failure(status, reason))
}

pub async fn classify(State(service): State<Arc<Service>>, body: Bytes) -> Response {
    answer_label(&service, body).await.unwrap_or_else(|(status, reason)| failure(status, reason))
}

async fn answer_label(service: &Service, body: Bytes) -> Result<Response, Refusal> {
    let mut fields = Fields::parse(&body)?;
    let name: Option<String> = fields.take("model")?;
    let text: Option<String> = fields.take("text")?;
    fields.finish()?;
    let text = text.ok_or_else(|| bad_request("bad request: missing field `text`"))?;
    let model = service.choose_model(name.as_deref(), "classify messages", ModelCard::classifies)?;
    let card = &service.models[model];
    let Skill::Classify(config) = card.skill.clone() else { return Err(bad_request("the model is no classifier")) };
    let (answer, prediction) = oneshot::channel();
    let task = Task::Classify(Classification { text, config, answer });
    let job = Job { model, task, keep_alive: KeepAlive::Forever };
    service.worker.submit(job).map_err(refuse_job)?;
    let prediction = prediction.await.map_err(|_| failed())?;
    let prediction = prediction.map_err(|reason| (StatusCode::INTERNAL_SERVER_ERROR, reason))?.map_err(bad_request)?;
    let [ham, spam] = prediction.probabilities;
    let answer = json!({
        "model": card.name,
        "label": prediction.label.name(),
        "probabilities": { "ham": ham, "spam": spam },
        "tokens": prediction.tokens,
        "truncated": prediction.truncated,
    });
    Ok(Json(answer).into_response())
}
