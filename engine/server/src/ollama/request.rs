//! The fields of `/api/generate` and `/api/chat`.

use std::time::Instant;

use serde_json::{Map, Value};

use crate::card::ModelCard;
use crate::fields::{Fields, NotHere};
use crate::keep_alive::KeepAlive;
use crate::messages::{ChatMessage, Talk};
use crate::options::Given;
use crate::prompt::TOO_LONG;
use crate::refusal::{Refusal, bad_request};
use crate::requests::{Manner, TextRequest, take_scores};
use crate::service::Service;

/// Ollama's fields that cannot be honoured here.
pub const NOT_HERE: [NotHere; 12] = [
    not_here("format", "answers cannot be held to a format; ask for it in the prompt, and check what comes"),
    not_here(
        "template",
        "the prompt format is that of the model's training; for another, write the whole prompt and set raw to true",
    ),
    not_here("suffix", "no model here fills a gap in a text"),
    not_here("context", "to continue a conversation, send its messages to /api/chat"),
    not_here("images", "the models here read text only"),
    not_here("tools", "the models here cannot call tools; leave it out, or describe them in a message"),
    not_here("think", "the models here answer without thinking first; leave it out, or set it to false"),
    not_here("dimensions", "the vectors are as long as the model's hidden states; leave it out"),
    not_here("width", "the models here write text only"),
    not_here("height", "the models here write text only"),
    not_here("steps", "the models here write text only"),
    not_here("_debug_render_only", "this server does not return prompts"),
];

const fn not_here(name: &'static str, reason: &'static str) -> NotHere {
    NotHere { name, harmless: &[], reason }
}

/// What a request of `/api/generate` or `/api/chat` asks for.
pub enum Request {
    Text {
        request: Box<TextRequest>,
        stream: bool,
    },
    /// Nothing but that a model is loaded, or unloaded.
    Load {
        model: usize,
        keep_alive: KeepAlive,
    },
}

/// The fields that `/api/generate` and `/api/chat` share.
struct Common {
    model: Option<String>,
    stream: bool,
    manner: Manner,
}

impl Common {
    fn take(fields: &mut Fields) -> Result<Self, Refusal> {
        let scores = take_scores(fields)?;
        Ok(Self {
            model: fields.take("model")?,
            stream: fields.take("stream")?.unwrap_or(true),
            manner: Manner {
                options: take_options(fields)?,
                keep_alive: take_keep_alive(fields)?,
                truncate: fields.take("truncate")?.unwrap_or(true),
                shift: fields.take("shift")?,
                scores,
                received: Instant::now(),
            },
        })
    }
}

pub fn take_options(fields: &mut Fields) -> Result<Vec<Given>, Refusal> {
    Ok(Given::all(fields.take::<Map<String, Value>>("options")?.unwrap_or_default()))
}

pub fn take_keep_alive(fields: &mut Fields) -> Result<KeepAlive, Refusal> {
    let keep_alive = fields.take::<Value>("keep_alive")?.map(|value| KeepAlive::read(&value));
    let wrong = |reason: String| bad_request(reason).about("keep_alive");
    Ok(keep_alive.transpose().map_err(wrong)?.unwrap_or(KeepAlive::Forever))
}

/// A request of `/api/generate`.
pub fn completion(service: &Service, mut fields: Fields) -> Result<Request, Refusal> {
    let common = Common::take(&mut fields)?;
    let prompt: String = fields.take("prompt")?.unwrap_or_default();
    let system = fields.take::<String>("system")?.unwrap_or_default();
    let raw = fields.take("raw")?.unwrap_or(false);
    fields.finish(&NOT_HERE)?;
    let (model, writer) = service.choose_model(common.model.as_deref(), "write text", ModelCard::text)?;
    if raw && !system.is_empty() {
        return Err(bad_request("system is not used when raw is true; write it into the prompt").about("system"));
    }
    if prompt.is_empty() {
        return load(service, model, common);
    }
    let manner = &common.manner;
    let request = service.text_request(model, manner, |window| match system.as_str() {
        system if writer.answers() && !raw => writer.answered(Talk::of(system, &prompt), window),
        "" => Ok(writer.continued(&prompt, window)),
        system => Ok(writer.continued(&format!("{system}\n\n{prompt}"), window)),
    });
    Ok(Request::Text { request: Box::new(request.map_err(with_remedy)?), stream: common.stream })
}

/// A request of `/api/chat`.
pub fn conversation(service: &Service, mut fields: Fields) -> Result<Request, Refusal> {
    let common = Common::take(&mut fields)?;
    let messages: Vec<ChatMessage> = fields.take("messages")?.unwrap_or_default();
    fields.finish(&NOT_HERE)?;
    let (model, writer) = service.choose_answering_model(common.model.as_deref())?;
    if messages.is_empty() {
        return load(service, model, common);
    }
    let talk = Talk::new(&messages).map_err(bad_request)?;
    let request = service.text_request(model, &common.manner, |window| writer.answered(talk, window));
    Ok(Request::Text { request: Box::new(request.map_err(with_remedy)?), stream: common.stream })
}

/// A request without a text. Its options are checked all the same.
fn load(service: &Service, model: usize, common: Common) -> Result<Request, Refusal> {
    service.sampling(model, &common.manner.options)?;
    Ok(Request::Load { model, keep_alive: common.manner.keep_alive })
}

/// What else helps when a prompt is too long.
fn with_remedy(refusal: Refusal) -> Refusal {
    if refusal.code != Some(TOO_LONG) {
        return refusal;
    }
    Refusal { reason: refusal.reason + ", or leave truncate out, which drops its beginning", ..refusal }
}
