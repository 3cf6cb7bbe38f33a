//! `/api/look`: a text as the model sees it, and what happens inside.
//!
//! The tokens; the logits of the next one; the attention weights of every layer and head; the prediction after each layer (the
//! logit lens). Of a classifier the probabilities of the classes, and what each token contributed to them. All of it is computed
//! by the code of the chapters, see `ch04_gpt::bonus::inside` and `ch06_classify::bonus::contributions`.
//!
//! | module | what |
//! |---|---|
//! | `question` | what a request asks for |
//! | `writer`, `classifier` | what a model of either kind shows |
//! | `whole` | the whole model of a Llama that writes, which needs only a part of it for that |
//! | `token_texts` | the texts of single tokens |
//! | `numbers`, `wire` | the numbers of tensors, and the answer as JSON |

mod classifier;
mod numbers;
mod question;
mod token_texts;
mod whole;
mod wire;
mod writer;

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use ch06_classify::ClassifyError;
use fast::PromptError;
use tokio::sync::oneshot;

use crate::jobs::{Job, Reply, Seen, Task};
use crate::keep_alive::KeepAlive;
use crate::loaded::LoadedModel;
use crate::refusal::{Refusal, bad_request, failed, server_error};
use crate::service::{Service, prepare};
use question::Question;
use wire::View;

pub(crate) use token_texts::TokenTexts;
pub use whole::WholeLlama;

/// Maximum number of tokens that are looked at: with as many, the attention weights of GPT-2 are 6 MB of JSON.
const MAX_TOKENS: usize = 128;

/// Why a model shows nothing.
#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error("the text is empty: give at least one token")]
    Empty,
    #[error("there is no token {id} in the model's vocabulary: ids are below {vocab_size}")]
    UnknownId { id: u32, vocab_size: usize },
    #[error("position is {position}, but there are {tokens} tokens: give one from 0 to {}", .tokens - 1)]
    Position { position: usize, tokens: usize },
    #[error("position is for models that write: a classifier has one answer for the whole text")]
    PositionOfClassifier,
    #[error("the model's logits are not finite numbers: its training has diverged, or its weights are damaged")]
    NotFinite,
    #[error(transparent)]
    Classify(#[from] ClassifyError),
    /// The model cannot be loaded, or the server is at fault.
    #[error("{0}")]
    Failed(String),
}

impl From<PromptError> for LookError {
    fn from(error: PromptError) -> Self {
        match error {
            PromptError::Empty => Self::Empty,
            PromptError::UnknownId { id, vocab_size } => Self::UnknownId { id, vocab_size },
        }
    }
}

impl From<LookError> for Refusal {
    fn from(error: LookError) -> Self {
        match error {
            LookError::Failed(reason) => server_error(reason),
            error => bad_request(error),
        }
    }
}

pub async fn look(State(service): State<Arc<Service>>, body: Bytes) -> Result<Response, Refusal> {
    let (model, question) = prepare(&service, body, Service::look).await?;
    let (answer, view) = oneshot::channel();
    let look = move |seen: Result<Seen<'_>, String>| -> Reply {
        // The client may have gone away.
        if answer.is_closed() {
            return Box::new(|| ());
        }
        let view = seen.map_err(LookError::Failed).and_then(|seen| view_of(seen, &question));
        Box::new(move || drop(answer.send(view)))
    };
    let job = Job { model, task: Task::Look(Box::new(look)), keep_alive: KeepAlive::Forever };
    service.submit(job)?;
    let view = view.await.map_err(|_| failed())??;
    let json = move || wire::json(&service.models[model], &view);
    let json = tokio::task::spawn_blocking(json).await.map_err(|_| failed())?.map_err(|_| failed())?;
    Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}

/// What the model shows.
fn view_of(seen: Seen<'_>, question: &Question) -> Result<View, LookError> {
    let Seen { card, loaded, device } = seen;
    match loaded {
        LoadedModel::Gpt(generator) => writer::view(generator.model(), card, question, device),
        LoadedModel::Llama(_, whole) => {
            writer::view(whole.get(&card.name).map_err(LookError::Failed)?, card, question, device)
        }
        LoadedModel::GptClassifier(classifier) => classifier::view(classifier, &classifier.tokenizer, question, device),
        LoadedModel::LlamaClassifier(classifier) => {
            classifier::view(classifier, classifier.tokenizer.tokenizer(), question, device)
        }
    }
}

#[cfg(test)]
mod tests;
