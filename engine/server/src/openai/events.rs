//! The events of a stream.

use serde_json::{Value, json};

use crate::jobs::{Piece, TextPiece};
use crate::openai::choices::{Form, Kind, Usage, finish};
use crate::refusal::server_error;

/// The events of a stream, in which the pieces of several texts come one after the other.
pub struct Events {
    form: Form,
    begun: Vec<String>,
    /// Characters of each text so far.
    offsets: Vec<usize>,
    /// Texts that are not at their end.
    open: usize,
    usage: Usage,
    include_usage: bool,
}

impl Events {
    pub fn new(form: Form, begun: Vec<String>, include_usage: bool) -> Self {
        let (offsets, open) = (vec![0; begun.len()], begun.len());
        Self { form, begun, offsets, open, usage: Usage::default(), include_usage }
    }

    /// What comes before all pieces: who speaks, and what a text begins with.
    pub fn first(&mut self) -> String {
        let mut events = String::new();
        for (index, begun) in std::mem::take(&mut self.begun).into_iter().enumerate() {
            let mut choice = json!({ "index": index, "logprobs": null, "finish_reason": null });
            match self.form.kind {
                Kind::Chat => choice["delta"] = json!({ "role": "assistant", "content": begun }),
                Kind::Text if begun.is_empty() => continue,
                Kind::Text => choice["text"] = begun.into(),
            }
            events += &self.event(vec![choice]);
        }
        events
    }

    /// What a piece of a text adds. The end of the last text ends the stream.
    pub fn of(&mut self, index: usize, piece: Piece) -> String {
        match piece {
            Piece::Text(piece) => self.piece(index, &piece),
            Piece::Failed(reason) => data(&server_error(reason).openais()),
            Piece::Done(summary) => {
                self.usage.add(&summary);
                self.open -= 1;
                let mut choice = json!({ "index": index, "logprobs": null, "finish_reason": finish(&summary) });
                match self.form.kind {
                    Kind::Chat => choice["delta"] = json!({}),
                    Kind::Text => choice["text"] = "".into(),
                }
                let last = self.event(vec![choice]);
                if self.open == 0 { last + &self.end() } else { last }
            }
        }
    }

    fn piece(&mut self, index: usize, piece: &TextPiece) -> String {
        let scores = self.form.scores(piece, self.offsets[index]);
        self.offsets[index] += piece.text.chars().count();
        let mut choice = json!({ "index": index, "logprobs": scores, "finish_reason": null });
        match self.form.kind {
            Kind::Chat => choice["delta"] = json!({ "content": piece.text }),
            Kind::Text => choice["text"] = piece.text.clone().into(),
        }
        self.event(vec![choice])
    }

    fn end(&self) -> String {
        let mut events = String::new();
        if self.include_usage {
            let mut object = self.form.object(true, Vec::new());
            object["usage"] = self.form.usage(&self.usage);
            events += &data(&object);
        }
        events + "data: [DONE]\n\n"
    }

    fn event(&self, choices: Vec<Value>) -> String {
        let mut object = self.form.object(true, choices);
        if self.include_usage {
            object["usage"] = Value::Null;
        }
        data(&object)
    }
}

fn data(value: &Value) -> String {
    format!("data: {value}\n\n")
}
