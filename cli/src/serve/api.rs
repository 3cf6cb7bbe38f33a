//! The HTTP interface: Ollama's `/api/generate` and `/api/chat`, so that what speaks to these works here too, and
//! `/api/classify`.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use ch02_text::Gpt2Tokenizer;
use ch05_pretrain::GenerateOptions;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::UnboundedReceiverStream;

use super::engine::{Classifying, Engine, FAILED, Job, Piece, Task, Unsubmitted, Writing};
use super::models::{Card, Message, Prompt, Skill};

/// New tokens of an answer whose request does not say how many.
const USUAL_TOKENS: usize = 128;
/// Most messages of a conversation, far more than a model with a context of 1024 tokens can see.
const MOST_MESSAGES: usize = 4096;

/// What every handler sees.
pub struct Served {
    /// The models, in the engine's order.
    pub cards: Vec<Card>,
    pub engine: Engine,
    pub tokenizer: Gpt2Tokenizer,
    /// Most tokens of one answer.
    pub max_tokens: usize,
}

/// Ollama's sampling options; those that this server does not know are left alone, as Ollama does.
#[derive(Debug, Default, Deserialize)]
pub struct Options {
    temperature: Option<f64>,
    /// 0 means all of them.
    top_k: Option<usize>,
    seed: Option<i64>,
    /// Most new tokens; below 0 as many as this server allows.
    num_predict: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub struct GenerateRequest {
    model: Option<String>,
    prompt: String,
    system: Option<String>,
    /// The text is to be continued as it is, whatever the model was fine-tuned for.
    raw: Option<bool>,
    stream: Option<bool>,
    options: Option<Options>,
}

#[derive(Debug, Deserialize)]
pub struct ChatRequest {
    model: Option<String>,
    messages: Vec<Message>,
    stream: Option<bool>,
    options: Option<Options>,
}

#[derive(Debug, Deserialize)]
pub struct ClassifyRequest {
    model: Option<String>,
    text: String,
}

/// An error as JSON: `{"error": "..."}`.
pub fn failure(status: StatusCode, message: impl ToString) -> Response {
    (status, Json(json!({ "error": message.to_string() }))).into_response()
}

/// What is wrong with a request.
type Refusal = (StatusCode, String);

fn bad(reason: impl ToString) -> Refusal {
    (StatusCode::BAD_REQUEST, reason.to_string())
}

fn failed() -> Refusal {
    (StatusCode::INTERNAL_SERVER_ERROR, FAILED.to_string())
}

fn refusal(reason: Unsubmitted) -> Refusal {
    let reason = match reason {
        Unsubmitted::Full => "too many requests are waiting; try again in a moment",
        Unsubmitted::Ended => "the server computes no more; it must be started again",
    };
    (StatusCode::SERVICE_UNAVAILABLE, reason.to_string())
}

pub async fn page() -> impl IntoResponse {
    // Nothing from elsewhere, and not within the frame of another page.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                  img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, include_str!("page.html"))
}

pub async fn version() -> Json<Value> {
    Json(json!({ "version": env!("CARGO_PKG_VERSION") }))
}

/// The models that are served, in the form of Ollama's list, with what each can do.
pub async fn tags(State(served): State<Arc<Served>>) -> Json<Value> {
    let model = |card: &Card| {
        json!({
            "name": card.name,
            "model": card.name,
            "capabilities": card.skill.capabilities(),
            "details": { "family": "gpt2", "context_length": card.config.context_length },
        })
    };
    let models: Vec<Value> = served.cards.iter().map(model).collect();
    Json(json!({ "models": models, "max_tokens": served.max_tokens }))
}

pub async fn absent() -> Response {
    let paths = "/, /api/generate, /api/chat, /api/classify, /api/tags and /api/version";
    failure(StatusCode::NOT_FOUND, format!("there is nothing here; this server has {paths}"))
}

pub async fn wrong_method() -> Response {
    failure(StatusCode::METHOD_NOT_ALLOWED, "this path is asked in another way: POST for answers, GET for the rest")
}

pub async fn generate(State(served): State<Arc<Served>>, body: Bytes) -> Response {
    let field = |text: &str| json!({ "response": text });
    match prepare(&served, body, prepare_generate).await {
        Ok(writing) => write(&served, writing, field).await,
        Err((status, reason)) => failure(status, reason),
    }
}

pub async fn chat(State(served): State<Arc<Served>>, body: Bytes) -> Response {
    let field = |text: &str| json!({ "message": { "role": "assistant", "content": text } });
    match prepare(&served, body, prepare_chat).await {
        Ok(writing) => write(&served, writing, field).await,
        Err((status, reason)) => failure(status, reason),
    }
}

pub async fn classify(State(served): State<Arc<Served>>, body: Bytes) -> Response {
    label(&served, body).await.unwrap_or_else(|(status, reason)| failure(status, reason))
}

async fn label(served: &Served, body: Bytes) -> Result<Response, Refusal> {
    let request: ClassifyRequest = parse(body)?;
    let can = |card: &Card| matches!(card.skill, Skill::Classify(_));
    let model = pick(served, request.model.as_deref(), "classify messages", can)?;
    let card = &served.cards[model];
    let Skill::Classify(config) = card.skill.clone() else { return Err(bad("the model is no classifier")) };
    let (answer, verdict) = oneshot::channel();
    let task = Task::Classify(Classifying { text: request.text, config, answer });
    served.engine.submit(Job { model, task }).map_err(refusal)?;
    let verdict = verdict.await.map_err(|_| failed())?.map_err(bad)?;
    let [ham, spam] = verdict.probabilities;
    let answer = json!({
        "model": card.name,
        "label": verdict.label.name(),
        "probabilities": { "ham": ham, "spam": spam },
        "tokens": verdict.tokens,
        "truncated": verdict.truncated,
    });
    Ok(Json(answer).into_response())
}

fn parse<T: DeserializeOwned>(body: Bytes) -> Result<T, Refusal> {
    serde_json::from_slice(&body).map_err(|e| bad(format!("bad request: {e}")))
}

/// The model of that name, or the first that can do the job.
fn pick(served: &Served, name: Option<&str>, job: &str, can: impl Fn(&Card) -> bool) -> Result<usize, Refusal> {
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        let found = served.cards.iter().position(can);
        return found.ok_or_else(|| bad(format!("no model of this server can {job}")));
    };
    // Ollama's clients add a version to the name.
    let plain = name.strip_suffix(":latest").unwrap_or(name);
    let found = served.cards.iter().position(|card| card.name == plain).ok_or_else(|| {
        let names: Vec<&str> = served.cards.iter().map(|card| card.name.as_str()).collect();
        (StatusCode::NOT_FOUND, format!("there is no model '{name}' here; this server has {}", names.join(", ")))
    })?;
    if can(&served.cards[found]) { Ok(found) } else { Err(bad(format!("the model '{name}' cannot {job}"))) }
}

/// An answer to be written.
struct Answer {
    model: usize,
    prompt: Prompt,
    options: GenerateOptions,
    seed: u64,
    stream: bool,
}

fn writes(card: &Card) -> bool {
    !matches!(card.skill, Skill::Classify(_))
}

/// Makes the prompt where it holds up no other request: that of a long text takes a while.
async fn prepare(
    served: &Arc<Served>,
    body: Bytes,
    job: fn(&Served, Bytes) -> Result<Answer, Refusal>,
) -> Result<Answer, Refusal> {
    let served = Arc::clone(served);
    tokio::task::spawn_blocking(move || job(&served, body)).await.unwrap_or_else(|_| Err(failed()))
}

fn prepare_generate(served: &Served, body: Bytes) -> Result<Answer, Refusal> {
    let GenerateRequest { model, prompt, system, raw, stream, options } = parse(body)?;
    let model = pick(served, model.as_deref(), "write text", writes)?;
    let card = &served.cards[model];
    let (options, seed) = settle(served, card, &options.unwrap_or_default())?;
    let prompt = card
        .completion(&prompt, system.as_deref(), raw.unwrap_or(false), room(card, &options), &served.tokenizer)
        .map_err(bad)?;
    Ok(Answer { model, prompt, options, seed, stream: stream.unwrap_or(true) })
}

fn prepare_chat(served: &Served, body: Bytes) -> Result<Answer, Refusal> {
    let ChatRequest { model, messages, stream, options } = parse(body)?;
    if messages.is_empty() {
        return Err(bad("messages is empty; give at least one"));
    }
    if messages.len() > MOST_MESSAGES {
        let count = messages.len();
        return Err(bad(format!("there are {count} messages; give at most {MOST_MESSAGES}, without the oldest")));
    }
    // One that has learnt to answer, if there is one.
    let chats = |card: &Card| matches!(card.skill, Skill::Follow(_));
    let named = model.is_some() || !served.cards.iter().any(chats);
    let model = pick(served, model.as_deref(), "write text", if named { writes } else { chats })?;
    let card = &served.cards[model];
    let (options, seed) = settle(served, card, &options.unwrap_or_default())?;
    let prompt = card.conversation(&messages, room(card, &options), &served.tokenizer).map_err(bad)?;
    Ok(Answer { model, prompt, options, seed, stream: stream.unwrap_or(true) })
}

/// Tokens for a prompt that must not slide out of the context while the answer is written, but at least half of it.
fn room(card: &Card, options: &GenerateOptions) -> usize {
    card.config.context_length.saturating_sub(options.max_new_tokens).max(card.config.context_length / 2)
}

/// Checks a request against the model and the server's limits.
fn settle(served: &Served, card: &Card, options: &Options) -> Result<(GenerateOptions, u64), Refusal> {
    let limit = served.max_tokens;
    let max_new_tokens = match options.num_predict {
        None => limit.min(USUAL_TOKENS),
        Some(asked) => usize::try_from(asked).unwrap_or(limit),
    };
    if max_new_tokens > limit {
        return Err(bad(format!("num_predict is {max_new_tokens}, but this server writes at most {limit}")));
    }
    let temperature = options.temperature.unwrap_or(0.8);
    if !(temperature.is_finite() && temperature >= 0.0) {
        return Err(bad(format!("temperature is {temperature}, but must be at least 0")));
    }
    let vocab_size = ch02_text::VOCAB_SIZE;
    let top_k = options.top_k.unwrap_or(40);
    if top_k > vocab_size {
        return Err(bad(format!("top_k is {top_k}, but must be at most {vocab_size}, or 0 for all")));
    }
    let settled = GenerateOptions {
        max_new_tokens,
        context_size: card.config.context_length,
        temperature,
        top_k: (top_k > 0).then_some(top_k),
        eos_id: Some(ch02_text::END_OF_TEXT_ID),
        use_cache: true,
    };
    Ok((settled, options.seed.map_or_else(seed_of_the_moment, i64::cast_unsigned)))
}

/// Without a seed, every answer is another one.
fn seed_of_the_moment() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.subsec_nanos().into())
}

/// Writes an answer, as a stream of JSON lines or as one JSON object. `field` puts a piece of text where the client
/// expects it.
async fn write(served: &Served, answer: Answer, field: impl Fn(&str) -> Value + Send + Sync + 'static) -> Response {
    let Answer { model, prompt: Prompt { ids, forgotten }, options, seed, stream } = answer;
    let (pieces, mut answer) = mpsc::unbounded_channel();
    let name = served.cards[model].name.clone();
    let frame = Frame { model: name, start: Instant::now(), prompt_tokens: ids.len(), forgotten };
    let task = Task::Write(Writing { prompt: ids, options, seed, pieces });
    if let Err(reason) = served.engine.submit(Job { model, task }) {
        let (status, reason) = refusal(reason);
        return failure(status, reason);
    }
    if stream {
        let lines = UnboundedReceiverStream::new(answer).map(move |piece| {
            let mut line = frame.line(&piece, &field).to_string();
            line.push('\n');
            Ok::<_, Infallible>(line)
        });
        return ([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response();
    }
    let mut text = String::new();
    while let Some(piece) = answer.recv().await {
        match piece {
            Piece::Text(piece) => text += &piece,
            Piece::Failed(reason) => return failure(StatusCode::INTERNAL_SERVER_ERROR, reason),
            done @ Piece::Done { .. } => {
                return Json(merge(frame.line(&done, &field), field(&text))).into_response();
            }
        }
    }
    failure(StatusCode::SERVICE_UNAVAILABLE, "the server is ending")
}

/// What stands around the pieces of one answer.
struct Frame {
    model: String,
    start: Instant,
    prompt_tokens: usize,
    forgotten: usize,
}

impl Frame {
    /// One line of a streamed answer.
    fn line(&self, piece: &Piece, field: &impl Fn(&str) -> Value) -> Value {
        let created_at = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
        let head = json!({ "model": self.model, "created_at": created_at });
        match piece {
            Piece::Text(text) => merge(merge(head, field(text)), json!({ "done": false })),
            Piece::Failed(reason) => merge(head, json!({ "error": reason, "done": true })),
            Piece::Done { tokens, at_limit } => {
                let end = json!({
                    "done": true,
                    "done_reason": if *at_limit { "length" } else { "stop" },
                    "total_duration": self.start.elapsed().as_nanos() as u64,
                    "prompt_eval_count": self.prompt_tokens,
                    "eval_count": tokens,
                    "forgotten_turns": self.forgotten,
                });
                merge(merge(head, field("")), end)
            }
        }
    }
}

/// The keys of both objects; those of the second win.
fn merge(mut first: Value, second: Value) -> Value {
    if let (Value::Object(first), Value::Object(second)) = (&mut first, second) {
        first.extend(second);
    }
    first
}
