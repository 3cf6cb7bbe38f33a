//! The prompt of a model: what it sees of it, and whether it can continue it.

use std::iter::successors;
use std::ops::Range;

use kernels::decode::Matrix;
use shared::GptConfig;

/// Number of tokens in a piece of a prompt. The decoder reads a piece with products of matrices, and between two pieces other
/// texts have their turn.
pub const PIECE: usize = 128;

/// The pieces in which a text of `tokens` tokens is read when the first `read` are read already: they end at multiples of
/// [`PIECE`], wherever reading begins. Cut at the same places, a text gives the same
/// numbers, whatever else is computed.
pub fn pieces(read: usize, tokens: usize) -> impl Iterator<Item = Range<usize>> {
    let end = move |from: usize| ((from / PIECE + 1) * PIECE).min(tokens);
    successors(Some(read..end(read)), move |piece| Some(piece.end..end(piece.end)))
        .take_while(move |piece| piece.start < tokens)
}

/// The pieces before the last one in which a decoder with weights like these reads a text that nobody waits for. Weights of 8 and
/// 4 bits read pieces, which is faster than the whole prompt at once; larger ones would have to be rearranged for every piece.
pub(crate) fn first_pieces(weights: &Matrix, read: usize, tokens: usize) -> impl Iterator<Item = Range<usize>> {
    let reads_pieces = weights.bytes() < 2 * weights.rows() * weights.cols();
    pieces(read, tokens).filter(move |piece| reads_pieces && piece.end < tokens)
}

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
    check_ids(ids, config.vocab_size)
}

/// Checks that there is at least one id, and none outside of a vocabulary of `vocab_size`.
///
/// # Errors
/// The first of these that does not hold.
pub fn check_ids(ids: &[u32], vocab_size: usize) -> Result<(), PromptError> {
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
    fn pieces_end_at_the_same_places_wherever_reading_begins() {
        let from = |read, tokens| pieces(read, tokens).collect::<Vec<_>>();
        assert_eq!(from(0, 300), [0..128, 128..256, 256..300]);
        assert_eq!(from(100, 300), [100..128, 128..256, 256..300]);
        assert_eq!(from(128, 256), [128..256; 1]);
        assert_eq!(from(255, 257), [255..256, 256..257]);
        assert_eq!(from(5, 5), [] as [Range<usize>; 0]);
    }

    #[test]
    fn a_prompt_has_tokens_of_the_vocabulary() {
        let config = GptConfig { vocab_size: 10, context_length: 2, ..GptConfig::preset("tiny").unwrap() };
        assert_eq!(check_prompt(&[9, 0, 3], &config), Ok(()), "longer than the context, which `crop` is for");
        assert_eq!(check_prompt(&[], &config), Err(PromptError::Empty));
        assert_eq!(check_prompt(&[1, 10], &config), Err(PromptError::UnknownId { id: 10, vocab_size: 10 }));
    }
}
