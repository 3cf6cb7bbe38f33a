//! What the model writes while it learns (section 5.2).

use burn::module::Module;
use burn::tensor::Device;
use ch02_text::{Gpt2Tokenizer, TokenizerError};
use ch04_gpt::{GptModel, generate_text_simple};

use crate::{text_to_token_ids, token_ids_to_text};

/// Tokens in a sample.
pub const SAMPLE_TOKENS: usize = 50;

/// `start` and the [`SAMPLE_TOKENS`] most likely tokens after it, on one line.
///
/// # Errors
/// If the model gives an id that is not in GPT-2's vocabulary.
pub fn generate_sample(
    model: &GptModel,
    tokenizer: &Gpt2Tokenizer,
    device: &Device,
    start: &str,
) -> Result<String, TokenizerError> {
    let ids = text_to_token_ids(start, tokenizer, &device.clone().inner());
    let ids = generate_text_simple(&model.valid(), ids, SAMPLE_TOKENS, model.context_length());
    Ok(token_ids_to_text(ids, tokenizer)?.replace('\n', " "))
}
