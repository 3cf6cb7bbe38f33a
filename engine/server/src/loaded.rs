//! A model in memory: what computes.

use bonus_llama::LlamaModel;
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch06_classify::{ClassifyError, Prediction, Readout, classify_review};
use fast::{Batch, Generator, LlamaGenerator};
use model_text::DocumentTokenizer;
use shared::{LanguageModel, Tokenizer};

use crate::card::ModelCard;
use crate::look::WholeLlama;

/// A model in memory.
pub enum LoadedModel {
    /// A GPT that writes.
    Gpt(Generator),
    /// A Llama, Qwen3 or Gemma 3 that writes, and how it is opened to look inside.
    Llama(LlamaGenerator, WholeLlama),
    /// A GPT that classifies.
    GptClassifier(Classifier<GptModel, Gpt2Tokenizer>),
    /// A Llama, Qwen3 or Gemma 3 that classifies.
    LlamaClassifier(Box<Classifier<LlamaModel, DocumentTokenizer>>),
}

/// A model that classifies messages, and how it reads them.
pub struct Classifier<M, T> {
    /// The model.
    pub model: M,
    /// Its tokenizer.
    pub tokenizer: T,
    /// Length in tokens to which messages are truncated or padded; `None` if they are not padded.
    pub max_length: Option<usize>,
    /// The token position whose output is classified.
    pub readout: Readout,
}

impl<M: LanguageModel, T: Tokenizer> Classifier<M, T> {
    fn classify(&self, text: &str, device: &Device) -> Result<Prediction, ClassifyError> {
        classify_review(text, &self.model, &self.tokenizer, self.max_length, self.readout, device)
    }
}

impl LoadedModel {
    /// A batch of texts for the model to write.
    ///
    /// # Errors
    /// If it is a classifier.
    pub(crate) fn batch(&self) -> Result<Batch, String> {
        match self {
            Self::Gpt(generator) => Ok(Batch::from(generator)),
            Self::Llama(generator, _) => Ok(Batch::from(generator)),
            Self::GptClassifier(_) | Self::LlamaClassifier(_) => Err("a classifier writes no text".to_string()),
        }
    }

    /// Bytes of its weights, about.
    pub(crate) fn bytes(&self, card: &ModelCard) -> usize {
        let full = card.parameters * size_of::<f32>();
        match self {
            // The decoder shares the weights of 32 bits with the model, and has copies of all others.
            Self::Gpt(generator) if card.weights != "f32" => {
                full + generator.decoder_weights().map_or(0, |weights| weights.bytes_per_token())
            }
            Self::Llama(generator, whole) => generator.weights().bytes_per_token() + whole.bytes(),
            Self::Gpt(_) | Self::GptClassifier(_) | Self::LlamaClassifier(_) => full,
        }
    }

    /// Classifies a message. Outside is the server's failure, inside what is wrong with the message.
    pub(crate) fn classify(&self, text: &str, device: &Device) -> Result<Result<Prediction, ClassifyError>, String> {
        match self {
            Self::GptClassifier(classifier) => Ok(classifier.classify(text, device)),
            Self::LlamaClassifier(classifier) => Ok(classifier.classify(text, device)),
            Self::Gpt(_) | Self::Llama(..) => Err("the model is no classifier".to_string()),
        }
    }
}
