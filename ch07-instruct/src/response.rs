//! The model's answer to a task (section 7.7).

use burn::tensor::Device;
use ch02_text::{Gpt2Tokenizer, TokenizerError};
use ch05_pretrain::tokens::{ids_to_tensor, tensor_to_ids};
use ch05_pretrain::{GenerateError, GenerateOptions, generate};
use shared::LanguageModel;
use shared::rng::TorchRng;

use crate::{Entry, PromptFormat};

/// Maximum number of tokens in an answer.
pub const MAX_NEW_TOKENS: usize = 256;

/// The answer in a text that begins with its prompt: the rest, without the marker and surrounding whitespace.
pub fn extract_response(generated: &str, prompt: &str, format: PromptFormat) -> String {
    let answer: String = generated.chars().skip(prompt.chars().count()).collect();
    answer.replace(format.response_marker(), "").trim().to_string()
}

/// Why a task has no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RespondError {
    /// The prompt leaves no room in the context.
    #[error("its prompt has {tokens} tokens, but the model's context holds {context_length}")]
    TooLong {
        /// Number of tokens in the prompt.
        tokens: usize,
        /// The model's context.
        context_length: usize,
    },
    /// The model has ids that are not in the tokenizer's vocabulary.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The model refuses the options.
    #[error(transparent)]
    Generate(#[from] GenerateError),
}

/// The ids of a prompt that leaves room for an answer in the model's context. The end-of-text marker is ordinary text in it.
///
/// # Errors
/// If there is no room.
pub fn encode_prompt(prompt: &str, context_length: usize, tokenizer: &Gpt2Tokenizer) -> Result<Vec<u32>, RespondError> {
    let ids = tokenizer.encode_ordinary(prompt);
    if ids.len() < context_length { Ok(ids) } else { Err(RespondError::TooLong { tokens: ids.len(), context_length }) }
}

/// The greedy answer of at most `max_new_tokens` tokens, up to the end-of-text token.
///
/// # Errors
/// If the prompt does not fit the model's context.
pub fn respond(
    model: &impl LanguageModel,
    entry: &Entry,
    format: PromptFormat,
    max_new_tokens: usize,
    tokenizer: &Gpt2Tokenizer,
    device: &Device,
) -> Result<String, RespondError> {
    let prompt = format.format_input(entry);
    let context_length = model.context_length();
    let ids = encode_prompt(&prompt, context_length, tokenizer)?;
    let eos_id = Some(tokenizer.end_of_text_id());
    let options = GenerateOptions { eos_id, ..GenerateOptions::greedy(max_new_tokens, context_length) };
    // Greedy decoding draws no random numbers, so the seed does not matter.
    let generated = generate(model, ids_to_tensor(&ids, device), &options, &mut TorchRng::new(123))?;
    Ok(extract_response(&tokenizer.decode_whole_characters(&tensor_to_ids(generated))?, &prompt, format))
}
