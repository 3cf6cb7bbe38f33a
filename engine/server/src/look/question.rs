//! What a request of `/api/look` asks for.

use fast::check_ids;
use fast::conversation::Window;

use super::{LookError, MAX_TOKENS};
use crate::card::ModelCard;
use crate::fields::Fields;
use crate::refusal::{Refusal, bad_request};
use crate::service::Service;

/// What a request asks for.
pub(super) struct Question {
    pub input: Input,
    /// Index of the token after which the prediction is looked at; the last one without it.
    pub position: Option<usize>,
    /// Whether the attention weights are wanted.
    pub attention: bool,
}

/// The text that is looked at.
pub(super) enum Input {
    /// Ids, all of them known, and how many have been left out at the beginning.
    Ids { ids: Vec<u32>, skipped: usize },
    /// A text for a classifier, whose tokenizer is with the model.
    Text(String),
}

impl Service {
    /// A request of `/api/look`: the index of the model, and what is asked.
    pub(super) fn look(&self, mut fields: Fields) -> Result<(usize, Question), Refusal> {
        let name: Option<String> = fields.take("model")?;
        let text: Option<String> = fields.take("text")?;
        let ids: Option<Vec<u32>> = fields.take("ids")?;
        let position: Option<usize> = fields.take("position")?;
        let attention = fields.take("attention")?.unwrap_or(true);
        fields.finish(&[])?;
        let (model, card) = self.choose_model(name.as_deref(), "be looked into", Some)?;
        let input = match (text, ids) {
            (Some(text), None) => of_text(card, text)?,
            (None, Some(ids)) => of_ids(card, ids)?,
            (Some(_), Some(_)) => return Err(bad_request("give either text or ids, not both")),
            (None, None) => return Err(bad_request("bad request: missing field `text` or `ids`")),
        };
        match (&input, position) {
            (_, Some(_)) if card.text().is_none() => return Err(LookError::PositionOfClassifier.into()),
            (Input::Ids { ids, .. }, Some(position)) if position >= ids.len() => {
                return Err(LookError::Position { position, tokens: ids.len() }.into());
            }
            _ => {}
        }
        Ok((model, Question { input, position, attention }))
    }
}

fn of_text(card: &ModelCard, text: String) -> Result<Input, LookError> {
    if text.is_empty() {
        return Err(LookError::Empty);
    }
    let Some(writer) = card.text() else { return Ok(Input::Text(text)) };
    let prompt = writer.continued(&text, Window { context_size: room(card), answer: 0 });
    let (ids, skipped) = (prompt.ids, prompt.forgotten_tokens);
    // The model of a vocabulary that is too small for its tokenizer does not know every token.
    check_ids(&ids, card.sizes.vocab_size())?;
    Ok(Input::Ids { ids, skipped })
}

fn of_ids(card: &ModelCard, mut ids: Vec<u32>) -> Result<Input, LookError> {
    check_ids(&ids, card.sizes.vocab_size())?;
    let Some(writer) = card.text() else { return Ok(Input::Ids { ids, skipped: 0 }) };
    let skipped = writer.crop(&mut ids, room(card));
    Ok(Input::Ids { ids, skipped })
}

/// Maximum number of tokens that are looked at.
fn room(card: &ModelCard) -> usize {
    MAX_TOKENS.min(card.sizes.context_length())
}
