//! How an answer is generated: Ollama's options, which OpenAI's are translated into. Each is honoured, or refused with the
//! reason; none is ignored.

use fast::TokenFilter;
use serde_json::{Map, Value};

use crate::card::{ModelCard, Suggested};
use crate::fields::whole;
use crate::refusal::{Refusal, bad_request};

/// How the memory and the processors are used, which is this server's business. The answer is the same whatever they say.
const WITHOUT_EFFECT: [&str; 11] = [
    "num_batch",
    "num_gpu",
    "main_gpu",
    "num_thread",
    "use_mmap",
    "use_mlock",
    "numa",
    "low_vram",
    "f16_kv",
    "logits_all",
    "num_gqa",
];
/// Options of samplers that this server does not have, with the value that switches each off.
const SWITCHED_OFF: [(&str, f64); 5] =
    [("mirostat", 0.0), ("tfs_z", 1.0), ("vocab_only", 0.0), ("embedding_only", 0.0), ("penalize_newline", 1.0)];
/// Options that only count when one of the above is switched on.
const PARTS: [&str; 2] = ["mirostat_tau", "mirostat_eta"];
/// Maximum number of bytes in all texts that end an answer.
const MAX_STOP_BYTES: usize = 4096;

/// An option of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// Its name in the request.
    pub shown: String,
    /// Ollama's name for it.
    pub name: String,
    pub value: Value,
}

impl Given {
    /// Ollama's options.
    pub fn all(options: Map<String, Value>) -> Vec<Self> {
        options.into_iter().map(|(name, value)| Self { shown: name.clone(), name, value }).collect()
    }
}

/// How an answer is generated.
#[derive(Clone, Debug, PartialEq)]
pub struct SamplingOptions {
    pub temperature: f64,
    /// `None` for all tokens.
    pub top_k: Option<usize>,
    pub filter: TokenFilter,
    /// `None` for another one every time.
    pub seed: Option<u64>,
    /// Maximum number of new tokens. Below 0 it is as many as the server allows; -2 also ends when the context is full.
    pub num_predict: Option<i64>,
    /// Maximum number of tokens that the model sees.
    pub num_ctx: Option<usize>,
    /// Tokens of the prompt that must never slide out of the context; all below 0.
    pub num_keep: i64,
    /// Texts that end the answer before them.
    pub stop: Vec<String>,
}

impl Default for SamplingOptions {
    /// Ollama's defaults, without its penalties and its top-p, which chapter 5 does not have.
    fn default() -> Self {
        Self {
            temperature: 0.8,
            top_k: Some(40),
            filter: TokenFilter::default(),
            seed: None,
            num_predict: None,
            num_ctx: None,
            num_keep: 0,
            stop: Vec::new(),
        }
    }
}

impl SamplingOptions {
    /// The options of a request that gives none, to a model whose makers suggest these.
    pub fn of(suggested: &Suggested) -> Self {
        let mut options = Self::default();
        options.temperature = suggested.temperature.unwrap_or(options.temperature);
        options.top_k = suggested.top_k.or(options.top_k);
        options.filter.top_p = suggested.top_p.unwrap_or(options.filter.top_p);
        options
    }

    /// Maximum number of tokens that the model sees.
    pub fn context_size(&self, card: &ModelCard) -> usize {
        let context_length = card.sizes.context_length();
        self.num_ctx.map_or(context_length, |tokens| tokens.min(context_length))
    }

    /// These, with the options of a request; null is the same as no option.
    ///
    /// # Errors
    /// The first option that is unknown or cannot be honoured, with the reason.
    pub fn read(mut self, options: &[Given]) -> Result<Self, Refusal> {
        for Given { shown, name, value } in options.iter().filter(|given| !given.value.is_null()) {
            self.set(name, shown, value).map_err(|reason| bad_request(reason).about(shown))?;
        }
        Ok(self)
    }

    fn set(&mut self, name: &str, shown: &str, value: &Value) -> Result<(), String> {
        let number = |least: f64, greatest: f64, allowed: &str| match value.as_f64() {
            Some(number) if (least..=greatest).contains(&number) => Ok(number),
            _ => Err(wrong(shown, value, allowed)),
        };
        let share = || number(0.0, 1.0, "a number from 0 to 1");
        match name {
            "temperature" => self.temperature = number(0.0, f64::MAX, "a number that is at least 0")?,
            // Below 1 it means all, and so does more than there are.
            "top_k" => self.top_k = usize::try_from(whole_number(shown, value)?).ok().filter(|&k| k > 0),
            "top_p" => self.filter.top_p = share()?,
            "min_p" => self.filter.min_p = share()?,
            "typical_p" => self.filter.typical_p = share()?,
            "repeat_penalty" => {
                self.filter.repeat_penalty = number(f64::MIN_POSITIVE, f64::MAX, "a number above 0")?;
            }
            "presence_penalty" => self.filter.presence_penalty = number(f64::MIN, f64::MAX, "a number")?,
            "frequency_penalty" => self.filter.frequency_penalty = number(f64::MIN, f64::MAX, "a number")?,
            // Below 0 it is the whole text.
            "repeat_last_n" => {
                self.filter.repeat_last_n = usize::try_from(whole_number(shown, value)?).unwrap_or(usize::MAX)
            }
            // As in Ollama, -1 asks for another seed every time.
            "seed" => self.seed = Some(whole_number(shown, value)?).filter(|&seed| seed != -1).map(|seed| seed as u64),
            "num_predict" => self.num_predict = Some(clamped(whole_number(shown, value)?)),
            "num_keep" => self.num_keep = clamped(whole_number(shown, value)?),
            "num_ctx" => match usize::try_from(whole_number(shown, value)?) {
                Ok(tokens) if tokens > 0 => self.num_ctx = Some(tokens),
                _ => return Err(wrong(shown, value, "at least 1")),
            },
            "stop" => self.stop = stop_texts(value)?,
            _ if WITHOUT_EFFECT.contains(&name) || PARTS.contains(&name) => {}
            _ => return only_switched_off(name, value),
        }
        Ok(())
    }
}

fn wrong(name: &str, value: &Value, allowed: &str) -> String {
    format!("{name} is {value}, but must be {allowed}")
}

fn whole_number(name: &str, value: &Value) -> Result<i128, String> {
    whole(value).ok_or_else(|| wrong(name, value, "a whole number"))
}

fn clamped(number: i128) -> i64 {
    number.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

/// One text, or a list of them.
fn stop_texts(value: &Value) -> Result<Vec<String>, String> {
    let one = value.as_str().map(|text| vec![text.to_string()]);
    let list = || value.as_array()?.iter().map(|text| text.as_str().map(str::to_string)).collect();
    let texts: Vec<String> = one.or_else(list).ok_or_else(|| wrong("stop", value, "a text or a list of texts"))?;
    if texts.iter().any(String::is_empty) {
        return Err("stop has an empty text, which would end every answer before its beginning".to_string());
    }
    let bytes: usize = texts.iter().map(String::len).sum();
    if bytes > MAX_STOP_BYTES {
        return Err(format!("the texts in stop have {bytes} bytes, but at most {MAX_STOP_BYTES} are allowed"));
    }
    Ok(texts)
}

fn only_switched_off(name: &str, value: &Value) -> Result<(), String> {
    let Some((_, off)) = SWITCHED_OFF.iter().find(|(known, _)| *known == name) else {
        return Err(format!("unknown option '{name}'"));
    };
    match value.as_f64().or_else(|| value.as_bool().map(f64::from)) {
        Some(number) if number == *off => Ok(()),
        _ => Err(format!("{name} is {value}, which is not supported; leave it out")),
    }
}

#[cfg(test)]
mod tests;
