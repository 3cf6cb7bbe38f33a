//! Windows over a text: the pairs of input and target that a language model learns from (section 2.6).
//!
//! A model learns to predict the next token, so the target of a window of tokens is the same window shifted by one:
//!
//! ```text
//! ids     40 367 2885 1464 1807 3619 402 ...
//! input   40 367 2885 1464
//! target     367 2885 1464 1807
//! ```

use crate::{Gpt2Tokenizer, long_text};

/// Why a text cannot be cut into windows or batches.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DatasetError {
    /// A size is 0.
    #[error("{field} is 0, but must be at least 1")]
    Zero {
        /// `max_length`, `stride` or `batch_size`.
        field: &'static str,
    },
    /// Not even one window fits.
    #[error(
        "the text has {n} tokens, but one window of {max_length} needs at least {}",
        .max_length.saturating_add(1)
    )]
    TooShort {
        /// Tokens in the text.
        n: usize,
        /// Tokens in a window.
        max_length: usize,
    },
}

/// Fails if the size called `field` is 0.
pub(crate) fn require_positive(field: &'static str, value: usize) -> Result<(), DatasetError> {
    if value == 0 { Err(DatasetError::Zero { field }) } else { Ok(()) }
}

/// A text as token ids, with windows of equal length (the book's `GPTDatasetV1`, listing 2.5).
///
/// Windows begin at 0, `stride`, 2 `stride` and so on, as long as the window and one more token fit; what is left at
/// the end is not used. Windows overlap if `stride < max_length`. They are borrowed from the ids, never copied.
#[derive(Clone, Debug)]
pub struct GptDataset {
    ids: Vec<u32>,
    max_length: usize,
    stride: usize,
}

impl GptDataset {
    /// Encodes `text`, in which the end-of-text marker is allowed, and cuts it into windows of `max_length` tokens that
    /// begin `stride` tokens apart.
    ///
    /// # Errors
    /// If `max_length` or `stride` is 0, or the text has no more than `max_length` tokens.
    pub fn new(text: &str, tokenizer: &Gpt2Tokenizer, max_length: usize, stride: usize) -> Result<Self, DatasetError> {
        Self::from_ids(long_text::encode(tokenizer, text), max_length, stride)
    }

    /// The same for a text that is encoded already, by whatever tokenizer.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_ids(ids: Vec<u32>, max_length: usize, stride: usize) -> Result<Self, DatasetError> {
        require_positive("max_length", max_length)?;
        require_positive("stride", stride)?;
        if ids.len() <= max_length {
            return Err(DatasetError::TooShort { n: ids.len(), max_length });
        }
        Ok(Self { ids, max_length, stride })
    }

    /// Number of windows, at least 1: ⌈(tokens - max_length) / stride⌉.
    pub fn num_windows(&self) -> usize {
        (self.ids.len() - self.max_length).div_ceil(self.stride)
    }

    /// Window `i` and its target, `max_length` ids each.
    ///
    /// # Panics
    /// If `i` is not below [`num_windows`](Self::num_windows).
    pub fn get(&self, i: usize) -> (&[u32], &[u32]) {
        assert!(i < self.num_windows(), "there is no window {i}; the dataset has {}", self.num_windows());
        let start = i * self.stride;
        let end = start + self.max_length;
        (&self.ids[start..end], &self.ids[start + 1..end + 1])
    }

    /// Number of tokens in the text, those that no window covers included.
    pub fn num_tokens(&self) -> usize {
        self.ids.len()
    }

    /// Number of tokens in a window.
    pub fn max_length(&self) -> usize {
        self.max_length
    }
}
