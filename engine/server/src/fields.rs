//! The fields of a request. Each is used or refused, none is ignored: a field that is ignored changes the answer without a
//! word.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::refusal::{Refusal, bad_request};

/// A field of a real interface that cannot be honoured here.
pub struct NotHere {
    pub name: &'static str,
    /// Values that ask for nothing, as JSON, besides those that ask for nothing anywhere.
    pub harmless: &'static [&'static str],
    /// Why, and what to do instead.
    pub reason: &'static str,
}

/// The fields that have not been used yet.
#[derive(Debug)]
pub struct Fields {
    fields: Map<String, Value>,
    known: Vec<&'static str>,
}

impl Fields {
    /// Parses the body of a request.
    ///
    /// # Errors
    /// If it is not a JSON object.
    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let fields: Map<_, _> = serde_json::from_slice(body).map_err(|e| bad_request(format!("bad request: {e}")))?;
        Ok(Self { fields, known: Vec::new() })
    }

    /// Takes a field out; null is the same as no field.
    ///
    /// # Errors
    /// If its value is of another type.
    pub fn take<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<Option<T>, Refusal> {
        self.known.push(name);
        let value = self.fields.remove(name).unwrap_or_default();
        serde_json::from_value(value).map_err(|e| bad_request(format!("bad request: {name}: {e}")).about(name))
    }

    /// Takes out a whole number, which some clients write as `2.0`.
    ///
    /// # Errors
    /// If it is something else, or below 0.
    pub fn take_count(&mut self, name: &'static str) -> Result<Option<usize>, Refusal> {
        let Some(value) = self.take::<Value>(name)? else { return Ok(None) };
        let count = whole(&value).and_then(|number| usize::try_from(number).ok());
        let wrong =
            || bad_request(format!("{name} is {value}, but must be a whole number that is not below 0")).about(name);
        count.map(Some).ok_or_else(wrong)
    }

    /// Takes out a field that must be there.
    ///
    /// # Errors
    /// If it is not, or its value is of another type.
    pub fn require<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<T, Refusal> {
        self.take(name)?.ok_or_else(|| bad_request(format!("bad request: missing field `{name}`")).about(name))
    }

    /// Drops fields that change nothing, whatever they say.
    pub fn drop_labels(&mut self, names: &[&'static str]) {
        for &name in names {
            self.known.push(name);
            self.fields.remove(name);
        }
    }

    /// Refuses what has not been used, except for values that ask for nothing.
    ///
    /// # Errors
    /// The first such field, with the reason.
    pub fn finish(self, not_here: &[NotHere]) -> Result<(), Refusal> {
        for (name, value) in self.fields.iter().filter(|(_, value)| !value.is_null()) {
            let reason = match not_here.iter().find(|field| field.name == name) {
                Some(field) if asks_for_nothing(value) || field.harmless.contains(&value.to_string().as_str()) => {
                    continue;
                }
                Some(field) => format!("{name} is not supported: {}", field.reason),
                None => format!("unknown field '{name}'; there are {}", self.known.join(", ")),
            };
            return Err(bad_request(reason).about(name));
        }
        Ok(())
    }
}

/// A whole number, also if it is written as a float.
pub fn whole(value: &Value) -> Option<i128> {
    let integer = value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
    integer.or_else(|| value.as_f64().filter(|number| number.fract() == 0.0).map(|number| number as i128))
}

/// Clients that fill in every field send such values.
fn asks_for_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(is_on) => !is_on,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        // An empty schema is a schema.
        Value::Object(_) => false,
    }
}
