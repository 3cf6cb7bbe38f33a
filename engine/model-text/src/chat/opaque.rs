//! Contents that a template can carry, but that cannot pass for the template's own text.
//!
//! Every character that occurs in a control token or a tag, except whitespace, gets a stand-in: a character that occurs
//! nowhere in the conversation, the template or the tokens. With stand-ins in its contents, a conversation goes
//! through the template as before (trimming sees the same whitespace, cutting off a beginning the same length), and every
//! control token in the result is one that the template has written.

use std::collections::{HashMap, HashSet};

use super::template::reasoning;
use crate::added::Part;
use crate::{ChatError, Message, ModelTokenizer, Role};

/// Stand-ins in both directions.
pub(super) struct StandIns<'t> {
    tokenizer: &'t ModelTokenizer,
    of: HashMap<char, char>,
    back: HashMap<char, char>,
    beginnings: HashSet<char>,
}

impl<'t> StandIns<'t> {
    /// Stand-ins for a conversation. `others`: texts that must not contain one either.
    ///
    /// # Errors
    /// [`ChatError::TooManyCharacters`]
    pub fn new(tokenizer: &'t ModelTokenizer, messages: &[Message], others: &[&str]) -> Result<Self, ChatError> {
        let (mut spelling, mut beginnings) = (HashSet::new(), HashSet::new());
        for token in tokenizer.template_tokens() {
            spelling.extend(token.chars().filter(|character| !character.is_whitespace()));
            beginnings.extend(token.chars().next());
        }
        let texts = messages.iter().flat_map(contents).chain(others.iter().copied());
        let used: HashSet<char> = texts.flat_map(str::chars).chain(spelling.iter().copied()).collect();
        let private = ('\u{e000}'..='\u{f8ff}').chain('\u{f0000}'..='\u{ffffd}').chain('\u{100000}'..='\u{10fffd}');
        let mut free = private.filter(|character| !used.contains(character));
        let mut of = HashMap::with_capacity(spelling.len());
        for character in spelling {
            of.insert(character, free.next().ok_or(ChatError::TooManyCharacters)?);
        }
        let back = of.iter().map(|(&character, &stand_in)| (stand_in, character)).collect();
        Ok(Self { tokenizer, of, back, beginnings })
    }

    /// Whether a control token or tag could begin in what is said, whole or in parts.
    pub fn are_needed(&self, messages: &[Message]) -> bool {
        messages.iter().flat_map(contents).flat_map(str::chars).any(|character| self.beginnings.contains(&character))
    }

    /// The conversation with stand-ins. Tags such as `</think>` stay what they are in what the model itself has said:
    /// templates look for them there, to leave old thoughts out.
    pub fn hide(&self, messages: &[Message]) -> Vec<Message> {
        let hide = |message: &Message, text: &str| match message.role {
            Role::Assistant => self.hide_around_tags(text),
            Role::System | Role::User => self.hide_all(text),
        };
        let hidden = messages.iter().map(|message| Message {
            role: message.role,
            content: hide(message, &message.content),
            reasoning_content: message.reasoning_content.as_deref().map(|text| hide(message, text)),
        });
        hidden.collect()
    }

    fn hide_all(&self, text: &str) -> String {
        text.chars().map(|character| *self.of.get(&character).unwrap_or(&character)).collect()
    }

    fn hide_around_tags(&self, text: &str) -> String {
        let parts = self.tokenizer.split_at_tags(text);
        let hide = |part| match part {
            Part::Text(text) => self.hide_all(text),
            Part::Token(tag) => self.tokenizer.token(tag).unwrap_or_default().to_string(),
        };
        parts.into_iter().map(hide).collect()
    }

    /// The text with the real characters.
    pub fn restore(&self, text: &str) -> String {
        text.chars().map(|character| *self.back.get(&character).unwrap_or(&character)).collect()
    }
}

fn contents(message: &Message) -> [&str; 2] {
    [&message.content, reasoning(message)]
}
