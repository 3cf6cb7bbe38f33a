//! What is at `/`, and where there is nothing.

use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::refusal::{Refusal, is_openais};
use crate::{ollama, openai, page};

/// What is neither Ollama's nor OpenAI's.
const OWN: [&str; 3] = ["/api/classify", "/api/look", "/"];

/// The page for a browser. Ollama's clients get what they take for a sign of life.
pub async fn home(headers: HeaderMap) -> Response {
    let accepted = headers.get(header::ACCEPT).map(|value| value.as_bytes()).unwrap_or_default();
    if String::from_utf8_lossy(accepted).contains("text/html") {
        page::page().await.into_response()
    } else {
        "Ollama is running".into_response()
    }
}

pub async fn not_found(uri: Uri) -> Refusal {
    let path = uri.path();
    let mut paths = openai::PATHS.to_vec();
    if !is_openais(path) {
        paths.extend(ollama::PATHS);
        paths.extend(OWN);
    }
    let reason = format!("there is nothing at {path}; this server has {}", paths.join(", "));
    Refusal::new(StatusCode::NOT_FOUND, reason).with_code("unknown_url")
}

pub async fn wrong_method(uri: Uri) -> Refusal {
    let reason = format!("{} needs another method: POST for answers, GET for the rest", uri.path());
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, reason)
}
