//! Byte pair encoding trained from scratch, ready for real text.
//!
//! Compared with [`simple_bpe`](super::simple_bpe), the text is cut into words first ([`pre_tokens`]), so that no token
//! crosses a word boundary and no space or line break is lost; special tokens are recognized only where the caller
//! allows them; and the vocabulary can be saved, loaded, or taken from GPT-2's files.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde::{Deserialize, Serialize};
use shared::data::read_text;
use shared::files::write_whole;

use super::byte_table::bytes_of_characters;
use super::gpt2_files::{BpeFileError, Gpt2Files, in_order_of_ids};
use super::pairs::{Merges, Pair, count_pairs, merge_by_rank, merge_left_to_right, most_frequent, replace_pair};
use super::pre_tokens::pre_tokens;
use super::simple_bpe::{SPACE, character_ids, ids_of, joined, start_vocabulary};
use crate::TokenizerError;

/// In which order an encoder applies its merges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeOrder {
    /// See [`merge_left_to_right`].
    LeftToRight,
    /// See [`merge_by_rank`].
    Rank,
}

/// A byte pair encoding that keeps every character of its text.
///
/// With GPT-2's files it gives GPT-2's ids for most of plain English, but not for every text, because its pieces are
/// not those of GPT-2: punctuation goes with its word. Encoding characters outside of ASCII is an error then.
/// [`Gpt2Bpe`](super::Gpt2Bpe) is exact.
#[derive(Clone, Debug)]
pub struct FullBpe {
    tokens: Vec<String>,
    ids: HashMap<String, u32>,
    merges: Merges,
    order: MergeOrder,
    /// The byte that each character of the tokens stands for, as in GPT-2's files; `None` if it stands for itself.
    bytes: Option<HashMap<char, u8>>,
}

impl FullBpe {
    /// Learns a vocabulary from a text, as [`SimpleBpe::train`](super::SimpleBpe::train) does, but inside words
    /// only. Special tokens in the text are left out.
    pub fn train(text: &str, vocab_size: usize, special: &[&str]) -> Self {
        let words = split_special(text, special).into_iter().filter(|part| !special.contains(part));
        let words: Vec<String> = words.flat_map(pre_tokens).collect();
        let mut tokens = start_vocabulary(words.iter().flat_map(|word| word.chars()), special);
        let ids = ids_of(&tokens);

        // Words repeat: each is merged once and counted as often as it occurs.
        let mut places = HashMap::new();
        let mut sequences: Vec<(Vec<u32>, usize)> = Vec::new();
        for word in &words {
            let place = *places.entry(word).or_insert_with(|| {
                sequences.push((word.chars().map(|c| ids[&c.to_string()]).collect(), 0));
                sequences.len() - 1
            });
            sequences[place].1 += 1;
        }

        let mut merges = Merges::new();
        while tokens.len() < vocab_size
            && let Some(pair) = most_frequent(&count_pairs(sequences.iter().map(|(ids, times)| (&ids[..], *times))))
        {
            let new_id = tokens.len() as u32;
            for (ids, _) in &mut sequences {
                *ids = replace_pair(ids, pair, new_id);
            }
            merges.insert(pair, new_id);
            tokens.push(joined(&tokens, pair));
        }
        Self::from_parts(tokens, merges)
    }

    /// GPT-2's vocabulary and merges.
    pub fn from_gpt2_files(files: Gpt2Files) -> Self {
        Self::from_parts(files.tokens, files.merges)
    }

    fn from_parts(tokens: Vec<String>, merges: Merges) -> Self {
        let mut ids = ids_of(&tokens);
        // Only where characters stand for bytes is the space's among the first 256 tokens.
        let of_bytes = ids.get(&SPACE.to_string()).is_some_and(|&id| id < 256);
        if of_bytes {
            for (character, stand_in) in [("\n", "Ċ"), ("\r", "č")] {
                ids.extend(ids.get(stand_in).map(|&id| (character.to_string(), id)));
            }
        }
        let order = if of_bytes { MergeOrder::Rank } else { MergeOrder::LeftToRight };
        Self { tokens, ids, merges, order, bytes: of_bytes.then(bytes_of_characters) }
    }

    /// The same vocabulary with another order of merging. Vocabularies of [`train`](Self::train) start with
    /// [`MergeOrder::LeftToRight`], GPT-2's with [`MergeOrder::Rank`].
    pub fn with_order(self, order: MergeOrder) -> Self {
        Self { order, ..self }
    }

    /// Number of tokens.
    pub fn vocab_size(&self) -> usize {
        self.tokens.len()
    }

    /// Number of merges.
    pub fn num_merges(&self) -> usize {
        self.merges.len()
    }

    /// The id of a token, if there is one.
    pub fn id(&self, token: &str) -> Option<u32> {
        self.ids.get(token).copied()
    }

    /// The token with this id, in which [`SPACE`] stands for a space.
    pub fn token(&self, id: u32) -> Option<&str> {
        self.tokens.get(id as usize).map(String::as_str)
    }

    /// The ids of a text in which the special tokens `allowed_special` stand for themselves.
    ///
    /// # Errors
    /// - [`TokenizerError::SpecialToken`] if the text contains a token of the form `<|...|>` that is not allowed;
    /// - [`TokenizerError::UnknownToken`] if it contains an allowed one that the vocabulary does not have;
    /// - [`TokenizerError::UnknownCharacters`] if it has characters that training did not meet, or [`SPACE`] itself,
    ///   which would be decoded to a space.
    pub fn encode(&self, text: &str, allowed_special: &[&str]) -> Result<Vec<u32>, TokenizerError> {
        let mut ids = Vec::new();
        for part in split_special(text, allowed_special) {
            if allowed_special.contains(&part) {
                ids.push(self.id(part).ok_or_else(|| TokenizerError::UnknownToken(part.to_string()))?);
                continue;
            }
            if let Some(special) = self.tokens.iter().find(|token| is_special(token) && part.contains(token.as_str())) {
                return Err(TokenizerError::SpecialToken(special.clone()));
            }
            if part.contains(SPACE) {
                return Err(TokenizerError::UnknownCharacters(SPACE.to_string()));
            }
            for word in pre_tokens(part) {
                ids.extend(self.encode_word(&word)?);
            }
        }
        Ok(ids)
    }

    fn encode_word(&self, word: &str) -> Result<Vec<u32>, TokenizerError> {
        let stands_for_itself = |c: char| self.bytes.is_none() || c.is_ascii() || c == SPACE;
        let id = |c: char| self.id(c.encode_utf8(&mut [0; 4])).filter(|_| stands_for_itself(c));
        let characters = character_ids(word, id)?;
        if let Some(id) = self.id(word) {
            return Ok(vec![id]);
        }
        Ok(match self.order {
            MergeOrder::LeftToRight => merge_left_to_right(characters, &self.merges),
            MergeOrder::Rank => merge_by_rank(characters, &self.merges),
        })
    }

    /// The text of a list of ids; bytes that do not form a character become U+FFFD.
    ///
    /// # Errors
    /// [`TokenizerError::UnknownId`] with the first id that no token has.
    pub fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        let token = |&id: &u32| self.token(id).ok_or(TokenizerError::UnknownId(id));
        let text: String = ids.iter().map(token).collect::<Result<_, _>>()?;
        let Some(bytes) = &self.bytes else { return Ok(text.replace(SPACE, " ")) };
        let mut decoded = Vec::with_capacity(text.len());
        for c in text.chars() {
            match bytes.get(&c) {
                Some(&byte) => decoded.push(byte),
                None => decoded.extend(c.encode_utf8(&mut [0; 4]).bytes()),
            }
        }
        Ok(String::from_utf8_lossy(&decoded).into_owned())
    }

    /// Writes the vocabulary (a map from ids to tokens) and the merges (a list of `pair` and `new_id`) as JSON. The
    /// files have no place for the order of merging.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn save(&self, vocab_json: &Path, merges_json: &Path) -> Result<(), BpeFileError> {
        let vocabulary: BTreeMap<u32, &String> = (0..).zip(&self.tokens).collect();
        let mut merges: Vec<SavedMerge> =
            self.merges.iter().map(|(&pair, &new_id)| SavedMerge { pair, new_id }).collect();
        merges.sort_unstable_by_key(|merge| merge.new_id);

        for (path, file, json) in [
            (vocab_json, "vocabulary", serde_json::to_vec(&vocabulary)),
            (merges_json, "merges", serde_json::to_vec(&merges)),
        ] {
            write_whole(path, &json.map_err(|source| BpeFileError::Json { file, source })?)?;
        }
        Ok(())
    }

    /// Reads what [`save`](Self::save) wrote. The order of merging is the one that such a vocabulary starts with; if it
    /// had another, call [`with_order`](Self::with_order) again.
    ///
    /// # Errors
    /// If a file cannot be read, is not of the expected form, or the two do not fit together.
    pub fn load(vocab_json: &Path, merges_json: &Path) -> Result<Self, BpeFileError> {
        let vocabulary: BTreeMap<u32, String> = serde_json::from_str(&read_text(vocab_json)?)
            .map_err(|source| BpeFileError::Json { file: "vocabulary", source })?;
        let saved: Vec<SavedMerge> = serde_json::from_str(&read_text(merges_json)?)
            .map_err(|source| BpeFileError::Json { file: "merges", source })?;
        let tokens = in_order_of_ids(vocabulary)?;
        let mut merges = Merges::new();
        for SavedMerge { pair: (left, right), new_id } in saved {
            if let Some(id) = [left, right, new_id].into_iter().find(|&id| id as usize >= tokens.len()) {
                return Err(BpeFileError::UnknownId(id));
            }
            let (merged, token) = (joined(&tokens, (left, right)), &tokens[new_id as usize]);
            if merged != *token {
                return Err(BpeFileError::Merge { left, right, merged, new_id, token: token.clone() });
            }
            if merges.insert((left, right), new_id).is_some() {
                return Err(BpeFileError::Twice { left, right });
            }
        }
        Ok(Self::from_parts(tokens, merges))
    }
}

/// A merge as it is saved.
#[derive(Serialize, Deserialize)]
struct SavedMerge {
    pair: Pair,
    new_id: u32,
}

/// Whether a token looks like a marker, e.g. `<|endoftext|>`.
fn is_special(token: &str) -> bool {
    token.len() > 4 && token.starts_with("<|") && token.ends_with("|>")
}

/// The special tokens in a text and what stands between them, in order.
fn split_special<'t>(text: &'t str, special: &[&str]) -> Vec<&'t str> {
    let mut parts = Vec::new();
    let mut rest = text;
    // The first one; if several begin at the same place, the longest.
    let next = |rest: &str| {
        let found = special.iter().filter_map(|token| rest.find(token).map(|start| (start, Reverse(token.len()))));
        found.filter(|&(_, Reverse(len))| len > 0).min()
    };
    while let Some((start, Reverse(len))) = next(rest) {
        parts.extend([&rest[..start], &rest[start..start + len]]);
        rest = &rest[start + len..];
    }
    parts.push(rest);
    parts
}
