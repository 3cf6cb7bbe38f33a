//! Requests: their fields, and their check against the models and the server's limits.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use axum::body::Bytes;
use axum::http::StatusCode;
use ch05_pretrain::GenerateOptions;
use fast::TokenFilter;
use fast::conversation::Window;
use serde_json::{Map, Value};

use crate::fields::Fields;
use crate::keep_alive::KeepAlive;
use crate::messages::ChatMessage;
use crate::models::ModelCard;
use crate::options::SamplingOptions;
use crate::prompt::Prompt;
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
    /// Maximum number of tokens in an answer.
    pub max_tokens: usize,
}

/// The status and the reason of a request that is refused.
pub type Refusal = (StatusCode, String);

pub fn bad_request(reason: impl ToString) -> Refusal {
    (StatusCode::BAD_REQUEST, reason.to_string())
}

pub fn failed() -> Refusal {
    (StatusCode::INTERNAL_SERVER_ERROR, FAILED.to_string())
}

/// What a request of `/api/generate` or `/api/chat` asks for.
pub enum Request {
    Text(TextRequest),
    /// Nothing but that a model is loaded, or unloaded.
    Load {
        model: usize,
        keep_alive: KeepAlive,
    },
}

/// A text to generate.
pub struct TextRequest {
    pub model: usize,
    pub prompt: Prompt,
    pub options: GenerateOptions,
    pub filter: TokenFilter,
    pub stop: Vec<String>,
    pub seed: u64,
    pub stream: bool,
    pub keep_alive: KeepAlive,
    pub received: Instant,
}

/// The fields that `/api/generate` and `/api/chat` share.
struct Common {
    model: Option<String>,
    stream: bool,
    keep_alive: KeepAlive,
    options: SamplingOptions,
    /// A prompt that is longer than the context loses its beginning; otherwise it is refused.
    truncate: bool,
    /// The context slides when it is full; otherwise the answer ends.
    shift: bool,
    received: Instant,
}

impl Common {
    fn take(fields: &mut Fields) -> Result<Self, Refusal> {
        let options: Map<String, Value> = fields.take("options")?.unwrap_or_default();
        let keep_alive = fields.take::<Value>("keep_alive")?.map(|value| KeepAlive::read(&value));
        Ok(Self {
            model: fields.take("model")?,
            stream: fields.take("stream")?.unwrap_or(true),
            keep_alive: keep_alive.transpose().map_err(bad_request)?.unwrap_or(KeepAlive::Forever),
            options: SamplingOptions::read(&options).map_err(bad_request)?,
            truncate: fields.take("truncate")?.unwrap_or(true),
            shift: fields.take("shift")?.unwrap_or(true),
            received: Instant::now(),
        })
    }
}

/// Prepares a request on a thread of its own, where it blocks no other: tokenizing a long text takes a while.
pub async fn prepare(
    service: &Arc<Service>,
    body: Bytes,
    job: fn(&Service, Fields) -> Result<Request, Refusal>,
) -> Result<Request, Refusal> {
    let service = Arc::clone(service);
    let job = move || job(&service, Fields::parse(&body)?);
    tokio::task::spawn_blocking(job).await.unwrap_or_else(|_| Err(failed()))
}

impl Service {
    /// A request of `/api/generate`.
    pub fn completion(&self, mut fields: Fields) -> Result<Request, Refusal> {
        let common = Common::take(&mut fields)?;
        let prompt: String = fields.take("prompt")?.unwrap_or_default();
        let system = fields.take::<String>("system")?.unwrap_or_default();
        let raw = fields.take("raw")?.unwrap_or(false);
        fields.finish()?;
        let model = self.choose_model(common.model.as_deref(), "write text", ModelCard::generates_text)?;
        if raw && !system.is_empty() {
            return Err(bad_request("system is not used when raw is true; write it into the prompt"));
        }
        if prompt.is_empty() {
            return Ok(Request::Load { model, keep_alive: common.keep_alive });
        }
        self.text_request(model, common, |card, window| Ok(card.completion(&prompt, &system, raw, window)))
    }

    /// A request of `/api/chat`.
    pub fn conversation(&self, mut fields: Fields) -> Result<Request, Refusal> {
        let common = Common::take(&mut fields)?;
        let messages: Vec<ChatMessage> = fields.take("messages")?.unwrap_or_default();
        fields.finish()?;
        if messages.len() > MAX_MESSAGES {
            let count = messages.len();
            return Err(bad_request(format!(
                "there are {count} messages; give at most {MAX_MESSAGES}, without the oldest"
            )));
        }
        // Without a name, a model that follows instructions, if there is one.
        let any = common.model.is_some() || !self.models.iter().any(ModelCard::follows_instructions);
        let can = if any { ModelCard::generates_text } else { ModelCard::follows_instructions };
        let model = self.choose_model(common.model.as_deref(), "write text", can)?;
        if messages.is_empty() {
            return Ok(Request::Load { model, keep_alive: common.keep_alive });
        }
        self.text_request(model, common, |card, window| card.conversation(&messages, window).map_err(bad_request))
    }

    /// A text that continues the prompt of `write_prompt`.
    fn text_request(
        &self,
        model: usize,
        common: Common,
        write_prompt: impl FnOnce(&ModelCard, Window) -> Result<Prompt, Refusal>,
    ) -> Result<Request, Refusal> {
        let card = &self.models[model];
        let Common { stream, keep_alive, options: sampling, truncate, shift, received, .. } = common;
        let mut options = self.generate_options(card, &sampling);
        let context_size = options.context_size;
        let window = Window { context_size, answer: options.max_new_tokens };
        let everything = Window { context_size: usize::MAX, answer: 0 };
        let prompt = write_prompt(card, if truncate { window } else { everything })?;
        let tokens = prompt.check(card, context_size).map_err(bad_request)?;
        if sampling.num_predict == Some(-2) || !shift {
            options.max_new_tokens = options.max_new_tokens.min((context_size - tokens).max(1));
        }
        let slides = prompt.forgotten_tokens > 0 || tokens + options.max_new_tokens > context_size;
        if sampling.num_keep != 0 && slides {
            let num_keep = sampling.num_keep;
            return Err(bad_request(format!(
                "num_keep is {num_keep}, but the beginning of a prompt cannot be kept: prompt and answer must fit into \
                 {context_size} tokens then; give a smaller num_predict, or leave num_keep out"
            )));
        }
        let SamplingOptions { filter, stop, seed, .. } = sampling;
        let seed = seed.unwrap_or_else(seed_from_clock);
        Ok(Request::Text(TextRequest { model, prompt, options, filter, stop, seed, stream, keep_alive, received }))
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

    /// The options of a request within the limits of the model and the server.
    fn generate_options(&self, card: &ModelCard, sampling: &SamplingOptions) -> GenerateOptions {
        let (limit, context_length) = (self.max_tokens, card.config.context_length);
        let max_new_tokens = match sampling.num_predict {
            None => limit.min(DEFAULT_NEW_TOKENS),
            // Below 0 it is as many as possible.
            Some(number) => usize::try_from(number).map_or(limit, |number| number.min(limit)),
        };
        GenerateOptions {
            max_new_tokens,
            context_size: sampling.num_ctx.map_or(context_length, |tokens| tokens.min(context_length)),
            temperature: sampling.temperature,
            top_k: sampling.top_k.map(|top_k| top_k.min(card.config.vocab_size)),
            eos_id: Some(card.tokenizer.end_of_text_id()),
        }
    }
}

/// Without a seed, every answer is different.
fn seed_from_clock() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.subsec_nanos().into())
}
