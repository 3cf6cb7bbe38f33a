//! How the makers of a model want its next token to be drawn.

use std::path::Path;

use model_text::ChatTemplate;
use serde_json::{Map, Value, json};

use crate::PretrainedError;
use crate::files::{GENERATION_FILE, read_json};

/// How the next token is to be drawn; `None` for what nobody has said.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sampling {
    /// What logits are divided by, at least 0; 0 always takes the most likely token.
    pub temperature: Option<f64>,
    /// The number of most likely tokens to draw from, at least 1.
    pub top_k: Option<usize>,
    /// The probability that the tokens to draw from have together, from 0 to 1.
    pub top_p: Option<f64>,
}

/// What the page of SmolLM2 says: no file of the model does, and the most likely token every time leads it into loops.
const SMOLLM2: Sampling = Sampling { temperature: Some(0.2), top_k: None, top_p: Some(0.9) };

impl Sampling {
    /// What `generation_config.json` says, if it says that tokens are drawn (`do_sample`); else what is published for the
    /// model that its chat template names.
    ///
    /// # Errors
    /// If the file cannot be read, or a value is impossible.
    pub fn of(path: &Path, template: Option<&ChatTemplate>) -> Result<Self, PretrainedError> {
        let said = if path.is_dir() { read_json(path, GENERATION_FILE)? } else { None }.unwrap_or_default();
        if said.get("do_sample") == Some(&Value::Bool(true)) {
            return Self::said(&said).map_err(|(field, found, allowed)| {
                let path = path.join(GENERATION_FILE);
                PretrainedError::BadSampling { path, field, found: found.to_string(), allowed }
            });
        }
        let is_smollm = template.is_some_and(|template| template.source().contains("SmolLM"));
        Ok(if is_smollm { SMOLLM2 } else { Self::default() })
    }

    /// The values in an object; as an error a field, what it is, and what is allowed.
    fn said(object: &Map<String, Value>) -> Result<Self, (&'static str, &Value, &'static str)> {
        let get = |field: &str| object.get(field).filter(|value| !value.is_null());
        let number = |field: &'static str, allowed: &'static str, fits: fn(f64) -> bool| {
            let check = |value| Value::as_f64(value).filter(|&number| fits(number)).ok_or((field, value, allowed));
            get(field).map(check).transpose()
        };
        let temperature = number("temperature", "at least 0", |number| number.is_finite() && number >= 0.0)?;
        let top_p = number("top_p", "from 0 to 1", |share| (0.0..=1.0).contains(&share))?;
        // 0 stands for all tokens.
        let top_k = match get("top_k") {
            None => None,
            Some(value) => Some(value.as_u64().ok_or(("top_k", value, "a whole number that is not negative"))?),
        };
        let top_k = top_k.filter(|&k| k > 0).and_then(|k| usize::try_from(k).ok());
        // Drawing without a temperature is drawing with 1.
        Ok(Self { temperature: temperature.or(Some(1.0)), top_k, top_p })
    }

    /// The fields of a `generation_config.json` that says this.
    pub(crate) fn fields(&self) -> Map<String, Value> {
        let mut fields = Map::new();
        if self.temperature.is_some_and(|temperature| temperature > 0.0) {
            fields.insert("do_sample".into(), json!(true));
            fields.insert("temperature".into(), json!(self.temperature));
            fields.extend(self.top_k.map(|k| ("top_k".into(), json!(k))));
            fields.extend(self.top_p.map(|p| ("top_p".into(), json!(p))));
        }
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    /// Specification, 6.1: Qwen3's and Gemma 3's published values.
    #[test]
    fn published_values_are_read_and_written_again() {
        let qwen = object(json!({"do_sample": true, "temperature": 0.6, "top_k": 20, "top_p": 0.95}));
        let expected = Sampling { temperature: Some(0.6), top_k: Some(20), top_p: Some(0.95) };
        assert_eq!(Sampling::said(&qwen), Ok(expected));
        assert_eq!(expected.fields(), qwen);
        let gemma = object(json!({"do_sample": true, "top_k": 64, "top_p": 0.95}));
        let expected = Sampling { temperature: Some(1.0), top_k: Some(64), top_p: Some(0.95) };
        assert_eq!(Sampling::said(&gemma), Ok(expected));
        assert_eq!(Sampling::default().fields(), Map::new());
    }

    #[test]
    fn impossible_values_are_named() {
        for (field, value) in
            [("temperature", json!(-1)), ("temperature", json!("hot")), ("top_p", json!(1.5)), ("top_k", json!(-3))]
        {
            let object = object(json!({ field: value }));
            assert_eq!(Sampling::said(&object).map_err(|(field, found, _)| (field, found)), Err((field, &value)));
        }
        assert_eq!(Sampling::said(&object(json!({"top_k": 0}))).unwrap().top_k, None);
    }
}
