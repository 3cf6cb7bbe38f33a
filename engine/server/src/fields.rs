//! The fields of a request. Each is used or refused, none is ignored: a field that is ignored changes the answer without a
//! word.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::requests::{Refusal, bad_request};

/// Ollama's fields that cannot be honoured here, and why, or what to do instead.
const REFUSED: [(&str, &str); 11] = [
    ("format", "answers cannot be held to a format"),
    (
        "template",
        "the prompt format is that of the model's training; for another, write the whole prompt and set raw to true",
    ),
    ("suffix", "no model here fills a gap in a text"),
    ("context", "to continue a conversation, send its messages to /api/chat"),
    ("images", "the models here read text only"),
    ("tools", "the models here cannot call tools"),
    ("think", "the models here answer without thinking first"),
    ("logprobs", "this server returns no probabilities"),
    ("top_logprobs", "this server returns no probabilities"),
    ("_debug_render_only", "this server does not return prompts"),
    // Only /api/classify leaves it to this table.
    ("stream", "the answer comes in one piece"),
];

/// The fields that have not been used yet.
#[derive(Debug)]
pub struct Fields {
    fields: Map<String, Value>,
    known: Vec<&'static str>,
}

impl Fields {
    /// Parses the body of a request.
    ///
    /// # Errors
    /// If it is not a JSON object.
    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let fields: Map<_, _> = serde_json::from_slice(body).map_err(|e| bad_request(format!("bad request: {e}")))?;
        Ok(Self::from(fields))
    }

    /// Takes a field out; null is the same as no field.
    ///
    /// # Errors
    /// If its value is of another type.
    pub fn take<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<Option<T>, Refusal> {
        self.known.push(name);
        let value = self.fields.remove(name).unwrap_or_default();
        serde_json::from_value(value).map_err(|e| bad_request(format!("bad request: {name}: {e}")))
    }

    /// Refuses what has not been used, except for values that ask for nothing.
    ///
    /// # Errors
    /// The first such field, with the reason.
    pub fn finish(self) -> Result<(), Refusal> {
        for (name, value) in &self.fields {
            if value.is_null() {
                continue;
            }
            match REFUSED.iter().find(|(refused, _)| refused == name) {
                Some(_) if asks_for_nothing(value) => {}
                Some((_, reason)) => return Err(bad_request(format!("{name} is not supported: {reason}"))),
                None => {
                    let known = self.known.join(", ");
                    return Err(bad_request(format!("unknown field '{name}'; there are {known}")));
                }
            }
        }
        Ok(())
    }
}

impl From<Map<String, Value>> for Fields {
    fn from(fields: Map<String, Value>) -> Self {
        Self { fields, known: Vec::new() }
    }
}

/// Clients that fill in every field send such values.
fn asks_for_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(is_on) => !is_on,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        // An empty schema is a schema.
        Value::Object(_) => false,
    }
}
