//! Text to a batch of token ids and back (section 5.1.1).

use burn::tensor::{Device, Int, Tensor, TensorData};
use ch02_text::{Gpt2Tokenizer, TokenizerError};

/// A batch of one row with the ids of `text`, which may contain the end-of-text marker.
///
/// # Shapes
/// - result: `[1, tokens]`.
pub fn text_to_token_ids(text: &str, tokenizer: &Gpt2Tokenizer, device: &Device) -> Tensor<2, Int> {
    ids_to_tensor(&tokenizer.encode_with_end_of_text(text), device)
}

/// A batch of one row with these ids.
///
/// # Shapes
/// - result: `[1, ids.len()]`.
pub fn ids_to_tensor(ids: &[u32], device: &Device) -> Tensor<2, Int> {
    let ids: Vec<i64> = ids.iter().map(|&id| i64::from(id)).collect();
    let shape = [1, ids.len()];
    Tensor::from_data(TensorData::new(ids, shape), device)
}

/// All ids of a batch, row after row.
pub fn tensor_to_ids(ids: Tensor<2, Int>) -> Vec<u32> {
    ids.into_data().iter::<u32>().collect()
}

/// The text of a batch of one row.
///
/// # Errors
/// If an id is not in the tokenizer's vocabulary.
pub fn token_ids_to_text(ids: Tensor<2, Int>, tokenizer: &Gpt2Tokenizer) -> Result<String, TokenizerError> {
    tokenizer.decode(&tensor_to_ids(ids))
}
