//! The paths of the server: Ollama's `/api/generate`, `/api/chat`, `/api/tags` and `/api/show`, so that Ollama's clients
//! work here too, and `/api/classify`.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::answer::{answer, failure, refuse_job};
use crate::card::{ModelCard, Skill};
use crate::details::{alone, in_list};
use crate::fields::Fields;
use crate::jobs::{Classification, Job, Task};
use crate::keep_alive::KeepAlive;
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
    let models: Vec<Value> = service.models.iter().map(|card| in_list(card, &service)).collect();
    Json(json!({ "models": models, "max_tokens": service.max_tokens }))
}

/// What is known of one model.
pub async fn show(State(service): State<Arc<Service>>, body: Bytes) -> Response {
    let shown = || {
        let mut fields = Fields::parse(&body)?;
        let name: Option<String> = fields.take("model")?;
        // With it, Ollama adds long lists, which there are none of here.
        fields.take::<bool>("verbose")?;
        fields.finish()?;
        let name = name.ok_or_else(|| bad_request("bad request: missing field `model`"))?;
        let (_, card) = service.choose_model(Some(&name), "be shown", Some)?;
        Ok(Json(alone(card)).into_response())
    };
    shown().unwrap_or_else(|(status, reason): Refusal| failure(status, reason))
}

pub async fn not_found() -> Response {
    let paths =
        "/, /api/generate, /api/chat, /api/classify, /api/tags, /api/show, /api/version and /v1/chat/completions";
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
    let classifies = |card: &ModelCard| matches!(card.skill, Skill::Classify).then_some(());
    let (model, ()) = service.choose_model(name.as_deref(), "classify messages", classifies)?;
    let (answer, prediction) = oneshot::channel();
    let job = Job { model, task: Task::Classify(Classification { text, answer }), keep_alive: KeepAlive::Forever };
    service.worker.submit(job).map_err(refuse_job)?;
    let prediction = prediction.await.map_err(|_| failed())?;
    let prediction = prediction.map_err(|reason| (StatusCode::INTERNAL_SERVER_ERROR, reason))?.map_err(bad_request)?;
    let [ham, spam] = prediction.probabilities;
    let answer = json!({
        "model": service.models[model].name,
        "label": prediction.label.name(),
        "probabilities": { "ham": ham, "spam": spam },
        "tokens": prediction.tokens,
        "truncated": prediction.truncated,
    });
    Ok(Json(answer).into_response())
}
