//! `/api/classify`: this server's own, for the classifiers of chapter 6.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::card::{ModelCard, Skill};
use crate::fields::{Fields, NotHere};
use crate::jobs::{Classification, Job, Task};
use crate::keep_alive::KeepAlive;
use crate::refusal::{Refusal, bad_request, failed, server_error};
use crate::service::Service;

const NOT_HERE: [NotHere; 1] =
    [NotHere { name: "stream", harmless: &[], reason: "the answer comes in one piece; leave it out" }];

pub async fn classify(State(service): State<Arc<Service>>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let mut fields = Fields::parse(&body)?;
    let name: Option<String> = fields.take("model")?;
    let text: Option<String> = fields.take("text")?;
    fields.finish(&NOT_HERE)?;
    let text = text.ok_or_else(|| bad_request("bad request: missing field `text`"))?;
    let classifies = |card: &ModelCard| matches!(card.skill, Skill::Classify).then_some(());
    let (model, ()) = service.choose_model(name.as_deref(), "classify messages", classifies)?;
    let (answer, prediction) = oneshot::channel();
    let task = Task::Classify(Classification { text, answer });
    service.submit(Job { model, task, keep_alive: KeepAlive::Forever })?;
    let prediction = prediction.await.map_err(|_| failed())?.map_err(server_error)?.map_err(bad_request)?;
    let [ham, spam] = prediction.probabilities;
    Ok(Json(json!({
        "model": service.models[model].name,
        "label": prediction.label.name(),
        "probabilities": { "ham": ham, "spam": spam },
        "tokens": prediction.tokens,
        "truncated": prediction.truncated,
    })))
}
