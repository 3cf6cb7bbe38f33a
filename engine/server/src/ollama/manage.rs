//! Ollama's calls that change its models. This server has the models that it was started with.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use serde_json::{Value, json};

use crate::fields::Fields;
use crate::refusal::{Refusal, bad_request};
use crate::service::Service;

/// `/api/pull`: a model that is here needs no download; clients that always ask first may go on.
pub async fn pull(State(service): State<Arc<Service>>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let mut fields = Fields::parse(&body)?;
    let name: Option<String> = fields.take("model")?.or(fields.take("name")?);
    let name = name.ok_or_else(|| bad_request("bad request: missing field `model`").about("model"))?;
    fields.drop_labels(&["stream", "insecure", "username", "password"]);
    fields.finish(&[])?;
    match service.find(&name) {
        Ok(_) => Ok(Json(json!({ "status": "success" }))),
        Err(refusal) => Err(Refusal { reason: format!("{}; it downloads none: {REMEDY}", refusal.reason), ..refusal }),
    }
}

/// What to do instead.
const REMEDY: &str = "start it with --model PATH to serve another";

pub async fn refuse(uri: Uri) -> Refusal {
    let path = uri.path();
    let reason = format!("this server does not change its models, so {path} does nothing: {REMEDY}");
    Refusal::new(StatusCode::NOT_IMPLEMENTED, reason)
}
