//! What a model that writes shows: the next token, and how its prediction takes shape.

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor, TensorData, s};
use ch05_pretrain::tokens::ids_to_tensor;
use fast::Inspect;
use fast::top_k::most_likely;

use super::LookError;
use super::numbers::{in_16_bits, in_32_bits, values};
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
    let states = model.hidden_states(vectors); // layers + 1 of them, [1, tokens, emb_dim]

    let at_position = states.iter().map(|state| state.clone().slice(s![.., position..position + 1, ..]));
    let logits = model.read(Tensor::cat(at_position.collect(), 1)); // [1, layers + 1, vocab_size]
    let probabilities = in_32_bits(softmax(logits.clone(), 2))?;
    let next = in_32_bits(logits.clone().slice(s![.., -1.., ..]))?; // [1, 1, vocab_size]
    let top = most_likely(values(&next)?, NEXT).into_iter().map(token).collect();

    let [_, _, vocab_size] = logits.dims();
    let logits = in_32_bits(logits)?;
    let layers = values(&logits)?.chunks_exact(vocab_size).zip(values(&probabilities)?.chunks_exact(vocab_size));
    let lens = layers.map(|(logits, probabilities)| {
        let likely = most_likely(logits, AFTER_LAYER).into_iter();
        likely.map(|id| Likely { token: token(id), probability: probabilities[id as usize] }).collect()
    });
    Ok(View {
        tokens: ids.iter().copied().map(token).collect(),
        text: texts.together(ids),
        skipped: *skipped,
        position: Some(position),
        answer: Answer::Next { lens: lens.collect(), logits: next, top },
        attention: question.attention.then(|| attention(model, &states)).transpose()?,
    })
}

/// The attention weights of each layer, `[1, heads, tokens, tokens]`.
pub(super) fn attention(model: &impl Inspect, states: &[Tensor<3>]) -> Result<Vec<TensorData>, LookError> {
    model.attention_weights(states).into_iter().map(in_16_bits).collect()
}
