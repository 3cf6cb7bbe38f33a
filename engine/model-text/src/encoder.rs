//! Byte pair encoding of text in which nothing is special.

use std::borrow::Cow;
use std::collections::HashMap;

use tokenizers::Model;
use tokenizers::models::bpe::{BPE, Vocab};

use crate::TokenizerError;
use crate::normalize::Normalizer;
use crate::pieces::{Cut, pieces};
use crate::vocabulary::{CHARACTERS, Kind, SPACE_MARK, Spelling, Vocabulary};

/// The steps from a text to ids: normalize, cut, merge.
///
/// The merging knows only tokens of ordinary text. A control token is missing in it, so no text can become one.
#[derive(Debug)]
pub(crate) struct Encoder {
    normalizer: Normalizer,
    cuts: Vec<Cut>,
    spelling: Spelling,
    bpe: BPE,
}

/// What an [`Encoder`] is made of beside the vocabulary.
pub(crate) struct Rules {
    pub normalizer: Normalizer,
    pub cuts: Vec<Cut>,
    /// The pairs to merge, the most urgent first.
    pub merges: Vec<(String, String)>,
    /// Whether a piece that is a token is taken as it is, whatever the merges say (Llama 3).
    pub whole_pieces: bool,
}

impl Encoder {
    /// # Errors
    /// [`TokenizerError::NoByte`] if a text can contain a byte without a token;
    /// [`UnknownMerge`](TokenizerError::UnknownMerge) for a merge of something that is no token.
    pub fn new(vocabulary: &Vocabulary, rules: Rules) -> Result<Self, TokenizerError> {
        let (normalizer, mut cuts, spelling) = (rules.normalizer, rules.cuts, vocabulary.spelling());
        every_byte_has_a_token(vocabulary)?;
        let merges = possible_merges(vocabulary, rules.merges)?;
        if spelling == Spelling::SpaceMarks && !vocabulary.iter().any(|(_, token)| has_space_inside(&token.text)) {
            cuts.push(Cut::BeforeSpaces);
        }
        let ids: Vocab = texts(vocabulary).map(|(text, id)| (text.to_string(), id)).collect();
        let bpe = BPE::builder()
            .vocab_and_merges(ids, merges)
            .byte_fallback(spelling == Spelling::SpaceMarks)
            .ignore_merges(rules.whole_pieces)
            .build()
            .map_err(|error| TokenizerError::BadVocabulary(error.to_string()))?;
        Ok(Self { normalizer, cuts, spelling, bpe })
    }

    /// Appends the ids of a text. `first`: whether it begins here, or after a control token.
    pub fn encode(&self, text: &str, first: bool, ids: &mut Vec<u32>) {
        for piece in pieces(&self.cuts, &self.normalizer.apply(text, first)) {
            let spelled = match self.spelling {
                Spelling::Bytes => Cow::Owned(piece.bytes().map(|byte| CHARACTERS[usize::from(byte)]).collect()),
                Spelling::SpaceMarks => Cow::Borrowed(piece),
            };
            // The only error is an unknown token that is not in the vocabulary, and this encoder has no unknown token.
            let tokens = self.bpe.tokenize(&spelled).unwrap_or_default();
            ids.extend(tokens.iter().map(|token| token.id));
        }
    }

    /// The id of a token of ordinary text, by its spelling.
    pub fn id(&self, token: &str) -> Option<u32> {
        self.bpe.token_to_id(token)
    }
}

/// The tokens that a text can become, with their ids.
fn texts(vocabulary: &Vocabulary) -> impl Iterator<Item = (&str, u32)> {
    let is_text = |kind| matches!(kind, Kind::Normal | Kind::Byte(_) | Kind::Whole);
    vocabulary.iter().filter(move |(_, token)| is_text(token.kind)).map(|(id, token)| (token.text.as_str(), id))
}

/// The merges between tokens of text; those of other tokens are left out.
pub(crate) fn possible_merges(
    vocabulary: &Vocabulary,
    mut merges: Vec<(String, String)>,
) -> Result<Vec<(String, String)>, TokenizerError> {
    let all: HashMap<&str, Kind> = vocabulary.iter().map(|(_, token)| (token.text.as_str(), token.kind)).collect();
    let (mut number, mut unknown) = (0, None);
    merges.retain(|(left, right)| {
        number += 1;
        [left, right, &format!("{left}{right}")].into_iter().all(|token| match all.get(token.as_str()) {
            Some(kind) => matches!(kind, Kind::Normal | Kind::Whole),
            None => {
                unknown.get_or_insert((number, token.clone()));
                false
            }
        })
    });
    match unknown {
        Some((number, token)) => Err(TokenizerError::UnknownMerge { number, token }),
        None => Ok(merges),
    }
}

/// Whether a space comes after something else.
fn has_space_inside(token: &str) -> bool {
    token.trim_start_matches(SPACE_MARK).contains(SPACE_MARK)
}

/// Some vocabularies lack a few bytes, which are then left out of a text, as in the reference: control characters that
/// nobody writes, and beginnings of characters that do not exist.
fn every_byte_has_a_token(vocabulary: &Vocabulary) -> Result<(), TokenizerError> {
    let mut has = [false; 256];
    match vocabulary.spelling() {
        Spelling::SpaceMarks => {
            for (_, token) in vocabulary.iter() {
                if let Kind::Byte(byte) = token.kind {
                    has[usize::from(byte)] = true;
                }
            }
        }
        Spelling::Bytes => {
            let ids: HashMap<&str, u32> = texts(vocabulary).collect();
            has = CHARACTERS.map(|character| ids.contains_key(character.encode_utf8(&mut [0; 4]) as &str));
        }
    }
    let needed = |byte: &u8| match vocabulary.spelling() {
        Spelling::SpaceMarks => true,
        Spelling::Bytes => matches!(byte, b'\t' | b'\n' | b' '..=b'~' | 0x80..=0xbf | 0xc2..=0xf0),
    };
    match (0..=255).filter(needed).find(|&byte: &u8| !has[usize::from(byte)]) {
        Some(byte) => Err(TokenizerError::NoByte(byte)),
        None => Ok(()),
    }
}
