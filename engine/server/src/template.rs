//! Prompts in the words of a model's own chat template.

use std::ops::Range;
use std::time::SystemTime;

use fast::conversation::Window;
use model_text::{ChatError, ChatOptions, ChatTemplate, Message, ModelTokenizer};

use crate::messages::Talk;
use crate::prompt::{Prompt, RequestError};

/// What a template calls the choice to think before an answer. Clients wait for the answer.
const THINKING: &str = "enable_thinking";

/// A model that holds conversations.
pub struct Templated<'t> {
    pub tokenizer: &'t ModelTokenizer,
    pub template: &'t ChatTemplate,
}

impl Templated<'_> {
    /// The ids for the next answer. Of turns that do not fit into the [room](Window::room) the oldest are forgotten, and a
    /// message that is too long alone loses its beginning. What was said is text in them, never a control token.
    ///
    /// # Errors
    /// If the template refuses the conversation, or there is no room for any message.
    pub fn prompt(&self, talk: &Talk, window: Window) -> Result<Prompt, RequestError> {
        let (room, message) = (window.room(), talk.message.as_deref());
        let all = self.encode(talk, 0, message)?;
        if all.len() <= room {
            return Ok(Prompt { ids: all, forgotten_turns: 0, forgotten_tokens: 0 });
        }
        let turns = talk.turns.len();
        if let Some((forgotten_turns, ids)) = shortest(1..turns + 1, room, |turn| self.encode(talk, turn, message))? {
            return Ok(Prompt { ids, forgotten_turns, forgotten_tokens: 0 });
        }
        let tokens = self.encode(talk, turns, message)?.len();
        let message = message.unwrap_or_default();
        let places: Vec<usize> = message.char_indices().map(|(at, _)| at).chain([message.len()]).collect();
        let without = |place: usize| self.encode(talk, turns, Some(&message[places[place]..]));
        match shortest(1..places.len(), room, without)? {
            Some((_, ids)) => Ok(Prompt { forgotten_tokens: tokens - ids.len(), ids, forgotten_turns: turns }),
            None => Err(RequestError::NoRoom { tokens, room }),
        }
    }

    /// The ids without the oldest `forgotten` turns, with this message at the end.
    fn encode(&self, talk: &Talk, forgotten: usize, message: Option<&str>) -> Result<Vec<u32>, ChatError> {
        let mut messages = Vec::new();
        if !talk.system.is_empty() {
            messages.push(Message::system(&talk.system));
        }
        for (message, answer) in talk.turns.iter().skip(forgotten) {
            messages.extend(message.as_ref().map(Message::user));
            messages.push(Message::assistant(answer));
        }
        messages.extend(message.map(Message::user));
        let extra = [(THINKING.to_string(), false.into())].into_iter().collect();
        let options = ChatOptions { now: Some(SystemTime::now()), extra, ..ChatOptions::default() };
        let mut ids = self.template.encode(self.tokenizer, &messages, &options)?;
        ids.extend(self.tokenizer.encode(&talk.begun));
        Ok(ids)
    }
}

/// The first of `choices` whose ids fit into `room`, where every choice has fewer than those before it; `None` if not even
/// the last one does.
fn shortest(
    choices: Range<usize>,
    room: usize,
    encode: impl Fn(usize) -> Result<Vec<u32>, ChatError>,
) -> Result<Option<(usize, Vec<u32>)>, ChatError> {
    let (mut least, mut end, mut found) = (choices.start, choices.end, None);
    while least < end {
        let half = least.midpoint(end);
        let ids = encode(half)?;
        if ids.len() <= room {
            found = Some((half, ids));
            end = half;
        } else {
            least = half + 1;
        }
    }
    Ok(found)
}
