//! The prompt of a model: what it sees of it, and whether it can continue it.

use shared::GptConfig;

/// Why a model cannot continue a prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PromptError {
    /// There is nothing to continue.
    #[error("the prompt is empty; give at least one token")]
    Empty,
    /// A token that the model does not know.
    #[error("the id {id} is not in the model's vocabulary: ids go from 0 to {}", .vocab_size - 1)]
    UnknownId {
        /// The id.
        id: u32,
        /// Number of ids that the model knows.
        vocab_size: usize,
    },
}

/// Checks that a prompt has at least one token and consists of ids of the vocabulary. It may be longer than the
/// context: see [`crop`].
///
/// # Errors
/// The first of these that does not hold.
pub fn check_prompt(ids: &[u32], config: &GptConfig) -> Result<(), PromptError> {
    let vocab_size = config.vocab_size;
    if ids.is_empty() {
        return Err(PromptError::Empty);
    }
    match ids.iter().find(|&&id| id as usize >= vocab_size) {
        Some(&id) => Err(PromptError::UnknownId { id, vocab_size }),
        None => Ok(()),
    }
}

/// Keeps the last `context_length` tokens of a prompt, all that a model with this context sees, as the book's
/// `generate` does (section 4.7). Returns how many tokens before them were left out.
pub fn crop(ids: &mut Vec<u32>, context_length: usize) -> usize {
    let left_out = ids.len().saturating_sub(context_length);
    ids.drain(..left_out);
    left_out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_keeps_its_end() {
        for (context_length, kept, left_out) in
            [(3, &[7, 8, 9][..], 2), (5, &[5, 6, 7, 8, 9], 0), (9, &[5, 6, 7, 8, 9], 0)]
        {
            let mut ids = vec![5, 6, 7, 8, 9];
            assert_eq!((crop(&mut ids, context_length), &ids[..]), (left_out, kept));
        }
    }

    #[test]
    fn a_prompt_has_tokens_of_the_vocabulary() {
        let config = GptConfig { vocab_size: 10, context_length: 2, ..GptConfig::preset("tiny").unwrap() };
        assert_eq!(check_prompt(&[9, 0, 3], &config), Ok(()), "longer than the context, which `crop` is for");
        assert_eq!(check_prompt(&[], &config), Err(PromptError::Empty));
        assert_eq!(check_prompt(&[1, 10], &config), Err(PromptError::UnknownId { id: 10, vocab_size: 10 }));
    }
}
