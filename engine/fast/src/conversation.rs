//! A conversation in a context of limited length.

use std::collections::VecDeque;

use ch02_text::{END_OF_TEXT, Gpt2Tokenizer, TokenizerError};
use ch07_instruct::PromptFormat;

/// A question and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Turn {
    message: String,
    answer: String,
}

/// The turns so far. The training data of chapter 7 has single questions only, so a model may make little use of them.
#[derive(Clone, Debug)]
pub struct Conversation {
    format: PromptFormat,
    /// The beginning of the prompt.
    opening: String,
    turns: VecDeque<Turn>,
}

/// The text that the model continues with its next answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatPrompt {
    /// Its ids.
    pub ids: Vec<u32>,
    /// Number of earlier turns in it.
    pub kept: usize,
    /// Number of earlier turns that were dropped to make room.
    pub dropped: usize,
}

/// Why a message has no prompt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChatError {
    /// The message alone does not fit.
    #[error("your message makes a prompt of {tokens} tokens, but there is room for {room}; shorten it")]
    TooLong {
        /// Number of tokens in the prompt without any earlier turn.
        tokens: usize,
        /// Maximum number of tokens in the prompt.
        room: usize,
    },
    /// The text cannot be encoded.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
}

impl Conversation {
    /// A conversation without turns.
    pub fn new(format: PromptFormat) -> Self {
        Self { format, opening: format.opening().to_string(), turns: VecDeque::new() }
    }

    /// A conversation without turns. `system` replaces the format's opening sentence, as in Ollama's templates.
    pub fn with_system(format: PromptFormat, system: &str) -> Self {
        Self { opening: format!("{system}\n\n"), ..Self::new(format) }
    }

    /// Number of turns.
    pub fn len(&self) -> usize {
        self.turns.len()
    }

    /// Whether there are no turns.
    pub fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    /// The prompt for `message` in at most `room` tokens. The oldest turns that do not fit are dropped.
    ///
    /// Without earlier turns it is the prompt of the training data, up to the beginning of the answer. Earlier turns
    /// stand between the opening sentence and the new task.
    ///
    /// # Errors
    /// If the message alone is too long or contains the end-of-text marker. Then no turn is dropped.
    pub fn prompt(&mut self, message: &str, room: usize, tokenizer: &Gpt2Tokenizer) -> Result<ChatPrompt, ChatError> {
        let encode = |dropped| tokenizer.encode(&self.text(message, dropped));
        let (mut dropped, mut ids) = (0, encode(0)?);
        if ids.len() > room {
            (dropped, ids) = (self.turns.len(), encode(self.turns.len())?);
            if ids.len() > room {
                return Err(ChatError::TooLong { tokens: ids.len(), room });
            }
            // A turn begins and ends at a token boundary, so dropping one more always makes the prompt shorter: a
            // binary search finds the smallest number that fits.
            let mut least = 1;
            while least < dropped {
                let half = least.midpoint(dropped);
                let tried = encode(half)?;
                if tried.len() <= room {
                    (dropped, ids) = (half, tried);
                } else {
                    least = half + 1;
                }
            }
        }
        self.turns.drain(..dropped);
        Ok(ChatPrompt { ids, kept: self.turns.len(), dropped })
    }

    /// Adds a turn.
    pub fn push(&mut self, message: &str, answer: &str) {
        // A model can generate the text of the end-of-text marker letter by letter; no prompt may contain it.
        let answer = answer.replace(END_OF_TEXT, "").trim().to_string();
        self.turns.push_back(Turn { message: message.to_string(), answer });
    }

    /// Removes all turns.
    pub fn clear(&mut self) {
        self.turns.clear();
    }

    fn text(&self, message: &str, skip: usize) -> String {
        let past = self.turns.iter().skip(skip).map(|turn| {
            format!("{}{}\n\n", self.format.task(&turn.message, ""), self.format.format_response(&turn.answer))
        });
        let past: String = past.collect();
        let now = self.format.task(message, "") + &self.format.format_response("");
        format!("{}{past}{now}", self.opening)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For every possible room, the binary search drops as many turns as a linear search from the oldest on.
    #[test]
    fn the_binary_search_drops_as_many_turns_as_a_linear_one() {
        let tokenizer = Gpt2Tokenizer::new();
        let turns = [
            ("Add 1 to 4.", "5"),
            ("Say nothing.", ""),
            ("  A question with\n\nbreaks \n", "An answer that is longer than the others, by far."),
            ("\n", "\n\n"),
            ("反义字：轻", "重"),
            ("#", "### Response:"),
        ];
        for format in [PromptFormat::Alpaca, PromptFormat::Phi3] {
            let mut conversation = Conversation::new(format);
            turns.iter().for_each(|(message, answer)| conversation.push(message, answer));
            let lengths: Vec<usize> = (0..=turns.len())
                .map(|dropped| tokenizer.encode(&conversation.text("Why?", dropped)).unwrap().len())
                .collect();
            for room in 0..=lengths[0] {
                let found = conversation.clone().prompt("Why?", room, &tokenizer);
                let Some(dropped) = lengths.iter().position(|&length| length <= room) else {
                    assert_eq!(found, Err(ChatError::TooLong { tokens: lengths[turns.len()], room }));
                    continue;
                };
                let ids = tokenizer.encode(&conversation.text("Why?", dropped)).unwrap();
                assert_eq!(found, Ok(ChatPrompt { ids, kept: turns.len() - dropped, dropped }), "{format}, {room}");
            }
        }
    }
}
