//! The rules of Ollama's and OpenAI's interfaces, as their clients rely on them: for each a request, its status, and fields
//! of the answer. What takes more than one request to see is in `ollama.rs` and `openai.rs`.

#[path = "rules/ollama.rs"]
mod ollama;
#[path = "rules/openai.rs"]
mod openai;

use serde_json::{Value, json};

use crate::common::llama::{TEMPLATE, save_talking};
use crate::common::server::{Server, save_classifier_of, save_follower, save_writer, serve_in};

/// What a field must be.
enum Is {
    Equal(Value),
    /// A text with this in it.
    With(&'static str),
    /// A number above 0.
    Positive,
    /// A text that is not empty.
    Text,
    /// A list or an object of this many.
    Many(usize),
    /// Not there.
    Absent,
}

/// A rule: in words, `METHOD PATH`, the body, the status, and fields as JSON pointers. In a stream the first part of a pointer
/// is the number of the line or event; `-1` is the last one.
type Rule = (&'static str, &'static str, Value, u16, Vec<(&'static str, Is)>);

/// Five models: a GPT, one that follows instructions, a Llama with and one without a chat template, and a classifier. They
/// have contexts of 128 tokens, the classifier of 20.
fn serve() -> Server {
    let folder = tempfile::tempdir().unwrap();
    save_writer(folder.path(), "writer", 128);
    save_follower(folder.path(), "follower", 128);
    save_talking(folder.path(), "talker", Some(TEMPLATE));
    save_talking(folder.path(), "base", None);
    save_classifier_of(folder.path(), "judge");
    let models = ["writer", "follower", "talker", "base", "judge"].map(|name| ["--model", name]).concat();
    serve_in(folder, &[&models[..], &["--max-tokens", "40"]].concat())
}

/// The answer as JSON: an object, or the lines or events of a stream as a list.
fn parse(answer: &str) -> Value {
    let events = || answer.split_terminator("\n\n").map(|event| event.strip_prefix("data: "));
    if let Ok(whole) = serde_json::from_str(answer) {
        return whole;
    }
    let parts: Vec<&str> = events().collect::<Option<_>>().unwrap_or_else(|| answer.lines().collect());
    let parsed = parts.into_iter().map(|part| serde_json::from_str(part).unwrap_or_else(|_| part.into()));
    Value::Array(parsed.collect())
}

/// What is wrong with a field, if anything.
fn objection(answer: &Value, pointer: &str, expected: &Is) -> Option<String> {
    let last = answer.as_array().map_or(0, |parts| parts.len().saturating_sub(1));
    let pointer = pointer.replace("/-1", &format!("/{last}"));
    let found = answer.pointer(&pointer);
    let text = found.and_then(Value::as_str);
    let count = match found {
        Some(Value::Array(values)) => values.len(),
        Some(Value::Object(values)) => values.len(),
        _ => usize::MAX,
    };
    let (holds, expected) = match expected {
        Is::Equal(value) => (found == Some(value), value.to_string()),
        Is::With(part) => (text.is_some_and(|text| text.contains(part)), format!("a text with '{part}'")),
        Is::Positive => (found.and_then(Value::as_f64) > Some(0.0), "a number above 0".to_string()),
        Is::Text => (text.is_some_and(|text| !text.is_empty()), "a text".to_string()),
        Is::Many(expected) => (count == *expected, format!("{expected} of something")),
        Is::Absent => (found.is_none(), "nothing".to_string()),
    };
    (!holds).then(|| format!("{pointer} is {}, not {expected}", found.unwrap_or(&Value::Null)))
}

/// All rules are tried before the test fails.
fn hold(server: &Server, rules: Vec<Rule>) {
    let mut broken = String::new();
    for (rule, call, body, status, fields) in rules {
        let (method, path) = call.split_once(' ').unwrap();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (found, answer) = server.ask(method, path, "", &body);
        let parsed = parse(&answer);
        let mut objections: Vec<String> =
            fields.iter().filter_map(|(pointer, expected)| objection(&parsed, pointer, expected)).collect();
        if found != status {
            objections.push(format!("the status is {found}, not {status}"));
        }
        if !objections.is_empty() {
            let shown = |text: &str| text.chars().take(400).collect::<String>();
            broken += &format!("{rule}: {}\n  {call} {}\n  {}\n", objections.join("; "), shown(&body), shown(&answer));
        }
    }
    assert!(broken.is_empty(), "{broken}");
}

fn says(role: &str, content: &str) -> Value {
    json!({ "role": role, "content": content })
}
