//! How long a model stays in memory after a request: Ollama's `keep_alive`.

use std::time::{Duration, Instant};

use humantime::parse_duration;
use serde_json::Value;

/// How long a model stays in memory after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepAlive {
    /// Until another request says otherwise.
    Forever,
    /// Until this time has passed without another request; 0 unloads the model at once.
    For(Duration),
}

impl KeepAlive {
    /// Reads a number of seconds, or a text such as `5m` or `1h30m`. What is below 0 means forever.
    ///
    /// # Errors
    /// If it is neither.
    pub fn read(value: &Value) -> Result<Self, String> {
        let text = value.as_str().unwrap_or_default();
        if let Some(seconds) = value.as_f64().or_else(|| text.parse().ok()).filter(|seconds: &f64| seconds.is_finite())
        {
            // More seconds than a duration can hold are forever as well.
            return Ok(Duration::try_from_secs_f64(seconds).map_or(Self::Forever, Self::For));
        }
        let time = match text.strip_prefix('-') {
            Some(positive) => parse_duration(positive).map(|_| Self::Forever),
            None => parse_duration(text).map(Self::For),
        };
        time.map_err(|_| format!("keep_alive is {value}, but must be a number of seconds, or a text such as \"5m\""))
    }

    /// When the model is to be unloaded, counted from `now`.
    pub fn end(self, now: Instant) -> Option<Instant> {
        match self {
            Self::Forever => None,
            Self::For(time) => now.checked_add(time),
        }
    }

    /// Whether the model is to be unloaded at once.
    pub fn is_over(self) -> bool {
        self == Self::For(Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn seconds_and_texts() {
        let seconds = |seconds: f64| Ok(KeepAlive::For(Duration::from_secs_f64(seconds)));
        for (value, expected) in [
            (json!(0), seconds(0.0)),
            (json!("0"), seconds(0.0)),
            (json!("0s"), seconds(0.0)),
            (json!(300), seconds(300.0)),
            (json!(0.5), seconds(0.5)),
            (json!("5m"), seconds(300.0)),
            (json!("1h30m"), seconds(5400.0)),
            (json!("1.5h"), seconds(5400.0)),
            (json!("250ms"), seconds(0.25)),
            (json!(-1), Ok(KeepAlive::Forever)),
            (json!("-1"), Ok(KeepAlive::Forever)),
            (json!("-1m"), Ok(KeepAlive::Forever)),
            (json!(1e300), Ok(KeepAlive::Forever)),
        ] {
            assert_eq!(KeepAlive::read(&value), expected, "{value}");
        }
        for value in [json!("soon"), json!(""), json!("-"), json!("5 apples"), json!(true), json!([1]), json!("nan")] {
            let reason = KeepAlive::read(&value).unwrap_err();
            assert!(reason.contains(&format!("keep_alive is {value}")), "{reason}");
        }
    }
}
