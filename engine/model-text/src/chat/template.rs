//! Running a template.

use std::time::SystemTime;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Error, ErrorKind, Value};
use minijinja_contrib::pycompat::unknown_method_callback;
use serde_json::{Map, Value as Json};

use super::date;
use crate::{ChatOptions, Message};

/// Work that every template may do, in the engine's units: one instruction, or 64 bytes of a text.
const FUEL: u64 = 100_000;
/// Work for every message. The published templates need less than 100.
const FUEL_PER_MESSAGE: u64 = 2_000;
/// Name of the template in its engine.
const NAME: &str = "chat_template";

/// Why a conversation cannot be written for a model.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "an error's message says what its fields are")]
pub enum ChatError {
    /// The template is no program.
    #[error("the chat template cannot be read: {0}")]
    BadTemplate(String),
    /// The template refuses the conversation.
    #[error("the chat template refuses this conversation: {0}")]
    Refused(String),
    /// The template does more than any published one does for such a conversation.
    #[error("the chat template was stopped because it works too long or makes too much text")]
    TooLong,
    /// The template cannot be run to its end.
    #[error("the chat template failed: {0}")]
    Failed(String),
    /// No character is left to stand in for one of the contents.
    #[error(
        "the conversation and the tokenizer use so many different characters that control tokens cannot be kept apart"
    )]
    TooManyCharacters,
}

/// The template of a model.
#[derive(Debug)]
pub struct ChatTemplate {
    source: String,
    special: Map<String, Json>,
}

impl ChatTemplate {
    /// A template in the language Jinja. `special` has the names of control tokens that the template may ask for, such as
    /// `bos_token`: `<bos>`.
    ///
    /// # Errors
    /// [`ChatError::BadTemplate`]
    pub fn new<'n>(source: &str, special: impl IntoIterator<Item = (&'n str, &'n str)>) -> Result<Self, ChatError> {
        let template = Self {
            source: source.to_string(),
            special: special.into_iter().map(|(name, token)| (name.to_string(), token.into())).collect(),
        };
        template.engine(&ChatOptions::default(), 0)?;
        Ok(template)
    }

    /// The text of the template itself.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The conversation as the template writes it. To get ids, use [`encode`](Self::encode): in this text, nothing tells a
    /// control token of the template from one that a user has typed.
    ///
    /// # Errors
    /// [`ChatError::Refused`] with the template's own words, for example if two users speak in a row;
    /// [`ChatError::TooLong`], [`ChatError::Failed`].
    pub fn render(&self, messages: &[Message], options: &ChatOptions) -> Result<String, ChatError> {
        let size = messages.iter().map(|message| message.content.len() + reasoning(message).len()).sum::<usize>();
        let fuel = FUEL_PER_MESSAGE.saturating_mul(messages.len() as u64).saturating_add(size as u64);
        let engine = self.engine(options, fuel)?;
        let mut context = self.special.clone();
        context.extend(options.extra.clone());
        let messages = serde_json::to_value(messages).map_err(|error| ChatError::Failed(error.to_string()))?;
        context.insert("messages".into(), messages);
        context.insert("add_generation_prompt".into(), options.add_generation_prompt.into());
        let template = engine.get_template(NAME).map_err(failure)?;
        template.render(Value::from(Serde(context))).map_err(failure)
    }

    /// An engine with this template, which may do `fuel` more than every template may.
    fn engine(&self, options: &ChatOptions, fuel: u64) -> Result<Environment<'_>, ChatError> {
        let bad = |error: Error| ChatError::BadTemplate(in_one_line(&error));
        let mut engine = Environment::new();
        engine.set_fuel(Some(FUEL.saturating_add(fuel)));
        engine.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(bad)?);
        engine.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        engine.set_unknown_method_callback(unknown_method_callback);
        engine.add_function("raise_exception", raise_exception);
        if let Some(now) = options.now {
            engine.add_function("strftime_now", move |format: String| strftime(now, &format));
        }
        engine.add_template(NAME, &self.source).map_err(bad)?;
        Ok(engine)
    }
}

pub(super) fn reasoning(message: &Message) -> &str {
    message.reasoning_content.as_deref().unwrap_or_default()
}

/// A template that refuses a conversation. It is told from other errors by its source.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Raised(String);

fn raise_exception(reason: String) -> Result<Value, Error> {
    Err(Error::new(ErrorKind::InvalidOperation, "raise_exception").with_source(Raised(reason)))
}

fn strftime(now: SystemTime, format: &str) -> Result<String, Error> {
    date::format(now, format).map_err(|reason| Error::new(ErrorKind::InvalidOperation, reason))
}

fn failure(error: Error) -> ChatError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(this) = cause {
        if let Some(Raised(reason)) = this.downcast_ref() {
            return ChatError::Refused(reason.clone());
        }
        if this.downcast_ref::<Error>().is_some_and(|error| error.kind() == ErrorKind::OutOfFuel) {
            return ChatError::TooLong;
        }
        cause = this.source();
    }
    ChatError::Failed(in_one_line(&error))
}

fn in_one_line(error: &Error) -> String {
    let text = error.to_string();
    text.lines().next().unwrap_or_default().to_string()
}
