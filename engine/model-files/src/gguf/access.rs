//! Values of the metadata by key and type.

use super::contents::Gguf;
use super::value::{Array, Value};

impl<'a> Gguf<'a> {
    /// The text of a key.
    ///
    /// # Errors
    /// If its value is something else.
    pub fn string(&self, key: &str) -> Result<Option<&'a str>, String> {
        self.typed(key, "a text", |value| if let Value::String(text) = value { Some(text) } else { None })
    }

    /// The whole number of a key, which is not negative.
    ///
    /// # Errors
    /// If its value is something else.
    pub fn whole(&self, key: &str) -> Result<Option<u64>, String> {
        self.typed(key, "a whole number that is not negative", |value| match value {
            Value::Whole(number) => u64::try_from(number).ok(),
            _ => None,
        })
    }

    /// The number of a key, which is stored as a float.
    ///
    /// # Errors
    /// If its value is something else.
    pub fn float(&self, key: &str) -> Result<Option<f64>, String> {
        self.typed(key, "a number with a fraction", |value| match value {
            Value::Float(number) => Some(number),
            _ => None,
        })
    }

    /// The value of a key that is true or false.
    ///
    /// # Errors
    /// If its value is something else.
    pub fn bool(&self, key: &str) -> Result<Option<bool>, String> {
        self.typed(key, "true or false", |value| if let Value::Bool(yes) = value { Some(yes) } else { None })
    }

    /// The array of a key.
    ///
    /// # Errors
    /// If its value is something else.
    pub fn array(&self, key: &str) -> Result<Option<Array<'a>>, String> {
        self.typed(key, "an array", |value| if let Value::Array(array) = value { Some(array) } else { None })
    }

    /// The texts in the array of a key.
    ///
    /// # Errors
    /// If its value is something else.
    pub fn strings(&self, key: &str) -> Result<Option<Vec<&'a str>>, String> {
        self.elements(key, "texts", |value| if let Value::String(text) = value { Some(text) } else { None })
    }

    /// The floats in the array of a key.
    ///
    /// # Errors
    /// If its value is something else.
    pub fn floats(&self, key: &str) -> Result<Option<Vec<f64>>, String> {
        self.elements(key, "numbers with fractions", |value| match value {
            Value::Float(number) => Some(number),
            _ => None,
        })
    }

    /// The whole numbers in the array of a key.
    ///
    /// # Errors
    /// If its value is something else.
    pub fn wholes(&self, key: &str) -> Result<Option<Vec<i64>>, String> {
        self.elements(key, "whole numbers", |value| match value {
            Value::Whole(number) => i64::try_from(number).ok(),
            _ => None,
        })
    }

    fn typed<T>(&self, key: &str, wanted: &str, get: impl Fn(Value<'a>) -> Option<T>) -> Result<Option<T>, String> {
        let Some(value) = self.value(key) else { return Ok(None) };
        match get(value) {
            Some(found) => Ok(Some(found)),
            None => Err(format!("{key} is {value}, but must be {wanted}")),
        }
    }

    fn elements<T>(
        &self,
        key: &str,
        wanted: &str,
        get: impl Fn(Value<'a>) -> Option<T>,
    ) -> Result<Option<Vec<T>>, String> {
        let Some(array) = self.array(key)? else { return Ok(None) };
        let found: Option<Vec<T>> = array.values().map(get).collect();
        match found {
            Some(found) => Ok(Some(found)),
            None => Err(format!("{key} must be an array of {wanted}, but its elements are {:?}", array.kind())),
        }
    }
}
