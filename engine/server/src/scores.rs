//! Log probabilities of tokens, as both interfaces write them.

use serde_json::{Value, json};

use crate::jobs::TokenScore;
use crate::text::Text;

/// What OpenAI writes for a token that is next to impossible; JSON has no infinity.
const LEAST: f32 = -9999.0;

/// Every token with its log probability, its bytes (a token can be a part of a character), and the most likely ones.
pub fn entries(text: &Text, scores: &[TokenScore]) -> Vec<Value> {
    let entry = |score: &TokenScore| {
        let top = score.top.iter().map(|&(id, log_probability)| token(text, id, log_probability));
        let mut entry = token(text, score.id, score.log_probability);
        entry["top_logprobs"] = top.collect::<Vec<_>>().into();
        entry
    };
    scores.iter().map(entry).collect()
}

fn token(text: &Text, id: u32, log_probability: f32) -> Value {
    let bytes = text.token_bytes(id);
    json!({ "token": String::from_utf8_lossy(&bytes), "logprob": shown(log_probability), "bytes": bytes })
}

/// A log probability that JSON can hold.
pub fn shown(log_probability: f32) -> f32 {
    log_probability.max(LEAST)
}
