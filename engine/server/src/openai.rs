//! A part of OpenAI's interface: conversations, texts, vectors and the list of models.

mod chat;
mod choices;
mod completions;
mod embeddings;
mod events;
mod request;

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::card::ModelCard;
use crate::refusal::Refusal;
use crate::service::Service;

/// The paths of this interface.
pub const PATHS: [&str; 4] = ["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/models"];

pub fn routes() -> Router<Arc<Service>> {
    Router::new()
        .route("/v1/models", get(models))
        .route("/v1/models/{name}", get(model))
        .route("/v1/chat/completions", post(chat::chat))
        .route("/v1/completions", post(completions::completions))
        .route("/v1/embeddings", post(embeddings::embeddings))
}

async fn models(State(service): State<Arc<Service>>) -> Json<Value> {
    let models: Vec<Value> = service.models.iter().map(in_list).collect();
    Json(json!({ "object": "list", "data": models }))
}

async fn model(State(service): State<Arc<Service>>, Path(name): Path<String>) -> Result<Json<Value>, Refusal> {
    Ok(Json(in_list(&service.models[service.find(&name)?])))
}

fn in_list(card: &ModelCard) -> Value {
    json!({ "id": card.name, "object": "model", "created": seconds(card.files.modified), "owned_by": "library" })
}

/// A time as OpenAI writes it.
fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}
