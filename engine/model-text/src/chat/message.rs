//! What is said in a conversation.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions for the whole conversation, usually the first message.
    System,
    /// The person who asks.
    User,
    /// The model.
    Assistant,
}

/// One turn of a conversation, which is a list of messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: String,
    /// What the model thought before it answered, where it is known apart from the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<String>,
}

impl Message {
    /// A message without thoughts.
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        Self { role, content: content.into(), reasoning_content: None }
    }

    /// What the system says.
    pub fn system(content: impl Into<String>) -> Self {
        Self::new(Role::System, content)
    }

    /// What the user says.
    pub fn user(content: impl Into<String>) -> Self {
        Self::new(Role::User, content)
    }

    /// What the model has said.
    pub fn assistant(content: impl Into<String>) -> Self {
        Self::new(Role::Assistant, content)
    }
}

/// What a template is told beside the conversation.
#[derive(Debug, Clone)]
pub struct ChatOptions {
    /// Whether the beginning of an answer follows the conversation, for the model to go on from.
    pub add_generation_prompt: bool,
    /// What the template's function `strftime_now` takes for the current time, in UTC. Without it, there is no such function,
    /// and Llama's template writes the date of its training.
    pub now: Option<SystemTime>,
    /// Further variables that the template knows: `enable_thinking` for Qwen3, `date_string` for Llama 3.2. The text in
    /// them counts as the template's own.
    pub extra: Map<String, Value>,
}

impl Default for ChatOptions {
    /// With the beginning of an answer, without the time and further variables.
    fn default() -> Self {
        Self { add_generation_prompt: true, now: None, extra: Map::new() }
    }
}
