//! How a request becomes a prompt for a model.

use ch07_instruct::PromptFormat;
use fast::conversation::Window;
use fast::{Conversation, check_prompt, crop};

use crate::messages::{ChatMessage, MessageError, Talk};
use crate::models::{ModelCard, Skill};

/// The ids that a model continues.
#[derive(Debug)]
pub struct Prompt {
    pub ids: Vec<u32>,
    /// Earlier turns of the conversation that did not fit.
    pub forgotten_turns: usize,
    /// Tokens besides these that did not fit into the context.
    pub forgotten_tokens: usize,
}

/// Why a model cannot continue a prompt.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    #[error(transparent)]
    Prompt(#[from] fast::PromptError),
    #[error(
        "the prompt has {tokens} tokens, but the context holds {context_size}; shorten it, or leave truncate out, which \
         drops its beginning"
    )]
    TooLong { tokens: usize, context_size: usize },
}

impl Prompt {
    /// Checks the prompt against the model, and returns the number of its tokens.
    ///
    /// # Errors
    /// If there are none, more than the context holds, or unknown ones.
    pub fn check(&self, card: &ModelCard, context_size: usize) -> Result<usize, RequestError> {
        check_prompt(&self.ids, &card.config)?;
        let tokens = self.ids.len();
        if tokens > context_size { Err(RequestError::TooLong { tokens, context_size }) } else { Ok(tokens) }
    }
}

impl ModelCard {
    /// The prompt of `/api/generate`. A model that follows instructions takes the text as one, unless it is `raw`.
    pub fn completion(&self, text: &str, system: &str, raw: bool, window: Window) -> Prompt {
        if let (Skill::Follow(format), false) = (&self.skill, raw) {
            let prompt = start(*format, system).prompt(text, window, &self.tokenizer);
            return Prompt { ids: prompt.ids, forgotten_turns: 0, forgotten_tokens: prompt.left_out };
        }
        let mut ids = match system {
            "" => self.tokenizer.encode_ordinary(text),
            _ => self.tokenizer.encode_ordinary(&format!("{system}\n\n{text}")),
        };
        let forgotten_tokens = crop(&mut ids, window.context_size);
        Prompt { ids, forgotten_turns: 0, forgotten_tokens }
    }

    /// The prompt of `/api/chat`. A model that was not fine-tuned gets the messages line by line.
    ///
    /// # Errors
    /// If there is a message that cannot be read.
    pub fn conversation(&self, messages: &[ChatMessage], window: Window) -> Result<Prompt, MessageError> {
        let Talk { system, turns, message, begun } = Talk::new(messages)?;
        let mut conversation = match self.skill {
            Skill::Follow(format) => start(format, &system),
            _ => Conversation::plain(&system),
        };
        for (message, answer) in turns {
            match message {
                Some(message) => conversation.push(&message, &answer),
                None => conversation.greet(&answer),
            }
        }
        let prompt = conversation.continue_answer(message.as_deref(), &begun, window, &self.tokenizer);
        Ok(Prompt { ids: prompt.ids, forgotten_turns: prompt.dropped, forgotten_tokens: prompt.left_out })
    }
}

/// A conversation in which nothing has been said. An empty system message counts as none.
fn start(format: PromptFormat, system: &str) -> Conversation {
    if system.is_empty() { Conversation::new(format) } else { Conversation::with_system(format, system) }
}
