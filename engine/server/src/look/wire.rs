//! The answer of `/api/look` as JSON. Many numbers are texts in base64: a number in JSON takes ten bytes and more.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use burn::tensor::TensorData;
use serde::Serialize;
use serde_json::Error;

use super::token_texts::Token;
use crate::card::{ModelCard, Sizes};

/// What a model shows of a text.
pub struct View {
    pub tokens: Vec<Token>,
    /// The text of the tokens together.
    pub text: String,
    /// Tokens left out at the beginning.
    pub skipped: usize,
    /// Index of the token whose output is looked at; `None` if a classifier looks at another, or at all.
    pub position: Option<usize>,
    pub answer: Answer,
    /// The attention weights of each layer, `[1, heads, tokens, tokens]`, if they are wanted, in 16 bits.
    pub attention: Option<Vec<TensorData>>,
}

/// What comes out of a model.
pub enum Answer {
    Next {
        /// `[1, 1, vocab_size]`, in 32 bits.
        logits: TensorData,
        /// By falling logit.
        top: Vec<Token>,
        /// Before the first layer, and after each one.
        lens: Vec<Vec<Likely>>,
    },
    Classes {
        /// Names and probabilities.
        classes: Vec<(&'static str, f32)>,
        /// One number for each token.
        contributions: Vec<f32>,
        /// Tokens at the end that the classifier does not read.
        truncated: usize,
        /// If it pads messages.
        padding: Option<Padding>,
    },
}

/// A token that can come next.
#[derive(Serialize)]
pub struct Likely {
    #[serde(flatten)]
    pub token: Token,
    pub probability: f32,
}

/// The padding of a message, which the classifier reads as well.
#[derive(Serialize)]
pub struct Padding {
    pub tokens: usize,
    /// What all of it contributed.
    pub contribution: f32,
}

#[derive(Serialize)]
struct Body<'v> {
    model: &'v str,
    family: &'static str,
    layers: usize,
    heads: usize,
    vocab_size: usize,
    skipped: usize,
    tokens: &'v [Token],
    text: &'v str,
    position: Option<usize>,
    #[serde(flatten)]
    answer: Shown<'v>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Shown<'v> {
    Next {
        next: Next<'v>,
        lens: Vec<Layer<'v>>,
    },
    Classes {
        classes: Vec<Class>,
        contributions: &'v [f32],
        truncated: usize,
        #[serde(skip_serializing_if = "Option::is_none")]
        padding: Option<&'v Padding>,
    },
}

#[derive(Serialize)]
struct Next<'v> {
    /// In base64.
    logits: String,
    top: &'v [Token],
}

#[derive(Serialize)]
struct Layer<'v> {
    layer: usize,
    top: &'v [Likely],
}

#[derive(Serialize)]
struct Class {
    label: &'static str,
    probability: f32,
}

/// The answer.
///
/// # Errors
/// None that is known of: the types above can be written.
pub fn json(card: &ModelCard, view: &View) -> Result<Vec<u8>, Error> {
    let (layers, heads) = match &card.sizes {
        Sizes::Gpt(config) => (config.n_layers, config.n_heads),
        Sizes::Llama(config) => (config.n_layers, config.n_heads),
    };
    let answer = match &view.answer {
        Answer::Next { logits, top, lens } => Shown::Next {
            next: Next { logits: STANDARD.encode(logits.as_bytes()), top },
            lens: lens.iter().enumerate().map(|(layer, top)| Layer { layer, top }).collect(),
        },
        Answer::Classes { classes, contributions, truncated, padding } => Shown::Classes {
            classes: classes.iter().map(|&(label, probability)| Class { label, probability }).collect(),
            contributions,
            truncated: *truncated,
            padding: padding.as_ref(),
        },
    };
    let mut json = serde_json::to_vec(&Body {
        model: &card.name,
        family: card.sizes.family(),
        layers,
        heads,
        vocab_size: card.sizes.vocab_size(),
        skipped: view.skipped,
        tokens: &view.tokens,
        text: &view.text,
        position: view.position,
        answer,
    })?;
    if let Some(attention) = &view.attention {
        // One more field. Nothing in base64 needs a backslash, so these megabytes need not be searched for what does.
        json.pop();
        json.extend_from_slice(b",\"attention\":\"");
        append_base64(attention, &mut json);
        json.extend_from_slice(b"\"}");
    }
    Ok(json)
}

/// Appends the numbers of all tensors as they lie in memory, in base64.
fn append_base64(tensors: &[TensorData], json: &mut Vec<u8>) {
    const { assert!(cfg!(target_endian = "little"), "the answer is little endian") };
    let bytes: Vec<&[u8]> = tensors.iter().map(TensorData::as_bytes).collect();
    let (bytes, start) = (bytes.concat(), json.len());
    json.resize(start + 4 * bytes.len().div_ceil(3), 0);
    let written = STANDARD.encode_slice(bytes, &mut json[start..]);
    assert_eq!(written, Ok(json.len() - start), "four characters for three bytes");
}
