//! The fields of a `config.json`, by name and type. A field that is `null` counts as one that is not there.

use serde_json::{Map, Value};

/// An object in a `config.json`.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    object: &'a Map<String, Value>,
    /// What errors put before a name: empty, or the field that holds this object and a dot.
    prefix: &'static str,
}

impl<'a> Fields<'a> {
    pub(super) fn new(object: &'a Map<String, Value>) -> Self {
        Self { object, prefix: "" }
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    /// An object in a field; `prefix` is the name of the field and a dot.
    pub(super) fn object(&self, name: &str, prefix: &'static str) -> Result<Option<Self>, String> {
        let object = self.typed(name, "an object", Value::as_object)?;
        Ok(object.map(|object| Self { object, prefix }))
    }

    /// A whole number that is not negative.
    pub(super) fn whole(&self, name: &str) -> Result<Option<usize>, String> {
        let whole = |value: &Value| value.as_u64().and_then(|number| usize::try_from(number).ok());
        self.typed(name, "a whole number that is not negative", whole)
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<f64>, String> {
        self.typed(name, "a number", Value::as_f64)
    }

    pub(super) fn bool(&self, name: &str) -> Result<Option<bool>, String> {
        self.typed(name, "true or false", Value::as_bool)
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, String> {
        self.typed(name, "a text", Value::as_str)
    }

    pub(super) fn array(&self, name: &str) -> Result<Option<&'a Vec<Value>>, String> {
        self.typed(name, "an array", Value::as_array)
    }

    /// Fails if the field is true.
    pub(super) fn refuse(&self, name: &str) -> Result<(), String> {
        self.require(name, self.bool(name)?, false)
    }

    /// Fails if there is a value other than `allowed`.
    pub(super) fn require<T: PartialEq + ToString>(
        &self,
        name: &str,
        value: Option<T>,
        allowed: T,
    ) -> Result<(), String> {
        match value {
            Some(value) if value != allowed => {
                Err(format!("{}{name} is {}, but must be {}", self.prefix, value.to_string(), allowed.to_string()))
            }
            _ => Ok(()),
        }
    }

    /// Fails if the field is not there.
    pub(super) fn needed<T>(&self, name: &str, value: Option<T>) -> Result<T, String> {
        value.ok_or_else(|| format!("{}{name} is missing", self.prefix))
    }

    fn typed<T>(&self, name: &str, wanted: &str, get: impl Fn(&'a Value) -> Option<T>) -> Result<Option<T>, String> {
        let Some(value) = self.get(name) else { return Ok(None) };
        match get(value) {
            Some(found) => Ok(Some(found)),
            None => Err(format!("{}{name} is {}, but must be {wanted}", self.prefix, shown(value))),
        }
    }
}

/// A value in an error: whole if it is short.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "an array".to_string(),
        Value::Object(_) => "an object".to_string(),
        Value::String(text) if text.len() > 100 => "a long text".to_string(),
        other => other.to_string(),
    }
}
