//! A classifier that is ready to answer, whatever it was made of.

use std::path::Path;

use anyhow::Result;
use bonus_llama::LlamaModel;
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch06_classify::Readout;
use model_files::{is_llama_classifier, open_tokenizer};
use model_text::DocumentTokenizer;

use crate::llama;
use crate::model_hints::load_classifier;

/// A model with a classification head, and how messages are prepared for it.
pub struct OpenedClassifier<M, T> {
    pub model: M,
    pub tokenizer: T,
    /// Length in tokens to which messages are truncated or padded; `None` if they are not padded.
    pub max_length: Option<usize>,
    /// The token position whose output is classified.
    pub readout: Readout,
}

pub enum Opened {
    Gpt(Box<OpenedClassifier<GptModel, Gpt2Tokenizer>>),
    Llama(Box<OpenedClassifier<LlamaModel, DocumentTokenizer>>),
}

/// The classifier in `folder`.
pub fn open(folder: &Path, device: &Device) -> Result<Opened> {
    if is_llama_classifier(folder) {
        let (config, model, tokenizer) = llama::open_classifier(folder, device)?;
        let (max_length, readout) = (config.max_length, config.readout);
        return Ok(Opened::Llama(Box::new(OpenedClassifier { model, tokenizer, max_length, readout })));
    }
    let (config, model) = load_classifier(folder, device)?;
    let tokenizer = open_tokenizer(folder, config.model.vocab_size)?;
    let model = fast::accelerate(model);
    let (max_length, readout) = (config.max_length, config.readout);
    Ok(Opened::Gpt(Box::new(OpenedClassifier { model, tokenizer, max_length, readout })))
}
