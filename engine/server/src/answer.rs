//! A text that is being generated for a request.

use std::time::Instant;

use axum::http::StatusCode;
use tokio::sync::mpsc;

use crate::jobs::{Generation, Job, Piece, Summary, Task, TextPiece};
use crate::refusal::{Refusal, server_error};
use crate::requests::TextRequest;
use crate::service::Service;

/// A text that is being generated.
pub struct Answer {
    pub about: About,
    /// They come one by one; the last says how the text ended, unless the server is ending. Whoever drops them ends it.
    pub pieces: mpsc::UnboundedReceiver<Piece>,
}

/// What is known of an answer from the start.
#[derive(Clone, Copy)]
pub struct About {
    /// Index of the model.
    pub model: usize,
    pub prompt_tokens: usize,
    pub forgotten_turns: usize,
    pub forgotten_tokens: usize,
    pub received: Instant,
}

impl Service {
    /// Begins to generate a text.
    pub fn begin(&self, request: TextRequest) -> Result<Answer, Refusal> {
        let TextRequest { model, continuation, forgotten_turns, forgotten_tokens, stop, scores, keep_alive, received } =
            request;
        let (sender, pieces) = mpsc::unbounded_channel();
        let prompt_tokens = continuation.prompt.len();
        let task = Task::Generate(Generation { continuation, stop, scores, pieces: sender });
        self.submit(Job { model, task, keep_alive })?;
        Ok(Answer { about: About { model, prompt_tokens, forgotten_turns, forgotten_tokens, received }, pieces })
    }
}

impl Answer {
    /// The whole text, when it has come to its end, and how it came about.
    pub async fn whole(mut self) -> Result<(TextPiece, Summary), Refusal> {
        let mut whole = TextPiece::default();
        while let Some(piece) = self.pieces.recv().await {
            match piece {
                Piece::Text(piece) => {
                    whole.text += &piece.text;
                    whole.scores.extend(piece.scores);
                }
                Piece::Failed(reason) => return Err(server_error(reason)),
                Piece::Done(summary) => return Ok((whole, summary)),
            }
        }
        Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "the server is ending"))
    }
}
