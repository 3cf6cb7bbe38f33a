//! A vocabulary: every different token and its number (section 2.3).

use std::collections::{BTreeSet, HashMap};

use crate::tokenize;

/// Tokens and their ids, 0 to len - 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    tokens: Vec<String>,
    ids: HashMap<String, u32>,
}

impl Vocabulary {
    /// All different tokens of a text, in the order of their characters' code points (listing 2.2): most of the
    /// punctuation, then uppercase letters, then lowercase letters.
    pub fn from_text(text: &str) -> Self {
        let sorted: BTreeSet<&str> = tokenize(text).into_iter().collect();
        let mut vocabulary = Self { tokens: Vec::new(), ids: HashMap::new() };
        for token in sorted {
            vocabulary.add(token);
        }
        vocabulary
    }

    /// The id of `token`; a new token gets the next free one.
    pub fn add(&mut self, token: &str) -> u32 {
        if let Some(id) = self.id(token) {
            return id;
        }
        let id = self.tokens.len() as u32;
        self.tokens.push(token.to_string());
        self.ids.insert(token.to_string(), id);
        id
    }

    /// The id of a token, if it is known.
    pub fn id(&self, token: &str) -> Option<u32> {
        self.ids.get(token).copied()
    }

    /// The token with this id, if there is one.
    pub fn token(&self, id: u32) -> Option<&str> {
        self.tokens.get(id as usize).map(String::as_str)
    }

    /// All tokens; the position is the id.
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there is no token.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }
}
