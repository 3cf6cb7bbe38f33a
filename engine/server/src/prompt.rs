//! How a request becomes a prompt for a model.

use ch02_text::{Gpt2Tokenizer, long_text};
use ch07_instruct::PromptFormat;
use fast::conversation::ChatError;
use fast::{Conversation, check_prompt};
use serde::Deserialize;

use crate::models::{ModelCard, Skill};

const ROLES: [&str; 3] = ["system", "user", "assistant"];

/// A message of a conversation.
#[derive(Clone, Debug, Deserialize)]
pub struct ChatMessage {
    pub role: String,
    #[serde(default)]
    pub content: String,
}

/// The ids that a model continues.
#[derive(Debug)]
pub struct Prompt {
    pub ids: Vec<u32>,
    /// Earlier turns of the conversation that did not fit.
    pub forgotten: usize,
}

/// Why a request has no prompt.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    #[error(transparent)]
    Prompt(#[from] fast::PromptError),
    #[error(transparent)]
    Chat(#[from] ChatError),
    #[error("the role '{0}' is unknown; there are {roles}", roles = ROLES.join(", "))]
    UnknownRole(String),
    #[error("the last of the messages must be the user's")]
    NotTheUsersTurn,
}

impl ModelCard {
    /// The prompt of `/api/generate`. A model that follows instructions takes the text as one, unless it is `raw`.
    pub fn completion(
        &self,
        text: &str,
        system: Option<&str>,
        raw: bool,
        room: usize,
        tokenizer: &Gpt2Tokenizer,
    ) -> Result<Prompt, RequestError> {
        if text.is_empty() {
            return Err(fast::PromptError::Empty.into());
        }
        if let (Skill::Follow(format), false) = (&self.skill, raw) {
            let prompt = start(*format, system).prompt(text, room, tokenizer)?;
            return Ok(Prompt { ids: prompt.ids, forgotten: 0 });
        }
        match system.filter(|system| !system.is_empty()) {
            Some(system) => self.plain(&format!("{system}\n\n{text}"), tokenizer),
            None => self.plain(text, tokenizer),
        }
    }

    /// The prompt of `/api/chat`. A model that was not fine-tuned gets the messages as one text.
    pub fn conversation(
        &self,
        messages: &[ChatMessage],
        room: usize,
        tokenizer: &Gpt2Tokenizer,
    ) -> Result<Prompt, RequestError> {
        if let Some(other) = messages.iter().map(|message| &message.role).find(|role| !ROLES.contains(&role.as_str())) {
            return Err(RequestError::UnknownRole(other.clone()));
        }
        let Skill::Follow(format) = self.skill else {
            let text: String = messages.iter().map(|message| format!("{}\n", message.content)).collect();
            return self.plain(&text, tokenizer);
        };
        let (system, turns): (Vec<&ChatMessage>, Vec<&ChatMessage>) =
            messages.iter().partition(|message| message.role == "system");
        let Some((question, past)) = turns.split_last().filter(|(last, _)| last.role == "user") else {
            return Err(RequestError::NotTheUsersTurn);
        };
        let mut conversation = start(format, system.last().map(|message| message.content.as_str()));
        let mut asked = None;
        for message in past {
            match (message.role.as_str(), asked.take()) {
                ("user", _) => asked = Some(&message.content),
                (_, Some(asked)) => conversation.push(asked, &message.content),
                // An answer to nothing, as when a client opens with a greeting.
                (_, None) => {}
            }
        }
        let prompt = conversation.prompt(&question.content, room, tokenizer)?;
        Ok(Prompt { ids: prompt.ids, forgotten: prompt.dropped })
    }

    /// A text as it is.
    fn plain(&self, text: &str, tokenizer: &Gpt2Tokenizer) -> Result<Prompt, RequestError> {
        let ids = long_text::encode(tokenizer, text);
        check_prompt(&ids, &self.config)?;
        Ok(Prompt { ids, forgotten: 0 })
    }
}

/// A conversation in which nothing has been said. An empty system message counts as none.
fn start(format: PromptFormat, system: Option<&str>) -> Conversation {
    match system.filter(|system| !system.is_empty()) {
        Some(system) => Conversation::with_system(format, system),
        None => Conversation::new(format),
    }
}
