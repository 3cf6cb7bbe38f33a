//! Whether a model can continue a prompt.

use shared::GptConfig;

/// Why a model cannot continue a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PromptError {
    /// There is nothing to continue.
    #[error("the prompt is empty; give at least one token")]
    Empty,
    /// The model cannot see the whole prompt.
    #[error("the prompt has {tokens} tokens, but the model's context holds {context_length}")]
    TooLong {
        /// Number of tokens.
        tokens: usize,
        /// Maximum number of tokens.
        context_length: usize,
    },
    /// A token that the model does not know.
    #[error("the id {id} is not in the model's vocabulary: ids go from 0 to {}", .vocab_size - 1)]
    UnknownId {
        /// The id.
        id: u32,
        /// Number of ids that the model knows.
        vocab_size: usize,
    },
}

/// Checks that a prompt has at least one token, fits into the context, and consists of ids of the vocabulary.
///
/// # Errors
/// The first of these that does not hold.
pub fn check_prompt(ids: &[u32], config: &GptConfig) -> Result<(), PromptError> {
    let GptConfig { context_length, vocab_size, .. } = *config;
    let tokens = ids.len();
    if tokens == 0 {
        return Err(PromptError::Empty);
    }
    if tokens > context_length {
        return Err(PromptError::TooLong { tokens, context_length });
    }
    match ids.iter().find(|&&id| id as usize >= vocab_size) {
        Some(&id) => Err(PromptError::UnknownId { id, vocab_size }),
        None => Ok(()),
    }
}
