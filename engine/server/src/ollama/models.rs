//! What clients are told about the models: `/api/tags`, `/api/show` and `/api/version`.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::card::{ModelCard, Sizes};
use crate::fields::Fields;
use crate::options::SamplingOptions;
use crate::refusal::{Refusal, bad_request};
use crate::service::Service;
use crate::text::Text;

pub async fn version() -> Json<Value> {
    Json(json!({ "version": env!("CARGO_PKG_VERSION") }))
}

/// The models that are served. What an answer has when a request does not say is this server's own addition, as are the
/// capabilities, the limit and the book.
pub async fn tags(State(service): State<Arc<Service>>) -> Json<Value> {
    let model = |card: &ModelCard| {
        let defaults = SamplingOptions::of(&card.suggested);
        json!({
            "name": card.name,
            "model": card.name,
            "modified_at": humantime::format_rfc3339_seconds(card.files.modified).to_string(),
            "size": card.files.size,
            "digest": digest(card),
            "details": details(card),
            "capabilities": card.capabilities(),
            "defaults": {
                "temperature": defaults.temperature,
                "top_k": defaults.top_k,
                "top_p": defaults.filter.top_p,
                "min_p": defaults.filter.min_p,
                "repeat_penalty": defaults.filter.repeat_penalty,
                "num_predict": service.default_new_tokens(card),
            },
        })
    };
    let models: Vec<Value> = service.models.iter().map(model).collect();
    Json(json!({ "models": models, "max_tokens": service.max_tokens, "book": service.has_book }))
}

/// What is known of one model.
pub async fn show(State(service): State<Arc<Service>>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let mut fields = Fields::parse(&body)?;
    // The second is its older name.
    let name: Option<String> = fields.take("model")?.or(fields.take("name")?);
    // With it, Ollama adds long lists, which there are none of here.
    fields.take::<bool>("verbose")?;
    fields.finish(&[])?;
    let name = name.ok_or_else(|| bad_request("bad request: missing field `model`").about("model"))?;
    let card = &service.models[service.find(&name)?];
    let template = card.text().and_then(Text::template).map_or("", |template| template.source());
    Ok(Json(json!({
        "modified_at": humantime::format_rfc3339_seconds(card.files.modified).to_string(),
        "capabilities": card.capabilities(),
        "details": details(card),
        "model_info": model_info(card),
        "parameters": suggested(card),
        "template": template,
    })))
}

/// Clients show its beginning. It changes when the files of the model do, and is not that of their contents, which would take
/// long to compute.
pub fn digest(card: &ModelCard) -> String {
    let ModelCard { name, parameters, weights, files, .. } = card;
    let modified = files.modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    let known = format!("{name}\n{parameters}\n{weights}\n{}\n{modified}", files.size);
    Sha256::digest(known).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn details(card: &ModelCard) -> Value {
    let family = card.sizes.family();
    json!({
        "parent_model": "",
        "format": card.files.format,
        "family": family,
        "families": [family],
        "parameter_size": short(card.parameters),
        "quantization_level": card.weights.to_uppercase(),
        "context_length": card.sizes.context_length(),
    })
}

/// What the makers of the model suggest, a line for each option.
fn suggested(card: &ModelCard) -> String {
    let suggested = &card.suggested;
    let lines = [
        suggested.temperature.map(|temperature| format!("temperature {temperature}")),
        suggested.top_k.map(|top_k| format!("top_k {top_k}")),
        suggested.top_p.map(|top_p| format!("top_p {top_p}")),
    ];
    lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// The sizes under the names that GGUF files have for them.
fn model_info(card: &ModelCard) -> Value {
    let family = card.sizes.family();
    let (width, layers, heads, kv_heads) = match &card.sizes {
        Sizes::Gpt(config) => (config.emb_dim, config.n_layers, config.n_heads, config.n_heads),
        Sizes::Llama(config) => (config.emb_dim, config.n_layers, config.n_heads, config.n_kv_heads),
    };
    let mut info = Map::new();
    info.insert("general.architecture".into(), family.into());
    info.insert("general.parameter_count".into(), card.parameters.into());
    for (name, size) in [
        ("context_length", card.sizes.context_length()),
        ("embedding_length", width),
        ("block_count", layers),
        ("attention.head_count", heads),
        ("attention.head_count_kv", kv_heads),
        ("vocab_size", card.sizes.vocab_size()),
    ] {
        info.insert(format!("{family}.{name}"), size.into());
    }
    info.into()
}

/// A number of parameters as Ollama writes it.
fn short(parameters: usize) -> String {
    let number = parameters as f64;
    match parameters {
        0..1_000 => parameters.to_string(),
        1_000..1_000_000 => format!("{:.2}K", number / 1e3),
        1_000_000..1_000_000_000 => format!("{:.2}M", number / 1e6),
        _ => format!("{:.1}B", number / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_in_short() {
        let shown = [999, 140_416, 134_515_008, 1_235_814_400].map(short);
        assert_eq!(shown, ["999", "140.42K", "134.52M", "1.2B"]);
    }
}
