//! Ollama's interface: `/api/generate`, `/api/chat` and what belongs to them.

mod answer;
mod embed;
mod manage;
mod models;
mod ps;
mod request;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{any, get, post};
use serde_json::{Value, json};

use crate::ollama::answer::answer;
use crate::ollama::request::{completion, conversation};
use crate::refusal::Refusal;
use crate::service::{Service, prepare};

/// The paths of this interface.
pub const PATHS: [&str; 7] =
    ["/api/generate", "/api/chat", "/api/embed", "/api/tags", "/api/show", "/api/ps", "/api/version"];

pub fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/api/version", get(models::version))
        .route("/api/tags", get(models::tags))
        .route("/api/ps", get(ps::ps))
        .route("/api/show", post(models::show))
        .route("/api/generate", post(generate))
        .route("/api/chat", post(chat))
        .route("/api/embed", post(embed::embed))
        .route("/api/embeddings", post(embed::embeddings))
        .route("/api/pull", post(manage::pull))
        .route("/api/push", any(manage::refuse))
        .route("/api/create", any(manage::refuse))
        .route("/api/copy", any(manage::refuse))
        .route("/api/delete", any(manage::refuse))
        .route("/api/blobs/{digest}", any(manage::refuse))
}

async fn generate(State(service): State<Arc<Service>>, body: Bytes) -> Result<Response, Refusal> {
    let request = prepare(&service, body, completion).await?;
    answer(service, request, |text: &str| json!({ "response": text })).await
}

async fn chat(State(service): State<Arc<Service>>, body: Bytes) -> Result<Response, Refusal> {
    let request = prepare(&service, body, conversation).await?;
    let field = |text: &str| -> Value { json!({ "message": { "role": "assistant", "content": text } }) };
    answer(service, request, field).await
}
