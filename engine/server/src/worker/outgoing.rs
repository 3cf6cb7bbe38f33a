//! An answer that is being written: tokens in, pieces of text out.

use std::time::{Duration, Instant};

use fast::TokenScore;
use tokio::sync::mpsc;

use crate::jobs::{End, Piece, Summary, TextPiece};
use crate::stop::StopTexts;
use crate::text::TextStream;

/// An answer that is being written.
pub struct Outgoing<'t> {
    pieces: mpsc::UnboundedSender<Piece>,
    stream: TextStream<'t>,
    stop: StopTexts,
    /// Scores of tokens whose text has not been sent yet, with the number of bytes before it.
    waiting: Vec<(usize, TokenScore)>,
    /// Bytes of text that came out of the tokens.
    written: usize,
    /// Bytes of text that were sent.
    sent: usize,
    tokens: usize,
    pub reused: usize,
    loading: Duration,
    start: Instant,
    first_token: Option<Instant>,
}

impl<'t> Outgoing<'t> {
    /// Nothing has been written yet. `loading` is how long the model was loaded.
    pub fn new(
        pieces: mpsc::UnboundedSender<Piece>,
        stream: TextStream<'t>,
        stop: Vec<String>,
        loading: Duration,
    ) -> Self {
        let (start, stop) = (Instant::now(), StopTexts::new(stop));
        let (waiting, first_token) = (Vec::new(), None);
        Self { pieces, stream, stop, waiting, written: 0, sent: 0, tokens: 0, reused: 0, loading, start, first_token }
    }

    /// Whether the client is gone.
    pub fn is_unwanted(&self) -> bool {
        self.pieces.is_closed()
    }

    /// Takes the next token, and sends the text that is complete with it. Whether a stop text has ended the answer.
    ///
    /// # Errors
    /// If the id is not in the vocabulary.
    pub fn push(&mut self, id: u32, score: Option<TokenScore>) -> Result<bool, String> {
        self.first_token.get_or_insert_with(Instant::now);
        self.tokens += 1;
        self.waiting.extend(score.map(|score| (self.written, score)));
        let text = self.stream.push(id)?;
        self.written += text.len();
        let (text, has_ended) = self.stop.push(&text);
        self.sent += text.len();
        let complete = self.waiting.partition_point(|(before, _)| *before < self.sent);
        self.send(text, complete);
        Ok(has_ended)
    }

    /// Sends a text and the first waiting scores.
    fn send(&mut self, text: String, scores: usize) {
        let scores: Vec<_> = self.waiting.drain(..scores).map(|(_, score)| score).collect();
        if !text.is_empty() || !scores.is_empty() {
            // This fails when the client is gone, which `is_unwanted` notices.
            let _ = self.pieces.send(Piece::Text(TextPiece { text, scores }));
        }
    }

    /// Sends what is left, and how the answer came about.
    pub fn end(mut self, end: End) {
        if end != End::StopText {
            let rest = self.stop.take_rest();
            self.send(rest, self.waiting.len());
        }
        let now = Instant::now();
        let first_token = self.first_token.unwrap_or(now);
        let (reading, writing) = (first_token - self.start, now - first_token);
        let Self { tokens, reused, loading, .. } = self;
        let _ = self.pieces.send(Piece::Done(Summary { tokens, end, reused, loading, reading, writing }));
    }

    /// Says why there is no answer.
    pub fn fail(self, reason: String) {
        let _ = self.pieces.send(Piece::Failed(reason));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::tests::tokenizer;
    use crate::text::{ChatForm, Text};

    /// The texts of the pieces with the ids of their scores, when the tokens of `text` are written until a stop text.
    fn pieces(text: &str, stop: &[&str]) -> Vec<(String, Vec<u32>)> {
        let (sender, mut pieces) = mpsc::unbounded_channel();
        let writer = Text::published(tokenizer(), ChatForm::None, vec![]);
        let stop = stop.iter().map(|text| text.to_string()).collect();
        let mut outgoing = Outgoing::new(sender, writer.stream(), stop, Duration::ZERO);
        let score = |id| TokenScore { id, log_probability: -1.0, top: Vec::new() };
        let has_ended = tokenizer().encode(text).into_iter().any(|id| outgoing.push(id, Some(score(id))).unwrap());
        outgoing.end(if has_ended { End::StopText } else { End::Length });
        let piece = |piece| match piece {
            Piece::Text(TextPiece { text, scores }) => Some((text, scores.iter().map(|score| score.id).collect())),
            Piece::Done(_) => None,
            Piece::Failed(reason) => panic!("{reason}"),
        };
        std::iter::from_fn(|| pieces.try_recv().ok()).map_while(piece).collect()
    }

    #[test]
    fn scores_come_with_the_text_of_their_tokens() {
        let ids = |text: &str| tokenizer().encode(text);
        let [a, b, c] = ["a", "b", "c"].map(|letter| ids(letter)[0]);
        let piece = |text: &str, ids: &[u32]| (text.to_string(), ids.to_vec());
        assert_eq!(ids("abc").len(), 3, "a token a letter");
        assert_eq!(pieces("abc", &[]), [piece("a", &[a]), piece("b", &[b]), piece("c", &[c])]);
        // What may be a stop text waits, and comes with its scores if it is none.
        assert_eq!(pieces("abc", &["bd"]), [piece("a", &[a]), piece("bc", &[b, c])]);
        assert_eq!(pieces("ab", &["bc"]), [piece("a", &[a]), piece("b", &[b])]);
        // A stop text and its tokens are not shown.
        assert_eq!(pieces("abc", &["bc"]), [piece("a", &[a])]);
        // A character of several tokens.
        let character = ids("é");
        assert!(character.len() > 1);
        assert_eq!(pieces("é", &[]), [piece("é", &character)]);
    }
}
