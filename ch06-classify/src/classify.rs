//! A label for a new message (section 6.8).

use burn::tensor::Device;
use burn::tensor::activation::softmax;
use ch05_pretrain::tokens::ids_to_tensor;
use shared::{LanguageModel, Mode, Tokenizer};

use crate::{Label, NUM_CLASSES, Readout};

/// Why a message cannot be classified.
#[derive(Debug, thiserror::Error)]
pub enum ClassifyError {
    /// There is no text.
    #[error("the message is empty")]
    Empty,
    /// Messages cannot be longer than the model's context.
    #[error("max_length is {max_length}, but must be at least 1 and at most {context_length}, the model's context")]
    Length {
        /// The requested length.
        max_length: usize,
        /// The model's context.
        context_length: usize,
    },
    /// No class is more likely than the other.
    #[error("the classifier's logits are not finite numbers: its training has diverged, or its weights are damaged")]
    NotFinite,
}

/// The classifier's answer for a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The class with the larger probability.
    pub label: Label,
    /// Probabilities of ham and spam.
    pub probabilities: [f32; NUM_CLASSES],
    /// Number of tokens in the message.
    pub tokens: usize,
    /// Whether the message was longer than that and was truncated.
    pub truncated: bool,
}

/// Classifies a message, prepared as the training messages were: truncated or padded to `max_length` tokens; with `None`,
/// it is only truncated to the model's context (the book's `classify_review`, listing 6.12).
///
/// # Errors
/// If the message is empty, `max_length` does not fit the model, or the model's logits are not finite.
pub fn classify_review(
    text: &str,
    model: &impl LanguageModel,
    tokenizer: &impl Tokenizer,
    max_length: Option<usize>,
    readout: Readout,
    device: &Device,
) -> Result<Prediction, ClassifyError> {
    let context_length = model.context_length();
    if let Some(max_length) = max_length.filter(|n| !(1..=context_length).contains(n)) {
        return Err(ClassifyError::Length { max_length, context_length });
    }
    let mut ids = tokenizer.encode_ordinary(text);
    if ids.is_empty() {
        return Err(ClassifyError::Empty);
    }
    let tokens = ids.len();
    let limit = max_length.unwrap_or(context_length);
    ids.truncate(limit);
    if max_length.is_some() {
        ids.resize(limit, tokenizer.end_of_text_id());
    }

    let inputs = ids_to_tensor(&ids, &device.clone().inner()); // [1, tokens]
    let logits = model.valid().forward(inputs.clone(), &mut Mode::Eval); // [1, tokens, classes]
    let selected = readout.select(logits, &inputs, tokenizer.end_of_text_id()); // [1, classes]
    let probabilities = softmax(selected, 1).into_data();
    let mut found = [0.0; NUM_CLASSES];
    found.iter_mut().zip(probabilities.iter::<f32>()).for_each(|(place, probability)| *place = probability);
    if found.iter().any(|probability| probability.is_nan()) {
        return Err(ClassifyError::NotFinite);
    }
    let label = if found[1] > found[0] { Label::Spam } else { Label::Ham };
    Ok(Prediction { label, probabilities: found, tokens, truncated: tokens > limit })
}
