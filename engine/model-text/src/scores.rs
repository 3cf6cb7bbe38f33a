//! The merges that a vocabulary with scores implies.
//!
//! SentencePiece joins the two neighbours whose text together is the token with the highest score, again and again. A
//! list of merges does the same: every way to put a token together from two others, the tokens with the highest scores
//! first. Hugging Face's conversion makes the same list.

use std::collections::HashSet;

use crate::TokenizerError;

/// Bytes of the longest token that is taken apart, in a file whose tokens are words. Published ones have less than 100.
const LONGEST: usize = 512;
/// Merges for each token. Published vocabularies have 2.
const MERGES_PER_TOKEN: usize = 16;

/// The merges between these tokens, the most urgent first.
///
/// # Errors
/// [`TokenizerError::BadVocabulary`] for a vocabulary that was made to need more memory than it has itself: with a token
/// of more than 512 bytes, or more than 16 merges per token.
pub(crate) fn merges(tokens: &[(&str, f32)]) -> Result<Vec<(String, String)>, TokenizerError> {
    let known: HashSet<&str> = tokens.iter().map(|&(token, _)| token).collect();
    let mut found = Vec::new();
    for &(token, score) in tokens {
        if token.len() > LONGEST {
            let reason = format!("a token has {} bytes, more than {LONGEST}", token.len());
            return Err(TokenizerError::BadVocabulary(reason));
        }
        let splits = token.char_indices().skip(1).map(|(at, _)| token.split_at(at));
        found.extend(splits.filter(|(left, right)| known.contains(left) && known.contains(right)).map(|p| (score, p)));
        if found.len() > MERGES_PER_TOKEN * tokens.len() {
            let reason = format!("its tokens need more than {MERGES_PER_TOKEN} merges each");
            return Err(TokenizerError::BadVocabulary(reason));
        }
    }
    let length = |part: &str| part.chars().count();
    // Of one token's ways the one with the longer beginning, so that a run of equal characters is joined from its left.
    found.sort_by(|(a_score, (a, _)), (b_score, (b, _))| {
        b_score.total_cmp(a_score).then_with(|| length(b).cmp(&length(a)))
    });
    Ok(found.into_iter().map(|(_, (left, right))| (left.to_string(), right.to_string())).collect())
}
