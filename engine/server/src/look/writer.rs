//! What a model that writes shows: the next token, and how its prediction takes shape.

use burn::tensor::{Device, Tensor, s};
use ch04_gpt::bonus::Inside;
use ch05_pretrain::tokens::ids_to_tensor;
use fast::inside::{Inspect, Wanted, likely_tokens, on_pool};
use fast::top_k::most_likely;

use super::LookError;
use super::numbers::{in_32_bits, in_steps, values};
use super::question::{Input, Question};
use super::wire::{Answer, Likely, View};
use crate::card::ModelCard;

/// Number of the most likely next tokens whose texts the answer has.
const NEXT: usize = 100;

/// Number of tokens that are shown after each layer.
const AFTER_LAYER: usize = 5;

/// What the model shows of a text.
pub fn view(model: &impl Inspect, card: &ModelCard, question: &Question, device: &Device) -> Result<View, LookError> {
    let (Input::Ids { ids, skipped }, Some(text)) = (&question.input, card.text()) else {
        return Err(LookError::Failed(format!("the model '{}' writes no text", card.name)));
    };
    let texts = text.token_texts();
    let token = |id: u32| texts.token(id);
    let position = question.position.unwrap_or(ids.len() - 1);
    let vectors = model.token_vectors(ids_to_tensor(ids, &device.clone().inner())); // [1, tokens, emb_dim]
    let weights = if question.attention { ids.len() } else { 0 };
    let wanted = Wanted { last: position..position + 1, weights };
    let (logits, attention_weights) = on_pool(|| {
        let Inside { mut hidden_states, attention_weights } = model.inside(vectors, &wanted);
        // Of each state that of the token, layers + 1 of them, [1, 1, emb_dim]; the last one has no other.
        let last = hidden_states.pop().into_iter();
        let earlier = hidden_states.into_iter().map(|state| state.slice(s![.., wanted.last.clone(), ..]));
        (model.read(Tensor::cat(earlier.chain(last).collect(), 1)), attention_weights)
    });
    let [_, _, vocab_size] = logits.dims(); // [1, layers + 1, vocab_size]
    let next = in_32_bits(logits.clone().slice(s![.., -1.., ..]))?; // [1, 1, vocab_size]
    let top = most_likely(values(&next)?, NEXT).into_iter().map(token).collect();
    let lens = likely_tokens(values(&in_32_bits(logits)?)?, vocab_size, AFTER_LAYER)
        .into_iter()
        .map(|likely| likely.into_iter().map(|(id, probability)| Likely { token: token(id), probability }).collect());
    Ok(View {
        tokens: ids.iter().copied().map(token).collect(),
        text: texts.together(ids),
        skipped: *skipped,
        position: Some(position),
        answer: Answer::Next { lens: lens.collect(), logits: next, top },
        attention: question.attention.then(|| in_steps(attention_weights)).transpose()?,
    })
}
