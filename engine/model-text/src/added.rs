//! Tokens that are cut out of a text before the rest is encoded: control tokens, tags and whole pieces.

use aho_corasick::{AhoCorasick, MatchKind};

use crate::TokenizerError;
use crate::vocabulary::{Kind, Vocabulary};

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part<'t> {
    /// A token that was found.
    Token(u32),
    /// What stands between such tokens.
    Text(&'t str),
}

/// The tokens to cut out, of two equally early ones the longer.
#[derive(Debug)]
pub(crate) struct AddedTokens {
    finder: Option<AhoCorasick>,
    ids: Vec<u32>,
}

impl AddedTokens {
    /// Those of these kinds.
    ///
    /// # Errors
    /// [`TokenizerError::BadAddedTokens`] if there are too many for the search.
    pub fn of(vocabulary: &Vocabulary, kinds: &[Kind]) -> Result<Self, TokenizerError> {
        let (ids, texts): (Vec<u32>, Vec<&str>) = vocabulary
            .iter()
            .filter(|(_, token)| kinds.contains(&token.kind))
            .map(|(id, token)| (id, token.text.as_str()))
            .unzip();
        if ids.is_empty() {
            return Ok(Self { finder: None, ids });
        }
        let finder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(texts);
        let finder = finder.map_err(|error| TokenizerError::BadAddedTokens(error.to_string()))?;
        Ok(Self { finder: Some(finder), ids })
    }

    /// The text in the order of its parts, of which none is empty.
    pub fn split<'t>(&self, text: &'t str) -> Vec<Part<'t>> {
        let (mut parts, mut done) = (Vec::new(), 0);
        let between = |parts: &mut Vec<_>, piece: &'t str| {
            if !piece.is_empty() {
                parts.push(Part::Text(piece));
            }
        };
        if let Some(finder) = &self.finder {
            for found in finder.find_iter(text) {
                between(&mut parts, &text[done..found.start()]);
                parts.push(Part::Token(self.ids[found.pattern().as_usize()]));
                done = found.end();
            }
        }
        between(&mut parts, &text[done..]);
        parts
    }
}
