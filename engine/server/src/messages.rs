//! The messages of a conversation, read as Ollama reads them.

use serde::Deserialize;
use serde_json::Value;

/// Maximum number of messages in a conversation, more than the models here can see.
const MAX_MESSAGES: usize = 4096;
const ROLES: [&str; 4] = ["system", "user", "assistant", "tool"];

/// A message of a conversation. Other fields of clients only label it.
#[derive(Clone, Debug, Deserialize)]
pub struct ChatMessage {
    role: String,
    content: Option<String>,
    /// Calls of tools, in the answer of another model.
    tool_calls: Option<Vec<Value>>,
    images: Option<Vec<Value>>,
}

/// Why messages cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    #[error("the role '{0}' is unknown; there are {roles}", roles = ROLES.join(", "))]
    UnknownRole(String),
    #[error("message {0} has images, but the models here read text only")]
    Images(usize),
    #[error("there are {0} messages; give at most {MAX_MESSAGES}, without the oldest")]
    TooMany(usize),
}

/// What has been said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Talk {
    /// All system messages.
    pub system: String,
    /// Messages and their answers. The first can be an answer alone: a greeting.
    pub turns: Vec<(Option<String>, String)>,
    /// What is to be answered; without it, the model speaks unasked.
    pub message: Option<String>,
    /// The beginning of the answer.
    pub begun: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Speaker {
    Reader,
    Model,
}

impl Talk {
    /// A single message.
    pub fn of(system: &str, message: &str) -> Self {
        Self { system: system.to_string(), message: Some(message.to_string()), ..Self::default() }
    }

    /// Reads messages as Ollama does: those in a row of one side are joined by an empty line, system messages count
    /// wherever they stand, and an answer at the end is continued. What a tool says is read as the reader's: the prompt
    /// formats of chapter 7 have no place for tools.
    ///
    /// # Errors
    /// If a role is unknown, or there are images or too many messages.
    pub fn new(messages: &[ChatMessage]) -> Result<Self, MessageError> {
        if messages.len() > MAX_MESSAGES {
            return Err(MessageError::TooMany(messages.len()));
        }
        let mut talk = Self::default();
        let mut said: Vec<(Speaker, String)> = Vec::new();
        for (index, message) in messages.iter().enumerate() {
            if message.images.as_ref().is_some_and(|images| !images.is_empty()) {
                return Err(MessageError::Images(index + 1));
            }
            let speaker = match message.role.to_lowercase().as_str() {
                "system" => {
                    append(&mut talk.system, &message.text());
                    continue;
                }
                "user" | "tool" => Speaker::Reader,
                "assistant" => Speaker::Model,
                _ => return Err(MessageError::UnknownRole(message.role.clone())),
            };
            match said.last_mut() {
                Some((last, text)) if *last == speaker => append(text, &message.text()),
                _ => said.push((speaker, message.text())),
            }
        }
        let begun = said.pop_if(|(speaker, _)| *speaker == Speaker::Model);
        talk.begun = begun.map(|(_, text)| text).unwrap_or_default();
        talk.message = said.pop().map(|(_, text)| text);
        let mut asked = None;
        for (speaker, text) in said {
            match speaker {
                Speaker::Reader => asked = Some(text),
                Speaker::Model => talk.turns.push((asked.take(), text)),
            }
        }
        Ok(talk)
    }
}

impl ChatMessage {
    /// The content, and calls of tools as JSON.
    fn text(&self) -> String {
        let mut text = self.content.clone().unwrap_or_default();
        for call in self.tool_calls.iter().flatten() {
            append(&mut text, &call.get("function").unwrap_or(call).to_string());
        }
        text
    }
}

/// Puts an empty line between two texts, if there are two.
fn append(text: &mut String, more: &str) {
    if !text.is_empty() && !more.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(more);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn talk(messages: Value) -> Result<Talk, MessageError> {
        Talk::new(&serde_json::from_value::<Vec<ChatMessage>>(messages).unwrap())
    }

    fn says(role: &str, content: &str) -> Value {
        json!({ "role": role, "content": content })
    }

    fn turn(message: Option<&str>, answer: &str) -> (Option<String>, String) {
        (message.map(str::to_string), answer.to_string())
    }

    #[test]
    fn no_message_vanishes() {
        let messages = json!([
            says("system", "Be brief."),
            says("assistant", "Hello."),
            says("assistant", "I am Rob."),
            says("user", "Hi."),
            says("system", "Answer in French."),
            says("user", "Who are you?"),
            says("assistant", ""),
            says("user", "My name is Kim."),
            says("user", ""),
            says("user", "What is my name?"),
            says("assistant", "Your name"),
            says("assistant", "is"),
        ]);
        let expected = Talk {
            system: "Be brief.\n\nAnswer in French.".to_string(),
            turns: vec![turn(None, "Hello.\n\nI am Rob."), turn(Some("Hi.\n\nWho are you?"), "")],
            message: Some("My name is Kim.\n\nWhat is my name?".to_string()),
            begun: "Your name\n\nis".to_string(),
        };
        assert_eq!(talk(messages), Ok(expected));
    }

    #[test]
    fn a_part_of_a_conversation_is_one_too() {
        let system = "Be brief.".to_string();
        assert_eq!(talk(json!([says("system", "Be brief.")])), Ok(Talk { system, ..Talk::default() }));
        let begun = "Once".to_string();
        assert_eq!(talk(json!([says("assistant", "Once")])), Ok(Talk { begun, ..Talk::default() }));
        let message = Some(String::new());
        assert_eq!(talk(json!([{ "role": "USER", "content": null }])), Ok(Talk { message, ..Talk::default() }));
    }

    #[test]
    fn calls_of_tools_and_their_results_are_text() {
        let call = json!({ "function": { "name": "temperature", "arguments": { "city": "Oslo" } } });
        let messages = json!([
            says("user", "How warm is it?"),
            { "role": "assistant", "content": null, "tool_calls": [call] },
            { "role": "tool", "content": "12 degrees", "tool_name": "temperature" },
        ]);
        let called = r#"{"arguments":{"city":"Oslo"},"name":"temperature"}"#;
        let turns = vec![turn(Some("How warm is it?"), called)];
        let message = Some("12 degrees".to_string());
        assert_eq!(talk(messages), Ok(Talk { turns, message, ..Talk::default() }));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        assert_eq!(talk(json!([says("judge", "")])), Err(MessageError::UnknownRole("judge".to_string())));
        let images = json!([says("user", "a"), { "role": "user", "content": "What is this?", "images": ["aGk="] }]);
        assert_eq!(talk(images), Err(MessageError::Images(2)));
        assert!(talk(json!([{ "role": "user", "content": "Hi.", "images": [] }])).is_ok());
    }
}
