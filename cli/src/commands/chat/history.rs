//! What was said, in a context of limited length.

use std::collections::VecDeque;
use std::time::SystemTime;

use anyhow::Result;
use model_text::{ChatOptions, ChatTemplate, Message, ModelTokenizer};

/// What Qwen3's template calls the choice to think before an answer.
const THINKING: &str = "enable_thinking";

/// The turns so far, a turn being a message and its answer, and how a model reads them.
pub struct History<'m> {
    tokenizer: &'m ModelTokenizer,
    template: &'m ChatTemplate,
    options: ChatOptions,
    system: Option<String>,
    turns: VecDeque<[Message; 2]>,
    window: Window,
}

/// How many tokens there are.
#[derive(Clone, Copy)]
pub struct Window {
    /// Maximum number of tokens that the model sees.
    pub context_length: usize,
    /// Maximum number of tokens in an answer; below `context_length`.
    pub answer: usize,
}

impl Window {
    /// Maximum number of tokens in a prompt, so that a whole answer follows it.
    pub fn room(self) -> usize {
        self.context_length.saturating_sub(self.answer)
    }
}

/// What the model reads for its next answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Prompt {
    /// Its ids, and the number of turns that were forgotten to make room.
    Fits { ids: Vec<u32>, forgotten: usize },
    /// The message alone takes more tokens than are allowed.
    TooLong { tokens: usize, allowed: usize },
}

impl<'m> History<'m> {
    /// A conversation without turns. Templates that state the date take that of its beginning. With `think`, a model that can
    /// do so thinks before it answers; without, it answers at once, as the server's models do.
    pub fn new(
        tokenizer: &'m ModelTokenizer,
        template: &'m ChatTemplate,
        system: Option<String>,
        think: bool,
        window: Window,
    ) -> Self {
        let extra = [(THINKING.to_string(), think.into())].into_iter().collect();
        let options = ChatOptions { now: Some(SystemTime::now()), extra, ..ChatOptions::default() };
        Self { tokenizer, template, options, system, turns: VecDeque::new(), window }
    }

    /// Whether the template has a choice to think.
    ///
    /// # Errors
    /// If the template refuses the conversation.
    pub fn can_think(&self) -> Result<bool> {
        let encoded = |think: bool| {
            let mut options = self.options.clone();
            options.extra.insert(THINKING.to_string(), think.into());
            self.template.encode(self.tokenizer, &[Message::user("?")], &options)
        };
        Ok(encoded(true)? != encoded(false)?)
    }

    /// Number of turns.
    pub fn len(&self) -> usize {
        self.turns.len()
    }

    /// Adds a turn.
    pub fn push(&mut self, message: &str, answer: &str) {
        self.turns.push_back([Message::user(message), Message::assistant(answer)]);
    }

    /// Forgets all turns.
    pub fn clear(&mut self) {
        self.turns.clear();
    }

    /// The ids for the next answer. When they no longer fit, the oldest turns are forgotten until a quarter of the room is
    /// free: the model has to read everything else again then, and should not have to after every message.
    ///
    /// # Errors
    /// If the template refuses the conversation.
    pub fn prompt(&mut self, message: &str) -> Result<Prompt> {
        let room = self.window.room();
        let all = self.encode(0, message)?;
        if all.len() <= room {
            return Ok(Prompt::Fits { ids: all, forgotten: 0 });
        }
        let alone = self.encode(self.len(), message)?;
        // At least one token of an answer fits behind it.
        let allowed = self.window.context_length.saturating_sub(1);
        if alone.len() > allowed {
            return Ok(Prompt::TooLong { tokens: alone.len(), allowed });
        }
        let (mut ids, mut forgotten) = (alone, self.len());
        let mut least = 1;
        while least < forgotten {
            let half = least.midpoint(forgotten);
            let tried = self.encode(half, message)?;
            if tried.len() <= room / 4 * 3 {
                (ids, forgotten) = (tried, half);
            } else {
                least = half + 1;
            }
        }
        self.turns.drain(..forgotten);
        Ok(Prompt::Fits { ids, forgotten })
    }

    /// The ids without the oldest `skip` turns. What was said is text in them, never a control token.
    fn encode(&self, skip: usize, message: &str) -> Result<Vec<u32>> {
        let mut messages: Vec<Message> = self.system.iter().map(Message::system).collect();
        messages.extend(self.turns.iter().skip(skip).flatten().cloned());
        messages.push(Message::user(message));
        Ok(self.template.encode(self.tokenizer, &messages, &self.options)?)
    }
}
