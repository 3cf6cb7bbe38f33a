//! What a model continues, and whether it can.

use fast::PromptError;
use model_text::ChatError;

use crate::card::{ModelCard, Sizes};
use crate::messages::MessageError;

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
    #[error("the model has no chat template, so it holds no conversations; let it continue a text with /api/generate")]
    NoTemplate,
    #[error(
        "the prompt has {tokens} tokens, and without its message still more than {room}, for which there is room; shorten \
         the system message, or the beginning of the answer"
    )]
    NoRoom { tokens: usize, room: usize },
    #[error(
        "the prompt has {tokens} tokens, but the context holds {context_size}{}; shorten it, or leave truncate out, which \
         drops its beginning",
        if *.with_answer { " with the answer" } else { "" }
    )]
    TooLong { tokens: usize, context_size: usize, with_answer: bool },
}

impl Prompt {
    /// Checks the prompt against the model, and returns the number of its tokens.
    ///
    /// # Errors
    /// If there are none, more than the context holds, or unknown ones.
    pub fn check(&self, card: &ModelCard, context_size: usize) -> Result<usize, RequestError> {
        match &card.sizes {
            Sizes::Gpt(config) => fast::check_prompt(&self.ids, config)?,
            // Its tokenizer has no other ids than the model.
            Sizes::Llama(_) if self.ids.is_empty() => return Err(PromptError::Empty.into()),
            Sizes::Llama(_) => {}
        }
        // Where nothing slides out of the context, the answer needs a place in it.
        let (tokens, with_answer) = (self.ids.len(), !card.sizes.context_slides());
        if tokens + usize::from(with_answer) > context_size {
            return Err(RequestError::TooLong { tokens, context_size, with_answer });
        }
        Ok(tokens)
    }
}
