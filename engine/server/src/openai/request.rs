//! The fields that `/v1/chat/completions` and `/v1/completions` share.

use std::time::Instant;

use serde_json::{Map, Value};

use crate::fields::{Fields, NotHere};
use crate::keep_alive::KeepAlive;
use crate::options::Given;
use crate::refusal::{Refusal, bad_request};
use crate::requests::Manner;

/// Maximum number of texts for one request.
pub const MAX_CHOICES: usize = 64;

/// Options and Ollama's names for them. Of two names for one option the later one wins. The last six are not OpenAI's, but
/// what other servers with this interface take.
const OPTIONS: [(&str, &str); 14] = [
    ("temperature", "temperature"),
    ("top_p", "top_p"),
    ("max_tokens", "num_predict"),
    ("max_completion_tokens", "num_predict"),
    ("stop", "stop"),
    ("seed", "seed"),
    ("presence_penalty", "presence_penalty"),
    ("frequency_penalty", "frequency_penalty"),
    ("top_k", "top_k"),
    ("min_p", "min_p"),
    ("typical_p", "typical_p"),
    ("repetition_penalty", "repeat_penalty"),
    ("repeat_penalty", "repeat_penalty"),
    ("repeat_last_n", "repeat_last_n"),
];
/// Fields that label a request or say how it is to be carried out, and do not change the answer.
const LABELS: [&str; 10] = [
    "user",
    "metadata",
    "store",
    "service_tier",
    "safety_identifier",
    "prediction",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "parallel_tool_calls",
];
const NO_TOOLS: &str = "the models here cannot call tools; leave it out, or describe them in a message";
/// OpenAI's fields that cannot be honoured here.
const NOT_HERE: [NotHere; 15] = [
    NotHere {
        name: "response_format",
        harmless: &[r#"{"type":"text"}"#],
        reason: "answers cannot be held to a format; ask for it in a message, and check what comes",
    },
    NotHere { name: "tools", harmless: &[], reason: NO_TOOLS },
    NotHere { name: "tool_choice", harmless: &[r#""none""#, r#""auto""#], reason: NO_TOOLS },
    NotHere { name: "functions", harmless: &[], reason: NO_TOOLS },
    NotHere { name: "function_call", harmless: &[r#""none""#, r#""auto""#], reason: NO_TOOLS },
    NotHere {
        name: "logit_bias",
        harmless: &["{}"],
        reason: "single tokens cannot be made more or less likely; leave it out",
    },
    NotHere { name: "modalities", harmless: &[r#"["text"]"#], reason: "the models here write text only; leave it out" },
    NotHere { name: "audio", harmless: &[], reason: "the models here write text only; leave it out" },
    NotHere {
        name: "reasoning_effort",
        harmless: &[r#""none""#],
        reason: "the models here answer without thinking first; leave it out, or set it to \"none\"",
    },
    NotHere {
        name: "chat_template_kwargs",
        harmless: &["{}", r#"{"enable_thinking":false}"#],
        reason: "a chat template gets the messages only; leave it out",
    },
    NotHere { name: "verbosity", harmless: &[r#""medium""#], reason: "ask for a short or a long answer in a message" },
    NotHere { name: "web_search_options", harmless: &[], reason: "the models here search nothing; leave it out" },
    NotHere { name: "moderation", harmless: &[], reason: "answers are not checked here; leave it out" },
    NotHere { name: "suffix", harmless: &[], reason: "no model here fills a gap in a text; leave it out" },
    NotHere { name: "context_management", harmless: &[], reason: "there is none here; leave it out" },
];

/// The fields that both share.
pub struct Common {
    pub model: Option<String>,
    pub stream: bool,
    /// Whether a stream ends with the number of tokens.
    pub include_usage: bool,
    /// Number of texts for each prompt.
    pub n: usize,
    pub options: Vec<Given>,
    received: Instant,
}

impl Common {
    pub fn take(fields: &mut Fields) -> Result<Self, Refusal> {
        let received = Instant::now();
        let mut options = Vec::new();
        for (shown, name) in OPTIONS {
            let option = |value| Given { shown: shown.to_string(), name: name.to_string(), value };
            options.extend(fields.take::<Value>(shown)?.map(option));
        }
        let n = fields.take_count("n")?.unwrap_or(1);
        if !(1..=MAX_CHOICES).contains(&n) {
            return Err(bad_request(format!("n is {n}, but must be from 1 to {MAX_CHOICES}")).about("n"));
        }
        let stream_options: Map<String, Value> = fields.take("stream_options")?.unwrap_or_default();
        let include_usage = stream_options.get("include_usage") == Some(&Value::Bool(true));
        let (model, stream) = (fields.take("model")?, fields.take("stream")?.unwrap_or(false));
        fields.drop_labels(&LABELS);
        Ok(Self { model, stream, include_usage, n, options, received })
    }

    /// How the answer is to be generated. A prompt that is too long is refused, as by OpenAI: its answers have no place to say
    /// that something was left out.
    pub fn manner(self, scores: Option<usize>) -> Manner {
        let Self { options, received, .. } = self;
        Manner { options, keep_alive: KeepAlive::Forever, truncate: false, shift: None, scores, received }
    }
}

/// Refuses the fields that have not been used.
pub fn finish(fields: Fields) -> Result<(), Refusal> {
    fields.finish(&NOT_HERE)
}
