//! What a model answers (section 7.7).

use std::ops::ControlFlow;

use burn::tensor::Device;
use ch02_text::{END_OF_TEXT_ID, Gpt2Tokenizer, TokenizerError};
use ch04_gpt::GptModel;
use ch05_pretrain::tokens::{ids_to_tensor, tensor_to_ids};
use ch05_pretrain::{GenerateError, GenerateOptions, Generator};
use shared::rng::TorchRng;

use crate::{Entry, PromptFormat};

/// Most tokens of an answer.
pub const MAX_NEW_TOKENS: usize = 256;

/// The answer in a text that begins with its prompt: the rest, without the marker and the blanks around it.
pub fn extract_response(generated: &str, prompt: &str, format: PromptFormat) -> String {
    let answer: String = generated.chars().skip(prompt.chars().count()).collect();
    answer.replace(format.response_marker(), "").trim().to_string()
}

/// Why a task has no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RespondError {
    /// The prompt leaves the model no place.
    #[error("its prompt has {tokens} tokens, but the model's context holds {context_length}")]
    TooLong {
        /// Tokens of the prompt.
        tokens: usize,
        /// Most that the model can see.
        context_length: usize,
    },
    /// The text cannot be encoded or decoded.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The model refuses.
    #[error(transparent)]
    Generate(#[from] GenerateError),
}

/// Greedy answer of at most `max_new_tokens` tokens, up to the end-of-text token.
///
/// # Errors
/// If the prompt does not fit the model's context, or contains the end-of-text marker.
pub fn respond(
    model: &GptModel,
    entry: &Entry,
    format: PromptFormat,
    max_new_tokens: usize,
    tokenizer: &Gpt2Tokenizer,
    device: &Device,
) -> Result<String, RespondError> {
    respond_with(&Generator::from(model), entry, format, max_new_tokens, tokenizer, device)
}

/// As [`respond`], for a generator that is made once for many answers, or has weights of fewer bits.
///
/// # Errors
/// As [`respond`].
pub fn respond_with(
    generator: &Generator,
    entry: &Entry,
    format: PromptFormat,
    max_new_tokens: usize,
    tokenizer: &Gpt2Tokenizer,
    device: &Device,
) -> Result<String, RespondError> {
    let prompt = format.format_input(entry);
    let ids = tokenizer.encode(&prompt)?;
    let context_length = generator.model().context_length();
    if ids.len() >= context_length {
        return Err(RespondError::TooLong { tokens: ids.len(), context_length });
    }
    let options =
        GenerateOptions { eos_id: Some(END_OF_TEXT_ID), ..GenerateOptions::greedy(max_new_tokens, context_length) };
    // Greedy choice draws no numbers, so any seed will do.
    let (ids, mut rng) = (ids_to_tensor(&ids, device), TorchRng::new(123));
    let generated = generator.generate(ids, &options, &mut rng, |_| ControlFlow::Continue(()))?;
    Ok(extract_response(&tokenizer.decode(&tensor_to_ids(generated))?, &prompt, format))
}
