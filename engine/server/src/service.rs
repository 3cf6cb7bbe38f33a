//! What all handlers share: the models, and the thread that computes with them.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::StatusCode;

use crate::card::ModelCard;
use crate::fields::Fields;
use crate::jobs::Job;
use crate::refusal::{Refusal, bad_request, failed};
use crate::text::Text;
use crate::worker::{ModelWorker, SubmitError};

/// New tokens of an answer whose request does not give a number, of a model without a chat template: it seldom ends a text
/// itself.
const DEFAULT_NEW_TOKENS: usize = 128;

/// What all handlers share.
pub struct Service {
    /// In the worker's order.
    pub models: Vec<ModelCard>,
    pub worker: ModelWorker,
    /// Maximum number of tokens in an answer.
    pub max_tokens: usize,
    /// Whether the book is served too.
    pub has_book: bool,
}

/// Prepares a request on a thread of its own, where it blocks no other: tokenizing a long text takes a while.
pub async fn prepare<T: Send + 'static>(
    service: &Arc<Service>,
    body: Bytes,
    job: fn(&Service, Fields) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let service = Arc::clone(service);
    let job = move || job(&service, Fields::parse(&body)?);
    tokio::task::spawn_blocking(job).await.unwrap_or_else(|_| Err(failed()))
}

impl Service {
    /// The model of that name, or the first that can do the job: its index, and what `can` finds in it.
    pub fn choose_model<'s, T>(
        &'s self,
        name: Option<&str>,
        job: &str,
        can: impl Fn(&'s ModelCard) -> Option<T>,
    ) -> Result<(usize, T), Refusal> {
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            let found = self.models.iter().enumerate().find_map(|(index, card)| Some((index, can(card)?)));
            return found.ok_or_else(|| bad_request(format!("no model of this server can {job}")));
        };
        let found = self.find(name)?;
        let able = can(&self.models[found]).ok_or_else(|| bad_request(format!("the model '{name}' cannot {job}")))?;
        Ok((found, able))
    }

    /// The model of that name, or the first that was trained to answer; if there is none, the first that writes.
    pub fn choose_answering_model(&self, name: Option<&str>) -> Result<(usize, &Text), Refusal> {
        let any = name.is_some() || !self.models.iter().any(|card| card.answering_text().is_some());
        let can = if any { ModelCard::text } else { ModelCard::answering_text };
        self.choose_model(name, "write text", can)
    }

    /// The index of the model of that name.
    pub fn find(&self, name: &str) -> Result<usize, Refusal> {
        // Ollama's clients add a version to the name.
        let plain = name.strip_suffix(":latest").unwrap_or(name);
        self.models.iter().position(|card| card.name == plain).ok_or_else(|| {
            let names: Vec<&str> = self.models.iter().map(|card| card.name.as_str()).collect();
            let reason = format!("model '{name}' not found; this server has {}", names.join(", "));
            Refusal::new(StatusCode::NOT_FOUND, reason).with_code("model_not_found").about("model")
        })
    }

    /// Gives the thread that computes something to do.
    pub fn submit(&self, job: Job) -> Result<(), Refusal> {
        self.worker.submit(job).map_err(|error| {
            let reason = match error {
                SubmitError::QueueFull => "too many requests are waiting; try again in a moment",
                SubmitError::Ended => "the server can no longer compute; restart it",
            };
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, reason)
        })
    }

    /// Maximum number of new tokens in an answer whose request does not give one.
    pub fn default_new_tokens(&self, card: &ModelCard) -> usize {
        let ends_itself = card.text().is_some_and(|text| text.template().is_some());
        if ends_itself { self.max_tokens } else { self.max_tokens.min(DEFAULT_NEW_TOKENS) }
    }
}
