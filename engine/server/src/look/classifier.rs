//! What a classifier shows: the probabilities of its classes, and what each token contributed.

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Int, Tensor, s};
use ch04_gpt::bonus::Inside;
use ch05_pretrain::tokens::ids_to_tensor;
use ch06_classify::bonus::contributions::contributions;
use ch06_classify::{ClassifyError, Label, Readout};
use fast::inside::{Inspect, Wanted, on_pool};
use shared::Tokenizer;

use super::numbers::{in_32_bits, in_steps, values};
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
    let position = read_position(*readout, &inputs, tokenizer.end_of_text_id());
    let read = position.map_or(0..ids.len(), |position| position..position + 1);
    // With the causal mask, no later token has a part in the answer.
    let part = if model.is_causal() { read.end.max(real) } else { ids.len() };
    // The operations need parameters on the device that records gradients, but no gradients of the parameters.
    let recording = model.clone().train().no_grad();
    let wanted = Wanted { last: read, weights: if question.attention { real } else { 0 } };
    let vectors = model.token_vectors(inputs.slice(s![.., ..part])); // [1, part, emb_dim]
    let mut attention_weights = Vec::new();
    let classify = |vectors| {
        let Inside { mut hidden_states, attention_weights: weights } = recording.inside(vectors, &wanted);
        attention_weights = weights;
        let logits = recording.read(hidden_states.swap_remove(hidden_states.len() - 1)); // [1, read, classes]
        logits.mean_dim(1).squeeze_dim(1)
    };
    let explained = on_pool(|| contributions(vectors, classify));
    let probabilities = in_32_bits(softmax(explained.logits, 1))?;
    let per_token = in_32_bits(explained.per_token)?;
    let (probabilities, (contributions, of_padding)) = (values(&probabilities)?, values(&per_token)?.split_at(real));
    // The sum of no numbers is -0.
    let padding = Padding { tokens: ids.len() - real, contribution: of_padding.iter().sum::<f32>() + 0.0 };
    let ids = &ids[..real];
    Ok(View {
        tokens: ids.iter().map(|&id| texts.token(id)).collect(),
        text: texts.together(ids),
        skipped,
        position: position.filter(|position| *position < real),
        answer: Answer::Classes {
            classes: Label::ALL.map(|label| (label.name(), probabilities[label.class()])).to_vec(),
            contributions: contributions.to_vec(),
            truncated,
            padding: max_length.map(|_| padding),
        },
        attention: question.attention.then(|| in_steps(attention_weights)).transpose()?,
    })
}

/// The token whose output is classified, by the rule of the chapter; `None` if it is the mean of all.
fn read_position(readout: Readout, inputs: &Tensor<2, Int>, pad_token_id: u32) -> Option<usize> {
    if readout == Readout::Mean {
        return None;
    }
    let [_, tokens] = inputs.dims();
    let positions = Tensor::arange(0..tokens as i64, &inputs.device()).float().reshape([1, tokens, 1]);
    let position: f32 = readout.select(positions, inputs, pad_token_id).into_scalar();
    Some(position as usize)
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
