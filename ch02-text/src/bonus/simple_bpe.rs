//! Byte pair encoding trained from scratch, in the fewest lines.
//!
//! Training starts with single characters and merges the most frequent pair of neighbours into a new token until the
//! vocabulary is full. Take "the cat in the hat" and call the first new tokens 256, 257 and 258:
//!
//! ```text
//! the cat in the hat
//! <256>e cat in <256>e hat        256 = t h
//! <257> cat in <257> hat          257 = <256> e
//! <258>cat in <258>hat            258 = <257> space
//! ```
//!
//! The whole text is one sequence here, so that merges cross word boundaries. Encoding takes the words one by
//! one; line breaks and repeated spaces are lost. [`full_bpe`](super::full_bpe) does better in both.

use std::collections::{BTreeSet, HashMap};

use super::pairs::{Merges, find_freq_pair, merge_left_to_right, replace_pair};
use crate::TokenizerError;

/// The character that stands for a space inside tokens.
pub const SPACE: char = 'Ġ';

/// A byte pair encoding for the kind of text that it was trained on.
#[derive(Clone, Debug)]
pub struct SimpleBpe {
    tokens: Vec<String>,
    ids: HashMap<String, u32>,
    merges: Merges,
}

impl SimpleBpe {
    /// Learns a vocabulary from a text.
    ///
    /// It has the characters U+0000 to U+00FF, further ones of the text, [`SPACE`] and the `special` tokens; merges
    /// fill it up to `vocab_size` tokens, or as far as there are pairs to merge. Of equally frequent pairs the one that
    /// occurs first is merged.
    pub fn train(text: &str, vocab_size: usize, special: &[&str]) -> Self {
        // A space at the very beginning is dropped.
        let text = text.strip_prefix(' ').unwrap_or(text).replace(' ', &SPACE.to_string());
        let mut tokens = start_vocabulary(text.chars(), special);
        let ids = ids_of(&tokens);
        let mut sequence: Vec<u32> = text.chars().map(|c| ids[&c.to_string()]).collect();

        let mut merges = Merges::new();
        while tokens.len() < vocab_size
            && let Some(pair) = find_freq_pair(&sequence)
        {
            let new_id = tokens.len() as u32;
            sequence = replace_pair(&sequence, pair, new_id);
            merges.insert(pair, new_id);
            tokens.push(joined(&tokens, pair));
        }
        Self { ids: ids_of(&tokens), tokens, merges }
    }

    /// Number of tokens.
    pub fn vocab_size(&self) -> usize {
        self.tokens.len()
    }

    /// Number of merges that were learnt.
    pub fn num_merges(&self) -> usize {
        self.merges.len()
    }

    /// The token with this id, in which [`SPACE`] stands for a space.
    pub fn token(&self, id: u32) -> Option<&str> {
        self.tokens.get(id as usize).map(String::as_str)
    }

    /// The ids of a text. Every word but the first begins with [`SPACE`]; other whitespace is lost.
    ///
    /// # Errors
    /// [`TokenizerError::UnknownCharacters`] if a word has characters that training did not meet.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let mut ids = Vec::new();
        for (i, word) in text.split_whitespace().enumerate() {
            let token = if i == 0 { word.to_string() } else { format!("{SPACE}{word}") };
            match self.ids.get(&token) {
                Some(&id) => ids.push(id),
                None => ids.extend(self.tokenize_with_bpe(&token)?),
            }
        }
        Ok(ids)
    }

    /// The ids of a word that is no token itself: its characters, merged from left to right.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn tokenize_with_bpe(&self, word: &str) -> Result<Vec<u32>, TokenizerError> {
        Ok(merge_left_to_right(character_ids(word, |c| self.ids.get(&c.to_string()).copied())?, &self.merges))
    }

    /// The text of a list of ids. A [`SPACE`] at the beginning of a token becomes a space.
    ///
    /// # Errors
    /// [`TokenizerError::UnknownId`] with the first id that no token has.
    pub fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        let mut text = String::new();
        for &id in ids {
            let token = self.token(id).ok_or(TokenizerError::UnknownId(id))?;
            match token.strip_prefix(SPACE) {
                Some(rest) => text.extend([" ", rest]),
                None => text.push_str(token),
            }
        }
        Ok(text)
    }
}

/// What a vocabulary has before any merge: U+0000 to U+00FF, the text's other characters in order, [`SPACE`], then the
/// special tokens.
pub(super) fn start_vocabulary(text: impl Iterator<Item = char>, special: &[&str]) -> Vec<String> {
    let others: BTreeSet<char> = text.chain([SPACE]).filter(|&c| c > '\u{ff}').collect();
    let characters = ('\0'..='\u{ff}').chain(others).map(String::from);
    characters.chain(special.iter().map(ToString::to_string)).collect()
}

/// The id of each token. Two merges can make the same token; the later id counts.
pub(super) fn ids_of(tokens: &[String]) -> HashMap<String, u32> {
    tokens.iter().cloned().zip(0..).collect()
}

/// The text of a merged pair.
pub(super) fn joined(tokens: &[String], (left, right): (u32, u32)) -> String {
    [tokens[left as usize].as_str(), &tokens[right as usize]].concat()
}

/// The ids of a word's characters, or an error with those that have none.
pub(super) fn character_ids(word: &str, id: impl Fn(char) -> Option<u32>) -> Result<Vec<u32>, TokenizerError> {
    let unknown: String = word.chars().filter(|&c| id(c).is_none()).collect();
    if unknown.is_empty() {
        Ok(word.chars().filter_map(id).collect())
    } else {
        Err(TokenizerError::UnknownCharacters(unknown))
    }
}
