//! `/v1/completions`: texts that a model continues as they are.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::card::ModelCard;
use crate::fields::Fields;
use crate::openai::choices::{Asked, Kind, answer};
use crate::openai::request::{Common, MAX_CHOICES, finish};
use crate::options::Given;
use crate::prompt::Prompt;
use crate::refusal::{Refusal, bad_request};
use crate::requests::check_top_scores;
use crate::service::{Service, prepare};
use crate::text::Text;

/// New tokens if a request does not say how many, as at OpenAI.
const DEFAULT_NEW_TOKENS: usize = 16;

/// Texts, as words or as ids.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Texts {
    One(String),
    Several(Vec<String>),
    OneOfIds(Vec<u32>),
    SeveralOfIds(Vec<Vec<u32>>),
}

/// One of them.
pub enum Words {
    Text(String),
    Ids(Vec<u32>),
}

impl Texts {
    pub fn each(self) -> Vec<Words> {
        match self {
            Self::One(text) => vec![Words::Text(text)],
            Self::Several(texts) => texts.into_iter().map(Words::Text).collect(),
            Self::OneOfIds(ids) => vec![Words::Ids(ids)],
            Self::SeveralOfIds(texts) => texts.into_iter().map(Words::Ids).collect(),
        }
    }

    /// Reads such a field.
    pub fn take(fields: &mut Fields, name: &'static str) -> Result<Vec<Words>, Refusal> {
        let wrong = |reason: &str| bad_request(format!("{name} {reason}")).about(name);
        let texts: Option<Texts> = fields
            .take(name)
            .map_err(|_| wrong("must be a text, a list of texts, a list of ids, or a list of those"))?;
        let texts = texts.ok_or_else(|| wrong("is missing; give a text"))?.each();
        if texts.is_empty() { Err(wrong("is an empty list; give at least one text")) } else { Ok(texts) }
    }
}

impl Words {
    /// The ids of these words to a model that reads them alone.
    pub fn ids(&self, text: &Text) -> Vec<u32> {
        match self {
            Self::Text(words) => text.document(words),
            Self::Ids(ids) => ids.clone(),
        }
    }

    /// The words as text.
    fn shown(&self, text: &Text) -> String {
        match self {
            Self::Text(words) => words.clone(),
            Self::Ids(ids) => {
                let bytes: Vec<u8> = ids.iter().flat_map(|&id| text.token_bytes(id)).collect();
                String::from_utf8_lossy(&bytes).into_owned()
            }
        }
    }
}

pub async fn completions(State(service): State<Arc<Service>>, body: Bytes) -> Result<Response, Refusal> {
    let asked = prepare(&service, body, read).await?;
    answer(service, asked).await
}

fn read(service: &Service, mut fields: Fields) -> Result<Asked, Refusal> {
    let mut common = Common::take(&mut fields)?;
    let prompts = Texts::take(&mut fields, "prompt")?;
    let echo = fields.take("echo")?.unwrap_or(false);
    let best_of = fields.take_count("best_of")?;
    let scores = fields.take_count("logprobs")?;
    finish(fields)?;
    let scores = scores.map(|top| check_top_scores("logprobs", top)).transpose()?;
    if echo && scores.is_some() {
        let reason = "there are no log probabilities of the prompt's own tokens here; leave echo out, or logprobs";
        return Err(bad_request(reason).about("logprobs"));
    }
    let n = common.n;
    if let Some(best_of) = best_of.filter(|&best_of| best_of != n) {
        let reason = format!("best_of is {best_of}, but texts are not compared here; leave it out, or set it to n");
        return Err(bad_request(reason).about("best_of"));
    }
    let texts = prompts.len() * n;
    if texts > MAX_CHOICES {
        let reason = format!("these are {texts} texts; ask for at most {MAX_CHOICES} at a time");
        return Err(bad_request(reason).about("prompt"));
    }
    if !common.options.iter().any(|option| option.name == "num_predict") {
        let (shown, name) = ("max_tokens".to_string(), "num_predict".to_string());
        common.options.push(Given { shown, name, value: DEFAULT_NEW_TOKENS.into() });
    }
    let (model, writer) = service.choose_model(common.model.as_deref(), "write text", ModelCard::text)?;
    let (stream, include_usage) = (common.stream, common.include_usage);
    let manner = common.manner(scores);
    let (mut requests, mut prompt_tokens) = (Vec::new(), 0);
    for words in prompts {
        let request = service.text_request(model, &manner, |_| Ok(Prompt::of(words.ids(writer))))?;
        prompt_tokens += request.continuation.prompt.len();
        let begun = if echo { words.shown(writer) } else { String::new() };
        requests.extend((0..n).map(|index| (begun.clone(), request.variant(index))));
    }
    Ok(Asked { kind: Kind::Text, requests, prompt_tokens, stream, include_usage })
}
