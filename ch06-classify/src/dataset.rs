//! Messages of equal length (section 6.3).
//!
//! A batch is a rectangle, but messages are not equally long. You could truncate all of them to the shortest and lose
//! most of the text, or pad all of them to the longest. The padding token is `<|endoftext|>`, which no message becomes: a
//! message that spells it out is encoded as ordinary text.
//!
//! ```text
//! This is the first message     1212 318  262   717 2420 3275
//! This is another message       1212 318 1194  2420 3275 50256
//! ```

use ch02_text::END_OF_TEXT_ID;
use shared::Tokenizer;

use crate::{Label, Message};

/// The id of the padding token in GPT-2's vocabulary.
pub const PAD_TOKEN_ID: u32 = END_OF_TEXT_ID;

/// How long the messages of a dataset are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// As long as the longest of them.
    Longest,
    /// This many tokens: longer ones are truncated, shorter ones are padded.
    Exactly(usize),
    /// Not padded; truncated to at most this many tokens. Such messages go into batches of one.
    Unpadded(usize),
}

/// Messages as token ids, with their labels (the book's `SpamDataset`, listing 6.4).
#[derive(Clone, Debug)]
pub struct SpamDataset {
    rows: Vec<Vec<u32>>,
    labels: Vec<Label>,
    max_length: usize,
    truncated: usize,
    padded: bool,
    pad_token_id: u32,
}

impl SpamDataset {
    /// Encodes the messages, truncates those that are too long and pads those that are too short.
    pub fn new(messages: &[Message], tokenizer: &impl Tokenizer, length: Length) -> Self {
        let mut rows: Vec<Vec<u32>> = messages.iter().map(|message| tokenizer.encode_ordinary(&message.text)).collect();
        let longest = rows.iter().map(Vec::len).max().unwrap_or(0);
        let max_length = match length {
            Length::Longest => longest,
            Length::Exactly(max_length) => max_length,
            Length::Unpadded(limit) => longest.min(limit),
        };
        let padded = !matches!(length, Length::Unpadded(_));
        let truncated = rows.iter().filter(|row| row.len() > max_length).count();
        let pad_token_id = tokenizer.end_of_text_id();
        for row in &mut rows {
            let length = if padded { max_length } else { row.len().min(max_length) };
            row.resize(length, pad_token_id);
        }
        let labels = messages.iter().map(|message| message.label).collect();
        Self { rows, labels, max_length, truncated, padded, pad_token_id }
    }

    /// Number of messages.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The ids of message `i` and its label.
    ///
    /// # Panics
    /// If there is no such message.
    pub fn get(&self, i: usize) -> (&[u32], Label) {
        (&self.rows[i], self.labels[i])
    }

    /// Number of tokens in every message, or in the longest if they are not padded.
    pub fn max_length(&self) -> usize {
        self.max_length
    }

    /// Number of truncated messages.
    pub fn truncated(&self) -> usize {
        self.truncated
    }

    /// The id of the padding token: the tokenizer's end-of-text token.
    pub fn pad_token_id(&self) -> u32 {
        self.pad_token_id
    }

    /// Whether all messages have the same length.
    pub fn is_padded(&self) -> bool {
        self.padded
    }
}
