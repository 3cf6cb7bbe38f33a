//! The tokens of a model by their ids: what each stands for.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use ch02_text::bonus::byte_table::{byte_table, bytes_of_characters};

use crate::TokenizerError;

/// The space of vocabularies that do not have GPT-2's alphabet of bytes.
pub(crate) const SPACE_MARK: char = '\u{2581}';

/// Each byte as a printable character.
pub(crate) static CHARACTERS: LazyLock<[char; 256]> = LazyLock::new(byte_table);
static BYTES: LazyLock<HashMap<char, u8>> = LazyLock::new(bytes_of_characters);

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A piece of text that the byte pair encoder finds.
    Normal,
    /// One byte of a character that has no token, `<0x41>`.
    Byte(u8),
    /// A control token such as `<|im_end|>`: only a template can contain it, and nobody sees it.
    Control,
    /// A tag such as `<think>`: only a template can contain it, and it is shown.
    Tag,
    /// A piece of text that is found before the encoder begins, in every text: Gemma's runs of newlines.
    Whole,
    /// Never used by a text: the sign for unknown characters, and spare ids.
    Unused,
}

/// How the tokens spell a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// One character of GPT-2's alphabet for each byte.
    Bytes,
    /// As it is, with `▁` for a space.
    SpaceMarks,
}

/// A token with what it is for.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub text: String,
    pub kind: Kind,
}

/// All tokens; an id may be free.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    tokens: Vec<Option<Token>>,
    spelling: Spelling,
}

impl Vocabulary {
    /// # Errors
    /// [`TokenizerError::Empty`], [`EmptyToken`](TokenizerError::EmptyToken), and
    /// [`IdOutside`](TokenizerError::IdOutside) if there are more ids than a `u32` can count.
    pub fn new(tokens: Vec<Option<Token>>, spelling: Spelling) -> Result<Self, TokenizerError> {
        let last = tokens.len().checked_sub(1).ok_or(TokenizerError::Empty)?;
        if u32::try_from(last).is_err() {
            let what = "the last token".into();
            return Err(TokenizerError::IdOutside { what, id: last as u64, tokens: u32::MAX as usize });
        }
        let vocabulary = Self { tokens, spelling };
        let empty = vocabulary.iter().find(|(_, token)| token.text.is_empty() && token.kind != Kind::Unused);
        if let Some((id, _)) = empty {
            return Err(TokenizerError::EmptyToken(id));
        }
        Ok(vocabulary)
    }

    pub fn spelling(&self) -> Spelling {
        self.spelling
    }

    /// One more than the largest id.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = (u32, &Token)> {
        (0..).zip(&self.tokens).filter_map(|(id, token)| Some((id, token.as_ref()?)))
    }

    /// # Errors
    /// [`TokenizerError::UnknownId`]
    pub fn token(&self, id: u32) -> Result<&Token, TokenizerError> {
        let token = self.tokens.get(id as usize).and_then(Option::as_ref);
        token.ok_or(TokenizerError::UnknownId { id, last: self.tokens.len().saturating_sub(1) as u32 })
    }

    /// The bytes that a token stands for in a text.
    ///
    /// # Errors
    /// [`TokenizerError::UnknownId`]
    pub fn bytes(&self, id: u32) -> Result<Cow<'_, [u8]>, TokenizerError> {
        let token = self.token(id)?;
        let literal = || Cow::Borrowed(token.text.as_bytes());
        Ok(match (token.kind, self.spelling) {
            (Kind::Byte(byte), _) => Cow::Owned(vec![byte]),
            (Kind::Normal, Spelling::Bytes) => {
                let bytes = token.text.chars().map(|character| BYTES.get(&character).copied());
                bytes.collect::<Option<Vec<u8>>>().map_or_else(literal, Cow::Owned)
            }
            (Kind::Normal | Kind::Whole, Spelling::SpaceMarks) => {
                Cow::Owned(token.text.replace(SPACE_MARK, " ").into_bytes())
            }
            _ => literal(),
        })
    }
}

/// The byte that a token such as `<0x41>` stands for.
pub(crate) fn byte_of(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    (digits.len() == 2).then(|| u8::from_str_radix(digits, 16).ok()).flatten()
}
