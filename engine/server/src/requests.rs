//! Requests: their JSON, and their check against the models and the server's limits.

use std::sync::Arc;
use std::time::SystemTime;

use axum::body::Bytes;
use axum::http::StatusCode;
use ch02_text::{END_OF_TEXT_ID, Gpt2Tokenizer, VOCAB_SIZE};
use ch05_pretrain::GenerateOptions;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::models::ModelCard;
use crate::prompt::{ChatMessage, Prompt};
use crate::worker::{FAILED, ModelWorker};

/// New tokens of an answer whose request does not give a number.
const DEFAULT_NEW_TOKENS: usize = 128;
/// Maximum number of messages in a conversation, far more than a model with a context of 1024 tokens can see.
const MAX_MESSAGES: usize = 4096;

/// What every handler shares.
pub struct Service {
    /// In the worker's order.
    pub models: Vec<ModelCard>,
    pub worker: ModelWorker,
    pub tokenizer: Gpt2Tokenizer,
    /// Maximum number of tokens in an answer.
    pub max_tokens: usize,
}

/// Ollama's sampling options; unknown ones are ignored, as Ollama does.
#[derive(Debug, Default, Deserialize)]
struct SamplingOptions {
    temperature: Option<f64>,
    /// 0 means all of them.
    top_k: Option<usize>,
    seed: Option<i64>,
    /// Maximum number of new tokens; below 0 as many as this server allows.
    num_predict: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct GenerateRequest {
    model: Option<String>,
    prompt: String,
    system: Option<String>,
    /// The text is continued as it is, even by a model that was fine-tuned on instructions.
    raw: Option<bool>,
    stream: Option<bool>,
    options: Option<SamplingOptions>,
}

#[derive(Debug, Deserialize)]
struct ChatRequest {
    model: Option<String>,
    messages: Vec<ChatMessage>,
    stream: Option<bool>,
    options: Option<SamplingOptions>,
}

#[derive(Debug, Deserialize)]
pub struct ClassifyRequest {
    pub model: Option<String>,
    pub text: String,
}

/// The status and the reason of a request that is refused.
pub type Refusal = (StatusCode, String);

pub fn bad_request(reason: impl ToString) -> Refusal {
    (StatusCode::BAD_REQUEST, reason.to_string())
}

pub fn failed() -> Refusal {
    (StatusCode::INTERNAL_SERVER_ERROR, FAILED.to_string())
}

pub fn parse<T: DeserializeOwned>(body: Bytes) -> Result<T, Refusal> {
    serde_json::from_slice(&body).map_err(|e| bad_request(format!("bad request: {e}")))
}

/// A text to generate.
pub struct TextRequest {
    pub model: usize,
    pub prompt: Prompt,
    pub options: GenerateOptions,
    pub seed: u64,
    pub stream: bool,
}

/// Prepares a request on a thread of its own, where it blocks no other: tokenizing a long text takes a while.
pub async fn prepare(
    service: &Arc<Service>,
    body: Bytes,
    job: fn(&Service, Bytes) -> Result<TextRequest, Refusal>,
) -> Result<TextRequest, Refusal> {
    let service = Arc::clone(service);
    tokio::task::spawn_blocking(move || job(&service, body)).await.unwrap_or_else(|_| Err(failed()))
}

impl Service {
    /// A request of `/api/generate`.
    pub fn completion(&self, body: Bytes) -> Result<TextRequest, Refusal> {
        let GenerateRequest { model, prompt, system, raw, stream, options } = parse(body)?;
        let model = self.choose_model(model.as_deref(), "write text", ModelCard::generates_text)?;
        let card = &self.models[model];
        let (options, seed) = self.generate_options(card, &options.unwrap_or_default())?;
        let room = prompt_room(card, &options);
        let prompt = card
            .completion(&prompt, system.as_deref(), raw.unwrap_or(false), room, &self.tokenizer)
            .map_err(bad_request)?;
        Ok(TextRequest { model, prompt, options, seed, stream: stream.unwrap_or(true) })
    }

    /// A request of `/api/chat`.
    pub fn conversation(&self, body: Bytes) -> Result<TextRequest, Refusal> {
        let ChatRequest { model, messages, stream, options } = parse(body)?;
        if messages.is_empty() {
            return Err(bad_request("messages is empty; give at least one"));
        }
        if messages.len() > MAX_MESSAGES {
            let count = messages.len();
            return Err(bad_request(format!(
                "there are {count} messages; give at most {MAX_MESSAGES}, without the oldest"
            )));
        }
        // Without a name, a model that follows instructions, if there is one.
        let any = model.is_some() || !self.models.iter().any(ModelCard::follows_instructions);
        let can = if any { ModelCard::generates_text } else { ModelCard::follows_instructions };
        let model = self.choose_model(model.as_deref(), "write text", can)?;
        let card = &self.models[model];
        let (options, seed) = self.generate_options(card, &options.unwrap_or_default())?;
        let prompt = card.conversation(&messages, prompt_room(card, &options), &self.tokenizer).map_err(bad_request)?;
        Ok(TextRequest { model, prompt, options, seed, stream: stream.unwrap_or(true) })
    }

    /// The index of the model of that name, or of the first that can do the job.
    pub fn choose_model(&self, name: Option<&str>, job: &str, can: fn(&ModelCard) -> bool) -> Result<usize, Refusal> {
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            let found = self.models.iter().position(can);
            return found.ok_or_else(|| bad_request(format!("no model of this server can {job}")));
        };
        // Ollama's clients add a version to the name.
        let plain = name.strip_suffix(":latest").unwrap_or(name);
        let found = self.models.iter().position(|card| card.name == plain).ok_or_else(|| {
            let names: Vec<&str> = self.models.iter().map(|card| card.name.as_str()).collect();
            (StatusCode::NOT_FOUND, format!("there is no model '{name}' here; this server has {}", names.join(", ")))
        })?;
        if can(&self.models[found]) { Ok(found) } else { Err(bad_request(format!("the model '{name}' cannot {job}"))) }
    }

    /// The options of a request and its seed, checked against the model and the server's limits.
    fn generate_options(&self, card: &ModelCard, options: &SamplingOptions) -> Result<(GenerateOptions, u64), Refusal> {
        let limit = self.max_tokens;
        let max_new_tokens = match options.num_predict {
            None => limit.min(DEFAULT_NEW_TOKENS),
            Some(number) => usize::try_from(number).unwrap_or(limit),
        };
        if max_new_tokens > limit {
            return Err(bad_request(format!(
                "num_predict is {max_new_tokens}, but this server writes at most {limit}"
            )));
        }
        let temperature = options.temperature.unwrap_or(0.8);
        if !(temperature.is_finite() && temperature >= 0.0) {
            return Err(bad_request(format!("temperature is {temperature}, but must be at least 0")));
        }
        let top_k = options.top_k.unwrap_or(40);
        if top_k > VOCAB_SIZE {
            return Err(bad_request(format!("top_k is {top_k}, but must be at most {VOCAB_SIZE}, or 0 for all")));
        }
        let generate_options = GenerateOptions {
            max_new_tokens,
            context_size: card.config.context_length,
            temperature,
            top_k: (top_k > 0).then_some(top_k),
            eos_id: Some(END_OF_TEXT_ID),
        };
        Ok((generate_options, options.seed.map_or_else(seed_from_clock, i64::cast_unsigned)))
    }
}

/// Maximum number of tokens of a prompt that must not slide out of the context while the answer is generated, but at least
/// half of the context.
fn prompt_room(card: &ModelCard, options: &GenerateOptions) -> usize {
    card.config.context_length.saturating_sub(options.max_new_tokens).max(card.config.context_length / 2)
}

/// Without a seed, every answer is different.
fn seed_from_clock() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.subsec_nanos().into())
}
