//! Requests: their fields, and their check against the models and the server's limits.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use axum::body::Bytes;
use axum::http::StatusCode;
use fast::LlamaOptions;
use fast::conversation::Window;
use serde_json::{Map, Value};

use crate::card::ModelCard;
use crate::fields::Fields;
use crate::jobs::Continuation;
use crate::keep_alive::KeepAlive;
use crate::messages::{ChatMessage, Talk};
use crate::options::SamplingOptions;
use crate::prompt::{Prompt, RequestError};
use crate::text::Text;
use crate::worker::{FAILED, ModelWorker};

/// New tokens of an answer whose request does not give a number, of a model without a chat template: it seldom ends a text
/// itself.
const DEFAULT_NEW_TOKENS: usize = 128;
/// Maximum number of messages in a conversation, more than the models here can see.
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
    Text(Box<TextRequest>),
    /// Nothing but that a model is loaded, or unloaded.
    Load {
        model: usize,
        keep_alive: KeepAlive,
    },
}

/// A text to generate.
pub struct TextRequest {
    pub model: usize,
    pub continuation: Continuation,
    /// Earlier turns of the conversation that did not fit.
    pub forgotten_turns: usize,
    /// Tokens of the prompt that did not fit into the context.
    pub forgotten_tokens: usize,
    pub stop: Vec<String>,
    pub stream: bool,
    pub keep_alive: KeepAlive,
    pub received: Instant,
}

/// The fields that `/api/generate` and `/api/chat` share.
struct Common {
    model: Option<String>,
    stream: bool,
    keep_alive: KeepAlive,
    /// Not read yet: what is not given depends on the model.
    options: Map<String, Value>,
    /// A prompt that is longer than the context loses its beginning; otherwise it is refused.
    truncate: bool,
    /// The context slides when it is full; otherwise the answer ends. `None` is what the model can do.
    shift: Option<bool>,
    received: Instant,
}

impl Common {
    fn take(fields: &mut Fields) -> Result<Self, Refusal> {
        let keep_alive = fields.take::<Value>("keep_alive")?.map(|value| KeepAlive::read(&value));
        Ok(Self {
            model: fields.take("model")?,
            stream: fields.take("stream")?.unwrap_or(true),
            keep_alive: keep_alive.transpose().map_err(bad_request)?.unwrap_or(KeepAlive::Forever),
            options: fields.take("options")?.unwrap_or_default(),
            truncate: fields.take("truncate")?.unwrap_or(true),
            shift: fields.take("shift")?,
            received: Instant::now(),
        })
    }
}

/// Prepares a request on a thread of its own, where it blocks no other: tokenizing a long text takes a while.
pub async fn prepare<T: Send + 'static>(
    service: &Arc<Service>,
    body: Bytes,
    job: fn(&Service, Fields) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
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
        let (model, writer) = self.choose_model(common.model.as_deref(), "write text", ModelCard::text)?;
        if raw && !system.is_empty() {
            return Err(bad_request("system is not used when raw is true; write it into the prompt"));
        }
        if prompt.is_empty() {
            return self.load_request(model, &common);
        }
        self.text_request(model, common, |window| match system.as_str() {
            system if writer.answers() && !raw => writer.answered(Talk::of(system, &prompt), window),
            "" => Ok(writer.continued(&prompt, window)),
            system => Ok(writer.continued(&format!("{system}\n\n{prompt}"), window)),
        })
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
        // Without a name, a model that was trained to answer, if there is one.
        let any = common.model.is_some() || !self.models.iter().any(|card| card.answering_text().is_some());
        let can = if any { ModelCard::text } else { ModelCard::answering_text };
        let (model, writer) = self.choose_model(common.model.as_deref(), "write text", can)?;
        if messages.is_empty() {
            return self.load_request(model, &common);
        }
        self.text_request(model, common, |window| writer.answered(Talk::new(&messages)?, window))
    }

    /// A request without a text. Its options are checked all the same.
    fn load_request(&self, model: usize, common: &Common) -> Result<Request, Refusal> {
        self.sampling(model, &common.options)?;
        Ok(Request::Load { model, keep_alive: common.keep_alive })
    }

    /// What a request says about how its answer is generated, and what the model's makers suggest otherwise.
    fn sampling(&self, model: usize, options: &Map<String, Value>) -> Result<SamplingOptions, Refusal> {
        SamplingOptions::of(&self.models[model].suggested).read(options).map_err(bad_request)
    }

    /// A text that continues the prompt of `write_prompt`.
    fn text_request(
        &self,
        model: usize,
        common: Common,
        write_prompt: impl FnOnce(Window) -> Result<Prompt, RequestError>,
    ) -> Result<Request, Refusal> {
        let card = &self.models[model];
        let sampling = self.sampling(model, &common.options)?;
        let context_length = card.sizes.context_length();
        let context_size = sampling.num_ctx.map_or(context_length, |tokens| tokens.min(context_length));
        let mut options = self.llama_options(card, &sampling);
        let window = Window { context_size, answer: options.max_new_tokens };
        let everything = Window { context_size: usize::MAX, answer: 0 };
        let prompt = write_prompt(if common.truncate { window } else { everything }).map_err(bad_request)?;
        let tokens = prompt.check(card, context_size).map_err(bad_request)?;
        let ends_when_full = common.shift == Some(false) || sampling.num_predict == Some(-2);
        let slides = card.sizes.context_slides() && !ends_when_full;
        let too_many = tokens + options.max_new_tokens > context_size;
        if common.shift == Some(true) && !ends_when_full && !slides && too_many {
            return Err(bad_request(format!(
                "shift is true, but the context of this model does not slide: prompt and answer must fit into \
                 {context_size} tokens; give a smaller num_predict, or leave shift out, and the answer ends there"
            )));
        }
        if !slides {
            options.max_new_tokens = options.max_new_tokens.min((context_size - tokens).max(1));
        }
        let loses_its_beginning = prompt.forgotten_tokens > 0 || tokens + options.max_new_tokens > context_size;
        if sampling.num_keep != 0 && loses_its_beginning {
            let num_keep = sampling.num_keep;
            return Err(bad_request(format!(
                "num_keep is {num_keep}, but the beginning of a prompt cannot be kept: prompt and answer must fit into \
                 {context_size} tokens then; give a smaller num_predict, or leave num_keep out"
            )));
        }
        let seed = sampling.seed.unwrap_or_else(seed_from_clock);
        let Prompt { ids, forgotten_turns, forgotten_tokens } = prompt;
        Ok(Request::Text(Box::new(TextRequest {
            model,
            continuation: Continuation { prompt: ids, options, context_size, seed },
            forgotten_turns,
            forgotten_tokens,
            stop: sampling.stop,
            stream: common.stream,
            keep_alive: common.keep_alive,
            received: common.received,
        })))
    }

    /// The model of that name, or the first that can do the job: its index, and what `can` finds in it.
    pub fn choose_model<'s, T>(
        &'s self,
        name: Option<&str>,
        job: &str,
        can: impl Fn(&'s ModelCard) -> Option<T>,
    ) -> Result<(usize, T), Refusal> {
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            let found = self.models.iter().enumerate().find_map(|(index, card)| Some((index, can(card)?)));
            return found.ok_or_else(|| bad_request(format!("no model of this server can {job}")));
        };
        // Ollama's clients add a version to the name.
        let plain = name.strip_suffix(":latest").unwrap_or(name);
        let found = self.models.iter().position(|card| card.name == plain).ok_or_else(|| {
            let names: Vec<&str> = self.models.iter().map(|card| card.name.as_str()).collect();
            (StatusCode::NOT_FOUND, format!("there is no model '{name}' here; this server has {}", names.join(", ")))
        })?;
        let able = can(&self.models[found]).ok_or_else(|| bad_request(format!("the model '{name}' cannot {job}")))?;
        Ok((found, able))
    }

    /// The options of a request within the limits of the model and the server.
    fn llama_options(&self, card: &ModelCard, sampling: &SamplingOptions) -> LlamaOptions {
        let limit = self.max_tokens;
        let max_new_tokens = match sampling.num_predict {
            None => self.default_new_tokens(card),
            // Below 0 it is as many as possible.
            Some(number) => usize::try_from(number).map_or(limit, |number| number.min(limit)),
        };
        LlamaOptions {
            max_new_tokens,
            temperature: sampling.temperature,
            top_k: sampling.top_k.map(|top_k| top_k.min(card.sizes.vocab_size())),
            filter: sampling.filter.clone(),
            stop_ids: card.text().map(Text::stop_ids).unwrap_or_default(),
        }
    }

    /// Maximum number of new tokens in an answer whose request does not give one.
    pub fn default_new_tokens(&self, card: &ModelCard) -> usize {
        let ends_itself = card.text().is_some_and(|text| text.template().is_some());
        if ends_itself { self.max_tokens } else { self.max_tokens.min(DEFAULT_NEW_TOKENS) }
    }
}

/// Without a seed, every answer is different.
fn seed_from_clock() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.subsec_nanos().into())
}
