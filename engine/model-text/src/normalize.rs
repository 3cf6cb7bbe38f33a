//! What happens to a text before it is cut into pieces.

use std::borrow::Cow;

use tokenizers::normalizers::NFC;
use tokenizers::{NormalizedString, Normalizer as _};

use crate::vocabulary::SPACE_MARK;

/// What happens to a text before it is cut into pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Normalizer {
    /// Nothing.
    None,
    /// Letters and their accents become one character where there is one (Unicode's form C).
    Composed,
    /// Spaces become `▁`; `before` puts one more before the text.
    SpaceMarks { before: bool },
}

impl Normalizer {
    /// `first`: whether the text begins here, or after a control token.
    pub fn apply<'t>(&self, text: &'t str, first: bool) -> Cow<'t, str> {
        match self {
            Self::None => Cow::Borrowed(text),
            Self::Composed => composed(text),
            Self::SpaceMarks { before } => {
                let marked = text.replace(' ', SPACE_MARK.encode_utf8(&mut [0; 4]));
                Cow::Owned(if *before && first { format!("{SPACE_MARK}{marked}") } else { marked })
            }
        }
    }
}

fn composed(text: &str) -> Cow<'_, str> {
    // Nothing below U+0300 is changed or combined.
    if text.chars().all(|character| character < '\u{300}') {
        return Cow::Borrowed(text);
    }
    let mut normalized = NormalizedString::from(text);
    match NFC.normalize(&mut normalized) {
        Ok(()) => Cow::Owned(normalized.get().to_string()),
        // The crate's interface has room for an error, this form has none.
        Err(_) => Cow::Borrowed(text),
    }
}
