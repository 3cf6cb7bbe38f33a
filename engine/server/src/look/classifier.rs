//! What a classifier shows: the probabilities of its classes, and what each token contributed.

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor, TensorData, s};
use ch05_pretrain::tokens::ids_to_tensor;
use ch06_classify::bonus::contributions::contributions;
use ch06_classify::{ClassifyError, Label, Readout};
use fast::Inspect;
use shared::Tokenizer;

use super::numbers::{in_16_bits, in_32_bits, values};
use super::question::{Input, Question};
use super::token_texts::TokenTexts;
use super::wire::{Answer, Padding, View};
use super::{LookError, MAX_TOKENS};
use crate::loaded::Classifier;

/// What the classifier shows of a message, which is truncated and padded as in [`ch06_classify::classify_review`].
pub fn view<M: Inspect, T: Tokenizer>(
    classifier: &Classifier<M, T>,
    texts: &impl TokenTexts,
    question: &Question,
    device: &Device,
) -> Result<View, LookError> {
    let Classifier { model, tokenizer, max_length, readout } = classifier;
    let Message { ids, real, skipped, truncated } = message(classifier, question)?;
    let inputs = ids_to_tensor(&ids, &device.clone().inner()); // [1, tokens]
    // The operations need parameters on the device that records gradients, but no gradients of the parameters.
    let recording = model.clone().train().no_grad();
    let mut states = Vec::new();
    let explained = contributions(model.token_vectors(inputs.clone()), |vectors| {
        states = recording.hidden_states(vectors);
        let logits = recording.read(states[states.len() - 1].clone()); // [1, tokens, classes]
        readout.select(logits, &inputs, tokenizer.end_of_text_id())
    });
    let probabilities = in_32_bits(softmax(explained.logits, 1))?;
    let per_token = in_32_bits(explained.per_token)?;
    let (probabilities, (contributions, of_padding)) = (values(&probabilities)?, values(&per_token)?.split_at(real));
    let padding = Padding { tokens: of_padding.len(), contribution: of_padding.iter().sum() };
    let ids = &ids[..real];
    Ok(View {
        tokens: ids.iter().map(|&id| texts.token(id)).collect(),
        text: texts.together(ids),
        skipped,
        position: position(*readout, real, padding.tokens),
        answer: Answer::Classes {
            classes: Label::ALL.map(|label| (label.name(), probabilities[label.class()])).to_vec(),
            contributions: contributions.to_vec(),
            truncated,
            padding: max_length.map(|_| padding),
        },
        attention: question.attention.then(|| attention(model, states, real)).transpose()?,
    })
}

/// The attention weights between the tokens without padding, `[1, heads, real, real]` for each layer.
fn attention(model: &impl Inspect, states: Vec<Tensor<3>>, real: usize) -> Result<Vec<TensorData>, LookError> {
    let [_, all, _] = states[0].dims();
    // Padding comes after the tokens: with the causal mask, they do not see it.
    let seen = if model.is_causal() { real } else { all };
    let states: Vec<Tensor<3>> = states.into_iter().map(|x| x.inner().slice(s![.., ..seen, ..])).collect();
    let weights = model.attention_weights(&states).into_iter();
    weights.map(|weights| in_16_bits(weights.slice(s![.., .., ..real, ..real]))).collect()
}

/// A message as the classifier reads it.
struct Message {
    /// With padding.
    ids: Vec<u32>,
    /// Number of ids without padding.
    real: usize,
    /// Number of tokens that were left out at the beginning, because no more are looked at.
    skipped: usize,
    /// Number of tokens that the classifier itself does not read, at the end.
    truncated: usize,
}

fn message<M: Inspect, T: Tokenizer>(
    classifier: &Classifier<M, T>,
    question: &Question,
) -> Result<Message, ClassifyError> {
    let Classifier { model, tokenizer, max_length, .. } = classifier;
    let mut ids = match &question.input {
        Input::Ids { ids, .. } => ids.clone(),
        Input::Text(text) => tokenizer.encode_ordinary(text),
    };
    let context_length = model.context_length();
    if let Some(max_length) = max_length.filter(|n| !(1..=context_length).contains(n)) {
        return Err(ClassifyError::Length { max_length, context_length });
    }
    if ids.is_empty() {
        return Err(ClassifyError::Empty);
    }
    let limit = max_length.unwrap_or(context_length);
    let truncated = ids.len().saturating_sub(limit);
    ids.truncate(limit);
    let skipped = ids.len().saturating_sub(MAX_TOKENS);
    ids.drain(..skipped);
    let real = ids.len();
    if max_length.is_some() {
        ids.resize(limit, tokenizer.end_of_text_id());
    }
    Ok(Message { ids, real, skipped, truncated })
}

/// The token whose output is classified, unless that is padding or all of them.
fn position(readout: Readout, real: usize, padding: usize) -> Option<usize> {
    match readout {
        Readout::First => Some(0),
        Readout::LastReal => Some(real - 1),
        Readout::Last => (padding == 0).then_some(real - 1),
        Readout::Mean => None,
    }
}
