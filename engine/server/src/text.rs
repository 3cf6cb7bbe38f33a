//! How a model reads and writes text: its tokenizer, the form of its conversations, what ends an answer.

use std::sync::Arc;

use ch02_text::Gpt2Tokenizer;
use ch07_instruct::PromptFormat;
use fast::Conversation;
use fast::conversation::Window;
use model_text::{ChatTemplate, ModelTokenizer};

use crate::look::TokenTexts;
use crate::messages::Talk;
use crate::prompt::{Prompt, RequestError};
use crate::template::Templated;

/// How a model reads and writes text.
#[derive(Clone, Debug)]
pub struct Text(Kind);

#[derive(Clone, Debug)]
enum Kind {
    /// As the book's models do, with the prompt format of the fine-tuning, if there was one.
    Gpt(Gpt2Tokenizer, Option<PromptFormat>),
    /// As a model after GPT-2 does.
    Published(Arc<Published>),
}

/// The texts of a published model.
#[derive(Debug)]
struct Published {
    tokenizer: ModelTokenizer,
    form: ChatForm,
    stop_ids: Vec<u32>,
}

/// The form of the conversations of a published model.
#[derive(Debug)]
pub enum ChatForm {
    /// It was not trained to answer.
    None,
    /// It was fine-tuned on tasks in a format of chapter 7.
    Format(PromptFormat),
    /// It has a template of its own.
    Template(ChatTemplate),
}

impl Text {
    /// The text of a GPT, and the prompt format that it was fine-tuned with, if it was.
    pub fn gpt(tokenizer: Gpt2Tokenizer, format: Option<PromptFormat>) -> Self {
        Self(Kind::Gpt(tokenizer, format))
    }

    /// The text of a model after GPT-2, and the ids that end an answer.
    pub fn published(tokenizer: ModelTokenizer, form: ChatForm, stop_ids: Vec<u32>) -> Self {
        Self(Kind::Published(Arc::new(Published { tokenizer, form, stop_ids })))
    }

    /// Whether the model was trained to answer.
    pub(crate) fn answers(&self) -> bool {
        match &self.0 {
            Kind::Gpt(_, format) => format.is_some(),
            Kind::Published(published) => !matches!(published.form, ChatForm::None),
        }
    }

    /// The chat template, if the model has one.
    pub(crate) fn template(&self) -> Option<&ChatTemplate> {
        match &self.0 {
            Kind::Gpt(..) => None,
            Kind::Published(published) => published.template(),
        }
    }

    /// The ids that end an answer.
    pub(crate) fn stop_ids(&self) -> Vec<u32> {
        match &self.0 {
            Kind::Gpt(tokenizer, _) => vec![tokenizer.end_of_text_id()],
            Kind::Published(published) => published.stop_ids.clone(),
        }
    }

    /// A text that the model continues as it is. What looks like a control token in it is text.
    pub(crate) fn continued(&self, text: &str, window: Window) -> Prompt {
        let room = match &self.0 {
            Kind::Gpt(..) => window.context_size,
            Kind::Published(_) => window.room(),
        };
        let mut ids = self.document(text);
        let forgotten_tokens = self.crop(&mut ids, room);
        Prompt { ids, forgotten_turns: 0, forgotten_tokens }
    }

    /// Drops ids at the beginning, so that at most `context_size` are left, and returns their number. The ids that the model
    /// expects before every text stay.
    pub(crate) fn crop(&self, ids: &mut Vec<u32>, context_size: usize) -> usize {
        let begin_ids = match &self.0 {
            Kind::Gpt(..) => &[],
            Kind::Published(published) => published.tokenizer.begin_ids(),
        };
        let left_out = ids.len().saturating_sub(context_size);
        let begin = if ids.starts_with(begin_ids) { begin_ids.len().min(context_size) } else { 0 };
        ids.drain(begin..begin + left_out);
        left_out
    }

    /// The texts of single tokens.
    pub(crate) fn token_texts(&self) -> &dyn TokenTexts {
        match &self.0 {
            Kind::Gpt(tokenizer, _) => tokenizer,
            Kind::Published(published) => &published.tokenizer,
        }
    }

    /// The ids of a text alone, with those that the model expects before every text.
    pub(crate) fn document(&self, text: &str) -> Vec<u32> {
        match &self.0 {
            Kind::Gpt(tokenizer, _) => tokenizer.encode_ordinary(text),
            Kind::Published(published) => published.tokenizer.encode_document(text),
        }
    }

    /// The bytes of one token, which can be a part of a character; of a token that is not shown, its name. None of an
    /// unknown one.
    pub(crate) fn token_bytes(&self, id: u32) -> Vec<u8> {
        match &self.0 {
            Kind::Gpt(tokenizer, _) => tokenizer.decode_bytes(&[id]).unwrap_or_default(),
            Kind::Published(published) => published.tokenizer.token_bytes(id).unwrap_or_default().into_owned(),
        }
    }

    /// What the model continues with its next answer. A GPT that was not fine-tuned gets the messages line by line.
    ///
    /// # Errors
    /// If the model holds no conversations, or its template refuses this one.
    pub(crate) fn answered(&self, talk: Talk, window: Window) -> Result<Prompt, RequestError> {
        match &self.0 {
            Kind::Gpt(tokenizer, format) => {
                Ok(formatted(*format, talk, window, |text| tokenizer.encode_ordinary(text)))
            }
            Kind::Published(published) => published.answered(talk, window),
        }
    }

    /// Decoding id by id, while the model writes.
    pub(crate) fn stream(&self) -> TextStream<'_> {
        match &self.0 {
            Kind::Gpt(tokenizer, _) => TextStream::Gpt(fast::TextStream::new(tokenizer)),
            Kind::Published(published) => TextStream::Published(published.tokenizer.stream()),
        }
    }

    /// Whether ids and prompts of the one suit the other.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Kind::Gpt(tokenizer, format), Kind::Gpt(other, other_format)) => {
                (tokenizer.vocabulary(), format) == (other.vocabulary(), other_format)
            }
            (Kind::Published(published), Kind::Published(other)) => published.is_like(other),
            _ => false,
        }
    }
}

impl Published {
    fn template(&self) -> Option<&ChatTemplate> {
        match &self.form {
            ChatForm::Template(template) => Some(template),
            ChatForm::None | ChatForm::Format(_) => None,
        }
    }

    fn answered(&self, talk: Talk, window: Window) -> Result<Prompt, RequestError> {
        let tokenizer = &self.tokenizer;
        match &self.form {
            ChatForm::None => Err(RequestError::NoTemplate),
            ChatForm::Template(template) => Templated { tokenizer, template }.prompt(&talk, window),
            ChatForm::Format(format) => {
                // The begin token and a token of the answer need a place as well.
                let context_size = window.context_size.saturating_sub(tokenizer.begin_ids().len() + 1).max(1);
                let window = Window { context_size, ..window };
                let mut prompt = formatted(Some(*format), talk, window, |text| tokenizer.encode(text));
                prompt.ids.splice(0..0, tokenizer.begin_ids().iter().copied());
                Ok(prompt)
            }
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        let same_form = match (&self.form, &other.form) {
            (ChatForm::None, ChatForm::None) => true,
            (ChatForm::Format(format), ChatForm::Format(other)) => format == other,
            (ChatForm::Template(template), ChatForm::Template(other)) => template.source() == other.source(),
            _ => false,
        };
        let size = self.tokenizer.vocab_size();
        same_form
            && self.stop_ids == other.stop_ids
            && size == other.tokenizer.vocab_size()
            && (0..size as u32).all(|id| self.tokenizer.token(id) == other.tokenizer.token(id))
    }
}

/// Turns tokens that come one by one into pieces of whole characters.
pub(crate) enum TextStream<'t> {
    Gpt(fast::TextStream<'t>),
    Published(model_text::TextStream<'t>),
}

impl TextStream<'_> {
    /// The text that is complete with this token, which may be empty.
    ///
    /// # Errors
    /// If the id is not in the vocabulary, with the reason.
    pub fn push(&mut self, id: u32) -> Result<String, String> {
        match self {
            Self::Gpt(stream) => stream.push(id).map_err(|error| error.to_string()),
            Self::Published(stream) => stream.push(id).map_err(|error| error.to_string()),
        }
    }
}

/// A conversation in a format of chapter 7, or line by line without one.
fn formatted(format: Option<PromptFormat>, talk: Talk, window: Window, encode: impl Fn(&str) -> Vec<u32>) -> Prompt {
    let Talk { system, turns, message, begun } = talk;
    let mut conversation = match format {
        Some(format) if system.is_empty() => Conversation::new(format),
        Some(format) => Conversation::with_system(format, &system),
        None => Conversation::plain(&system),
    };
    for (message, answer) in turns {
        match message {
            Some(message) => conversation.push(&message, &answer),
            None => conversation.greet(&answer),
        }
    }
    let prompt = conversation.continue_answer(message.as_deref(), &begun, window, encode);
    Prompt { ids: prompt.ids, forgotten_turns: prompt.dropped, forgotten_tokens: prompt.left_out }
}

#[cfg(test)]
pub(crate) mod tests;
