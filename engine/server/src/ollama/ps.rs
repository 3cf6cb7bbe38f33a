//! `/api/ps`: the models that are in memory.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::card::ModelCard;
use crate::ollama::models::{details, digest};
use crate::service::Service;
use crate::worker::InMemory;

/// Ollama's clients need a time also for a model that stays: three centuries are for ever, to Ollama as well.
const FOREVER: Duration = Duration::from_secs(300 * 365 * 24 * 3600);

/// The models that are in memory, and until when.
pub async fn ps(State(service): State<Arc<Service>>) -> Json<Value> {
    let (now, today) = (Instant::now(), SystemTime::now());
    let model = |(card, in_memory): (&ModelCard, Option<InMemory>)| {
        let InMemory { bytes, on_gpu, end } = in_memory?;
        let left = end.map_or(FOREVER, |end| end.saturating_duration_since(now).min(FOREVER));
        Some(json!({
            "name": card.name,
            "model": card.name,
            "size": bytes,
            "digest": digest(card),
            "details": details(card),
            "expires_at": humantime::format_rfc3339_millis(today + left).to_string(),
            "size_vram": if on_gpu { bytes } else { 0 },
            "context_length": card.sizes.context_length(),
        }))
    };
    let models: Vec<Value> = service.models.iter().zip(service.worker.in_memory()).filter_map(model).collect();
    Json(json!({ "models": models }))
}
