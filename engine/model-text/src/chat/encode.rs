//! A conversation as ids.

use super::opaque::StandIns;
use crate::{ChatError, ChatOptions, ChatTemplate, Message, ModelTokenizer};

impl ChatTemplate {
    /// The ids of a conversation. Control tokens are those that the template writes; what looks like one in a message is
    /// text, whoever wrote the message. Between control tokens the template's text and the contents are encoded as one
    /// text, as in the reference, so that a conversation without such tricks has the reference's ids.
    ///
    /// No begin token is added: a template writes its own.
    ///
    /// # Errors
    /// As [`render`](Self::render), and [`ChatError::TooManyCharacters`].
    pub fn encode(
        &self,
        tokenizer: &ModelTokenizer,
        messages: &[Message],
        options: &ChatOptions,
    ) -> Result<Vec<u32>, ChatError> {
        let rendered = self.render(messages, options)?;
        let stand_ins = StandIns::new(tokenizer, messages, &[self.source(), &rendered])?;
        let opaque = self.render(&stand_ins.hide(messages), options)?;
        // A template that looks into the contents writes something else when it does not see them. It may see those that
        // hold nothing to hide.
        if stand_ins.restore(&opaque) != rendered && !stand_ins.are_needed(messages) {
            return Ok(tokenizer.encode_template(&rendered));
        }
        Ok(tokenizer.encode_around(&opaque, |text| stand_ins.restore(text)))
    }
}
