//! A conversation in a context of limited length.

use std::collections::VecDeque;

use ch02_text::Gpt2Tokenizer;
use ch07_instruct::PromptFormat;

use crate::prompt::crop;

/// The turns so far, a turn being a message and its answer. The training data of chapter 7 has single questions only, so a
/// model may make little use of earlier ones. All of it is ordinary text: a special token in it has no effect.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// `None` for a model that was not fine-tuned: what is said stands line by line.
    format: Option<PromptFormat>,
    /// The beginning of the prompt.
    opening: String,
    /// As they stand in the prompt.
    turns: VecDeque<String>,
}

/// How many tokens a prompt may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Maximum number of tokens that the model sees; at least 1.
    pub context_size: usize,
    /// Maximum number of tokens in the answer.
    pub answer: usize,
}

impl Window {
    /// Maximum number of tokens in a prompt with earlier turns. It leaves room for the answer, so that nothing slides out of
    /// the context while that is generated, but is at least half of the context.
    pub fn room(self) -> usize {
        self.context_size - self.answer.min(self.context_size / 2)
    }
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
    /// Number of tokens that were left out because the context is too short even without earlier turns.
    pub left_out: usize,
}

impl Conversation {
    /// A conversation without turns.
    pub fn new(format: PromptFormat) -> Self {
        Self { format: Some(format), opening: format.opening().to_string(), turns: VecDeque::new() }
    }

    /// A conversation without turns. `system` replaces the format's opening sentence, as in Ollama's templates.
    pub fn with_system(format: PromptFormat, system: &str) -> Self {
        Self { opening: format!("{system}\n\n"), ..Self::new(format) }
    }

    /// A conversation without turns, for a model without a prompt format. `system` is its first line, unless it is empty.
    pub fn plain(system: &str) -> Self {
        let opening = if system.is_empty() { String::new() } else { format!("{system}\n") };
        Self { format: None, opening, turns: VecDeque::new() }
    }

    /// Number of turns.
    pub fn len(&self) -> usize {
        self.turns.len()
    }

    /// Whether there are no turns.
    pub fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    /// Adds a turn.
    pub fn push(&mut self, message: &str, answer: &str) {
        self.push_turn(Some(message), answer);
    }

    /// Adds an answer to nothing, as when the model greets.
    pub fn greet(&mut self, greeting: &str) {
        self.push_turn(None, greeting);
    }

    fn push_turn(&mut self, message: Option<&str>, answer: &str) {
        let (before, after) = self.around(message, answer.trim());
        let end = if self.format.is_some() { "\n\n" } else { "\n" };
        self.turns.push_back(format!("{before}{}{after}{end}", message.unwrap_or_default()));
    }

    /// Removes all turns.
    pub fn clear(&mut self) {
        self.turns.clear();
    }

    /// The prompt for `message`.
    ///
    /// Without earlier turns it is the prompt of the training data, up to the beginning of the answer. Earlier turns
    /// stand between the opening sentence and the new task; the oldest that do not fit into the [room](Window::room) are
    /// dropped. Of a message that is longer than the context, the beginning is left out.
    pub fn prompt(&mut self, message: &str, window: Window, tokenizer: &Gpt2Tokenizer) -> ChatPrompt {
        self.continue_answer(Some(message), "", window, |text| tokenizer.encode_ordinary(text))
    }

    /// As [`prompt`](Self::prompt), for an answer that begins with `begun`, with any tokenizer: `encode` gives the ids of a text
    /// in which nothing is special. Without a message the model speaks unasked.
    pub fn continue_answer(
        &mut self,
        message: Option<&str>,
        begun: &str,
        window: Window,
        encode: impl Fn(&str) -> Vec<u32>,
    ) -> ChatPrompt {
        let (before, after) = self.around(message, begun);
        let message = message.unwrap_or_default();
        let now = format!("{before}{message}{after}");
        let without = |dropped| encode(&self.text(dropped, &now));
        let (mut dropped, mut ids) = (0, without(0));
        if ids.len() > window.room() {
            (dropped, ids) = (self.turns.len(), without(self.turns.len()));
            // A turn begins and ends at a token boundary, so dropping one more always makes the prompt shorter: a
            // binary search finds the smallest number that fits.
            let mut least = 1;
            while ids.len() <= window.room() && least < dropped {
                let half = least.midpoint(dropped);
                let tried = without(half);
                if tried.len() <= window.room() {
                    (dropped, ids) = (half, tried);
                } else {
                    least = half + 1;
                }
            }
        }
        let mut left_out = 0;
        if ids.len() > window.context_size {
            let before = self.opening.clone() + &before;
            let parts = [before.as_str(), message, &after].map(encode);
            (ids, left_out) = cut_message(parts, window.context_size);
        }
        self.turns.drain(..dropped);
        ChatPrompt { ids, kept: self.turns.len(), dropped, left_out }
    }

    fn text(&self, skip: usize, now: &str) -> String {
        let past: String = self.turns.iter().skip(skip).map(String::as_str).collect();
        format!("{}{past}{now}", self.opening)
    }

    /// What stands before a message, and what stands after it, with the answer at the end.
    fn around(&self, message: Option<&str>, answer: &str) -> (String, String) {
        match (self.format, message) {
            (Some(format), Some(_)) => (format.task("", ""), format.format_response(answer)),
            (Some(format), None) => (String::new(), format!("{}\n{answer}", format.response_marker())),
            (None, Some(_)) => (String::new(), format!("\n{answer}")),
            (None, None) => (String::new(), answer.to_string()),
        }
    }
}

/// The last `context_size` ids of what stands before a message, the message, and what stands after it. If what surrounds the
/// message takes at most half of them, it stays whole, and the message alone loses its beginning. Also returns the number of
/// ids that were left out.
fn cut_message([before, mut message, after]: [Vec<u32>; 3], context_size: usize) -> (Vec<u32>, usize) {
    let around = before.len() + after.len();
    let from_message = if around <= context_size / 2 { crop(&mut message, context_size - around) } else { 0 };
    let mut ids = [before, message, after].concat();
    let from_all = crop(&mut ids, context_size);
    (ids, from_message + from_all)
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
            ("<|endoftext|>", "<|endoftext|> ends a document."),
        ];
        let conversations = [PromptFormat::Alpaca, PromptFormat::Phi3].map(Conversation::new);
        for mut conversation in conversations.into_iter().chain([Conversation::plain(""), Conversation::plain("Hm")]) {
            conversation.greet("Hello!");
            turns.iter().for_each(|(message, answer)| conversation.push(message, answer));
            let (before, after) = conversation.around(Some("Why?"), "");
            let now = format!("{before}Why?{after}");
            let all = conversation.len();
            let encode = |dropped| tokenizer.encode_ordinary(&conversation.text(dropped, &now));
            let lengths: Vec<usize> = (0..=all).map(|dropped| encode(dropped).len()).collect();
            for room in 1..=lengths[0] {
                let window = Window { context_size: room, answer: 0 };
                let found = conversation.clone().prompt("Why?", window, &tokenizer);
                let fits = lengths.iter().position(|&length| length <= room);
                let dropped = fits.unwrap_or(all);
                assert_eq!((found.kept, found.dropped), (all - dropped, dropped), "{conversation:?}, {room}");
                match fits {
                    Some(_) => assert_eq!((found.ids, found.left_out), (encode(dropped), 0)),
                    None => assert_eq!((found.ids.len(), found.left_out), (room, lengths[all] - room)),
                }
            }
        }
    }

    #[test]
    fn a_message_that_is_too_long_loses_its_beginning() {
        let (before, message, after) = (vec![1, 2], vec![10, 11, 12, 13, 14], vec![3]);
        let cut = |context_size| cut_message([before.clone(), message.clone(), after.clone()], context_size);
        assert_eq!(cut(7), (vec![1, 2, 11, 12, 13, 14, 3], 1));
        assert_eq!(cut(6), (vec![1, 2, 12, 13, 14, 3], 2));
        // What surrounds it would take more than half.
        assert_eq!(cut(5), (vec![11, 12, 13, 14, 3], 3));
        assert_eq!(cut(1), (vec![3], 7));
    }

    #[test]
    fn at_least_half_of_the_context_is_for_the_prompt() {
        let room = |answer| Window { context_size: 65, answer }.room();
        assert_eq!([0, 1, 32, 33, 1000].map(room), [65, 64, 33, 33, 33]);
    }
}
