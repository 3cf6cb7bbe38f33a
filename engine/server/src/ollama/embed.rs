//! `/api/embed`, and `/api/embeddings`, which it has replaced.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::embedding::{EmbeddingRequest, embeddings as vectors, normalized};
use crate::fields::Fields;
use crate::ollama::request::{NOT_HERE, take_keep_alive, take_options};
use crate::refusal::Refusal;
use crate::service::{Service, prepare};

/// One text or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    One(String),
    Several(Vec<String>),
}

/// `/api/embed`: vectors of length 1, one for each text.
pub async fn embed(State(service): State<Arc<Service>>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let received = Instant::now();
    let request = prepare(&service, body, |service, mut fields| {
        let texts = match fields.require("input")? {
            // As in Ollama, nothing to do; clients load a model with it.
            Input::One(text) if text.is_empty() => Vec::new(),
            Input::One(text) => vec![text],
            Input::Several(texts) => texts,
        };
        let truncate = fields.take("truncate")?.unwrap_or(true);
        request(service, fields, &texts, truncate)
    });
    let request = request.await?;
    let (model, tokens) = (service.models[request.model].name.clone(), request.tokens());
    let found: Vec<Vec<f32>> = vectors(&service, request).await?.into_iter().map(normalized).collect();
    Ok(Json(json!({
        "model": model,
        "embeddings": found,
        "total_duration": received.elapsed().as_nanos() as u64,
        "prompt_eval_count": tokens,
    })))
}

/// `/api/embeddings`: one vector, as the model has it.
pub async fn embeddings(State(service): State<Arc<Service>>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let request = prepare(&service, body, |service, mut fields| {
        let prompt: String = fields.take("prompt")?.unwrap_or_default();
        let texts = if prompt.is_empty() { Vec::new() } else { vec![prompt] };
        request(service, fields, &texts, true)
    });
    let found = vectors(&service, request.await?).await?;
    Ok(Json(json!({ "embedding": found.into_iter().next().unwrap_or_default() })))
}

fn request(
    service: &Service,
    mut fields: Fields,
    texts: &[String],
    truncate: bool,
) -> Result<EmbeddingRequest, Refusal> {
    let model: Option<String> = fields.take("model")?;
    let (options, keep_alive) = (take_options(&mut fields)?, take_keep_alive(&mut fields)?);
    fields.finish(&NOT_HERE)?;
    let (model, text) = service.choose_embedding_model(model.as_deref())?;
    let card = &service.models[model];
    let context_size = service.sampling(model, &options)?.context_size(card);
    let texts = texts.iter().map(|words| text.document(words)).collect();
    EmbeddingRequest::new(card, model, texts, truncate.then_some(context_size), keep_alive)
}
