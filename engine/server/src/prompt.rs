//! What a model continues, and whether it can.

use fast::{PromptError, check_ids};
use model_text::ChatError;

use crate::card::ModelCard;
use crate::messages::MessageError;
use crate::refusal::{Refusal, bad_request};

/// The ids that a model continues.
#[derive(Debug, PartialEq, Eq)]
pub struct Prompt {
    pub ids: Vec<u32>,
    /// Earlier turns of the conversation that did not fit.
    pub forgotten_turns: usize,
    /// Tokens besides these that did not fit into the context.
    pub forgotten_tokens: usize,
}

/// Why a model cannot continue a prompt.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    #[error(transparent)]
    Prompt(#[from] PromptError),
    #[error(transparent)]
    Message(#[from] MessageError),
    #[error(transparent)]
    Template(#[from] ChatError),
    #[error(
        "the model has no chat template, so it holds no conversations; let it continue a text with /api/generate or \
         /v1/completions"
    )]
    NoTemplate,
    #[error(
        "the prompt has {tokens} tokens, and without its message still more than {room}, for which there is room; shorten \
         the system message, or the beginning of the answer"
    )]
    NoRoom { tokens: usize, room: usize },
    #[error(
        "{} {context_size} tokens, but the prompt has {tokens}{}; shorten it",
        if *.is_models { "this model's maximum context length is" } else { "num_ctx is" },
        if *.with_answer { ", and the answer needs at least one more" } else { "" }
    )]
    TooLong {
        tokens: usize,
        context_size: usize,
        /// Whether that is what the model has, and not what a request has made of it.
        is_models: bool,
        with_answer: bool,
    },
}

/// OpenAI's word for a prompt that is too long.
pub const TOO_LONG: &str = "context_length_exceeded";

impl From<RequestError> for Refusal {
    fn from(error: RequestError) -> Self {
        let refusal = bad_request(&error);
        match error {
            RequestError::NoRoom { .. } | RequestError::TooLong { .. } => refusal.with_code(TOO_LONG),
            _ => refusal,
        }
    }
}

impl Prompt {
    /// Ids as they are.
    pub fn of(ids: Vec<u32>) -> Self {
        Self { ids, forgotten_turns: 0, forgotten_tokens: 0 }
    }

    /// Checks the prompt against the model, and returns the number of its tokens.
    ///
    /// # Errors
    /// If there are none, more than the context holds, or unknown ones.
    pub fn check(&self, card: &ModelCard, context_size: usize) -> Result<usize, RequestError> {
        check_ids(&self.ids, card.sizes.vocab_size())?;
        // Where nothing slides out of the context, the answer needs a place in it.
        let (tokens, with_answer) = (self.ids.len(), !card.sizes.context_slides());
        if tokens + usize::from(with_answer) > context_size {
            let is_models = context_size == card.sizes.context_length();
            return Err(RequestError::TooLong { tokens, context_size, is_models, with_answer });
        }
        Ok(tokens)
    }
}
