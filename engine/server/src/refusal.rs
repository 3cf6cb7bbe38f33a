//! Why a request is refused, and how each interface says so.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::worker::FAILED;

/// Seconds after which a client may ask again when too many requests are waiting.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");
/// How a client says who it is.
const BEARER: HeaderValue = HeaderValue::from_static("Bearer");

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: StatusCode,
    pub reason: String,
    /// OpenAI's word for the reason, by which its clients tell some from others.
    pub code: Option<&'static str>,
    /// The field that is wrong, where it is one.
    pub field: Option<String>,
}

impl Refusal {
    pub fn new(status: StatusCode, reason: impl ToString) -> Self {
        Self { status, reason: reason.to_string(), code: None, field: None }
    }

    pub fn with_code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    pub fn about(self, field: impl ToString) -> Self {
        Self { field: Some(field.to_string()), ..self }
    }

    /// The error as OpenAI writes it.
    pub fn openais(&self) -> Value {
        let kind = if self.status.is_server_error() { "server_error" } else { "invalid_request_error" };
        json!({ "error": { "message": self.reason, "type": kind, "param": self.field, "code": self.code } })
    }

    /// The error as Ollama writes it.
    pub fn ollamas(&self) -> Value {
        json!({ "error": self.reason })
    }
}

pub fn bad_request(reason: impl ToString) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, reason)
}

/// The computation has panicked.
pub fn failed() -> Refusal {
    server_error(FAILED)
}

pub fn server_error(reason: impl ToString) -> Refusal {
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, reason)
}

impl IntoResponse for Refusal {
    /// [`explain`] writes the body.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Whether a path is one of OpenAI's interface.
pub fn is_openais(path: &str) -> bool {
    path == "/v1" || path.starts_with("/v1/")
}

/// Writes a refusal in the form of the interface that was asked.
pub async fn explain(request: Request, next: Next) -> Response {
    let openais = is_openais(request.uri().path());
    let (mut parts, body) = next.run(request).await.into_parts();
    let Some(refusal) = parts.extensions.remove::<Refusal>() else {
        return Response::from_parts(parts, body);
    };
    let error = if openais { refusal.openais() } else { refusal.ollamas() };
    let headers = &mut parts.headers;
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    match refusal.status {
        StatusCode::SERVICE_UNAVAILABLE => drop(headers.insert(header::RETRY_AFTER, RETRY_AFTER)),
        StatusCode::UNAUTHORIZED => drop(headers.insert(header::WWW_AUTHENTICATE, BEARER)),
        _ => {}
    }
    Response::from_parts(parts, Body::from(error.to_string()))
}
