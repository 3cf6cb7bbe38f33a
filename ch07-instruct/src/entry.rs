//! The data of the chapter: tasks with their answers (section 7.2).

use std::fmt;
use std::path::Path;

use serde::Serialize;
use serde_json::{Number, Value};
use shared::data::{self, DataError};

/// About 400 small tasks in English and Chinese, written for this project. See [`Entries::load`].
pub const EMBEDDED: &str = include_str!("../assets/instructions.json");

/// The name under which [`Entries::load`] finds [`EMBEDDED`].
pub const EMBEDDED_NAME: &str = "small-tasks";

/// 3,600 tasks in English and Chinese that a tiny model can learn in a minute, written for this project.
///
/// An instruction that returns with many inputs makes a family: the first word of a list, two words swapped, a greeting, a
/// sentence made a question. The test and the validation part hold only inputs that no training task of their family has,
/// not even with the same words in another order. What cannot be worked out from the input (opposites, capitals, sums) the
/// training part tells under another instruction. Within the parts the order is random.
pub const DRILLS: &str = include_str!("../assets/drills.json");

/// The name under which [`Entries::load`] finds [`DRILLS`].
pub const DRILLS_NAME: &str = "drills";

/// A task, what it works on, and a good answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// What to do.
    pub instruction: String,
    /// What to do it with; empty if the instruction says everything.
    pub input: String,
    /// The expected answer: the model is trained on it or compared with it.
    pub output: String,
    /// A model's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_response: Option<String>,
}

/// The keys that every entry has.
const REQUIRED: [&str; 3] = ["instruction", "input", "output"];

/// The key of a model's answer.
pub const RESPONSE_KEY: &str = "model_response";

/// Why a list of entries cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// Nothing has this name.
    #[error(
        "{name} is neither a file nor a data set; `llm data list` names these, and {EMBEDDED_NAME} and {DRILLS_NAME} are \
             embedded"
    )]
    Absent {
        /// The name.
        name: String,
    },
    /// The text cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The text is not JSON.
    #[error("{name} is not JSON: {source}")]
    NotJson {
        /// The file.
        name: String,
        /// Where and why.
        source: serde_json::Error,
    },
    /// The text is JSON, but not a list.
    #[error("{name} is not a list of entries: its outermost value must be a JSON array")]
    NotAList {
        /// The file.
        name: String,
    },
    /// The list is empty.
    #[error("{name} has no entries")]
    Empty {
        /// The file.
        name: String,
    },
    /// An entry has another form.
    #[error("{name}: entry {index} (the first is 0): {problem}")]
    Entry {
        /// The file.
        name: String,
        /// Its index in the list, from 0 as in the book.
        index: usize,
        /// What is wrong with it.
        problem: Problem,
    },
}

/// What is wrong with an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// It is not a JSON object.
    NotAnObject,
    /// It lacks a key.
    Missing(&'static str),
    /// The value of a key is no text; the second field says what it is.
    NotText(&'static str, &'static str),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject => write!(f, "it is not an object with the keys {}", REQUIRED.join(", ")),
            Self::Missing(key) => write!(f, "the key \"{key}\" is missing"),
            Self::NotText(key, found) => write!(f, "the value of \"{key}\" is {found}, not a text"),
        }
    }
}

/// Reads and writes lists of entries.
#[derive(Debug)]
pub struct Entries;

impl Entries {
    /// The entries of a file, of [`EMBEDDED_NAME`] or [`DRILLS_NAME`], or of a data set of the catalogue: the first of these that exists.
    ///
    /// # Errors
    /// If nothing has this name, or it does not hold entries.
    pub fn load(name: &str) -> Result<Vec<Entry>, EntryError> {
        let path = Path::new(name);
        if (path.exists() && !path.is_dir()) || name.ends_with(".json") {
            Self::parse(&data::read_text(path)?, name)
        } else if name == EMBEDDED_NAME {
            Self::parse(EMBEDDED, name)
        } else if name == DRILLS_NAME {
            Self::parse(DRILLS, name)
        } else {
            let set = data::find(name).map_err(|_| EntryError::Absent { name: name.into() })?;
            Self::parse(&set.text()?, name)
        }
    }

    /// The entries in a JSON text. Other keys are ignored; `name` is the source of the text in error messages. A number or a
    /// truth value is the text that Python writes for it, as in the book's prompts; `null` says that there is no input, or
    /// no model's answer.
    ///
    /// # Errors
    /// If it is not a list of at least one object with the keys `instruction`, `input` and `output`, all of them texts.
    pub fn parse(json: &str, name: &str) -> Result<Vec<Entry>, EntryError> {
        parse_list(json, name, entry)
    }

    /// The JSON text of `entries`, laid out as the book's files: indented by four spaces per level.
    pub fn to_json(entries: &[Entry]) -> String {
        let mut json = Vec::new();
        let layout = serde_json::ser::PrettyFormatter::with_indent(b"    ");
        let mut serializer = serde_json::Serializer::with_formatter(&mut json, layout);
        entries.serialize(&mut serializer).expect("entries are texts, and memory takes all bytes");
        String::from_utf8(json).expect("JSON is UTF-8")
    }
}

/// Every value in a JSON list, converted by `read`.
pub(crate) fn parse_list<T>(
    json: &str,
    name: &str,
    read: impl Fn(&Value) -> Result<T, Problem>,
) -> Result<Vec<T>, EntryError> {
    let name = || name.to_string();
    let value: Value = serde_json::from_str(json).map_err(|source| EntryError::NotJson { name: name(), source })?;
    let Value::Array(values) = value else { return Err(EntryError::NotAList { name: name() }) };
    if values.is_empty() {
        return Err(EntryError::Empty { name: name() });
    }
    values
        .iter()
        .enumerate()
        .map(|(index, value)| read(value).map_err(|problem| EntryError::Entry { name: name(), index, problem }))
        .collect()
}

/// The text that an object has under `key`.
pub(crate) fn text(value: &Value, key: &'static str) -> Result<String, Problem> {
    optional_text(value, key)?.ok_or(Problem::NotText(key, "null"))
}

/// The text that an object has under `key`; `None` for `null`.
fn optional_text(value: &Value, key: &'static str) -> Result<Option<String>, Problem> {
    let object = value.as_object().ok_or(Problem::NotAnObject)?;
    match object.get(key) {
        None => Err(Problem::Missing(key)),
        Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) => Ok(Some(as_python_writes(number))),
        Some(Value::Bool(true)) => Ok(Some("True".to_string())),
        Some(Value::Bool(false)) => Ok(Some("False".to_string())),
        Some(Value::Array(_)) => Err(Problem::NotText(key, "a list")),
        Some(Value::Object(_)) => Err(Problem::NotText(key, "an object")),
    }
}

/// A number as Python's `str` writes it: `7`, `2.5`, `1e+16`.
fn as_python_writes(number: &Number) -> String {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else { return number.to_string() };
    let text = format!("{float:?}");
    match text.split_once('e').and_then(|(digits, exponent)| Some((digits, exponent.parse::<i32>().ok()?))) {
        Some((digits, exponent)) => format!("{digits}e{exponent:+03}"),
        None => text,
    }
}

pub(crate) fn entry(value: &Value) -> Result<Entry, Problem> {
    let has_response = value.get(RESPONSE_KEY).is_some();
    Ok(Entry {
        instruction: text(value, "instruction")?,
        input: optional_text(value, "input")?.unwrap_or_default(),
        output: text(value, "output")?,
        model_response: if has_response { optional_text(value, RESPONSE_KEY)? } else { None },
    })
}

impl Entry {
    /// An entry without a model's answer.
    pub fn new(instruction: impl Into<String>, input: impl Into<String>, output: impl Into<String>) -> Self {
        Self { instruction: instruction.into(), input: input.into(), output: output.into(), model_response: None }
    }
}

/// The three parts of a data set (listing 7.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition<'a> {
    /// The first 85 %: the model is trained on these.
    pub train: &'a [Entry],
    /// The next 10 %: its answers to these are judged at the end.
    pub test: &'a [Entry],
    /// The rest: its loss on these is measured during training.
    pub validation: &'a [Entry],
}

/// Splits a data set by position, without shuffling.
pub fn partition(entries: &[Entry]) -> Partition<'_> {
    let share = |share: f64| (entries.len() as f64 * share) as usize;
    let (train, rest) = entries.split_at(share(0.85));
    let (test, validation) = rest.split_at(share(0.1));
    Partition { train, test, validation }
}
