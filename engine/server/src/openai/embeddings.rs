//! `/v1/embeddings`.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::embedding::{EmbeddingRequest, embeddings as vectors, normalized};
use crate::fields::{Fields, NotHere};
use crate::keep_alive::KeepAlive;
use crate::openai::completions::Texts;
use crate::refusal::{Refusal, bad_request};
use crate::service::{Service, prepare};

const NOT_HERE: [NotHere; 1] = [NotHere {
    name: "dimensions",
    harmless: &[],
    reason: "the vectors are as long as the model's hidden states; leave it out",
}];

pub async fn embeddings(State(service): State<Arc<Service>>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let (request, as_base64) = prepare(&service, body, read).await?;
    let (model, tokens) = (service.models[request.model].name.clone(), request.tokens());
    let data = vectors(&service, request).await?.into_iter().enumerate().map(|(index, vector)| {
        let vector = normalized(vector);
        let shown = if as_base64 { in_base64(&vector).into() } else { Value::from(vector) };
        json!({ "object": "embedding", "index": index, "embedding": shown })
    });
    let data: Vec<Value> = data.collect();
    let usage = json!({ "prompt_tokens": tokens, "total_tokens": tokens });
    Ok(Json(json!({ "object": "list", "data": data, "model": model, "usage": usage })))
}

/// The texts, and whether their vectors are wanted in Base64.
fn read(service: &Service, mut fields: Fields) -> Result<(EmbeddingRequest, bool), Refusal> {
    let model: Option<String> = fields.take("model")?;
    let texts = Texts::take(&mut fields, "input")?;
    let format: Option<String> = fields.take("encoding_format")?;
    fields.drop_labels(&["user"]);
    fields.finish(&NOT_HERE)?;
    let as_base64 = match format.as_deref() {
        None | Some("float") => false,
        Some("base64") => true,
        Some(other) => {
            let reason = format!("encoding_format is \"{other}\", but must be \"float\" or \"base64\"");
            return Err(bad_request(reason).about("encoding_format"));
        }
    };
    let (model, text) = service.choose_embedding_model(model.as_deref())?;
    let texts = texts.iter().map(|words| words.ids(text)).collect();
    Ok((EmbeddingRequest::new(&service.models[model], model, texts, None, KeepAlive::Forever)?, as_base64))
}

/// The 32-bit numbers, the lowest byte of each first.
fn in_base64(vector: &[f32]) -> String {
    let bytes: Vec<u8> = vector.iter().flat_map(|value| value.to_le_bytes()).collect();
    BASE64_STANDARD.encode(bytes)
}
