//! Why a model of the Llama kind cannot generate text.

use ch05_pretrain::GenerateError;

use crate::prompt::PromptError;

/// Why a model cannot continue a text.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LlamaError {
    /// The model is not one that the decoder computes with.
    #[error("the decoder needs a model on the CPU with weights in 32 bits")]
    OtherDevice,
    /// The prompt does not suit the model.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// The prompt is longer than the context.
    #[error("the prompt has {tokens} tokens, but the model's context has room for {context_length}")]
    TooLong {
        /// Number of tokens.
        tokens: usize,
        /// Maximum number of tokens.
        context_length: usize,
    },
    /// An option does not suit the model, or its logits are not finite.
    #[error(transparent)]
    Generate(#[from] GenerateError),
}
