//! A model in memory: what computes.

use std::ops::ControlFlow;

use bonus_llama::LlamaModel;
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::GenerateOptions;
use ch05_pretrain::tokens::ids_to_tensor;
use ch06_classify::{ClassifyError, Prediction, Readout, classify_review};
use fast::{Generator, LlamaGenerator, LlamaOptions};
use model_text::DocumentTokenizer;
use shared::rng::TorchRng;
use shared::{LanguageModel, Tokenizer};

use crate::jobs::Continuation;

/// A model in memory.
pub enum LoadedModel {
    /// A GPT that writes.
    Gpt(Generator),
    /// A Llama, Qwen3 or Gemma 3 that writes.
    Llama(LlamaGenerator),
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
    /// Continues a prompt, and shows every token as soon as it is chosen.
    ///
    /// # Errors
    /// If an option does not suit the model, its logits are not finite, or it does not write.
    pub(crate) fn generate(
        &mut self,
        continuation: &Continuation,
        device: &Device,
        mut on_token: impl FnMut(u32) -> ControlFlow<()>,
    ) -> Result<(), String> {
        let Continuation { prompt, options, context_size, seed } = continuation;
        let mut rng = TorchRng::new(*seed);
        match self {
            Self::Gpt(generator) => {
                let ids = ids_to_tensor(prompt, device); // [1, tokens]
                let gpt_options = gpt_options(options, *context_size);
                let on_tokens = |ids: &[u32]| ids.iter().try_for_each(|&id| on_token(id));
                let generated = generator.generate_filtered(ids, &gpt_options, &options.filter, &mut rng, on_tokens);
                generated.map(drop).map_err(|error| error.to_string())
            }
            Self::Llama(generator) => {
                let generated = generator.generate(prompt, options, &mut rng, on_token);
                generated.map(drop).map_err(|error| error.to_string())
            }
            Self::GptClassifier(_) | Self::LlamaClassifier(_) => Err("a classifier writes no text".to_string()),
        }
    }

    /// Classifies a message. Outside is the server's failure, inside what is wrong with the message.
    pub(crate) fn classify(&self, text: &str, device: &Device) -> Result<Result<Prediction, ClassifyError>, String> {
        match self {
            Self::GptClassifier(classifier) => Ok(classifier.classify(text, device)),
            Self::LlamaClassifier(classifier) => Ok(classifier.classify(text, device)),
            Self::Gpt(_) | Self::Llama(_) => Err("the model is no classifier".to_string()),
        }
    }
}

fn gpt_options(options: &LlamaOptions, context_size: usize) -> GenerateOptions {
    let LlamaOptions { max_new_tokens, temperature, top_k, ref stop_ids, .. } = *options;
    GenerateOptions { max_new_tokens, context_size, temperature, top_k, eos_id: stop_ids.first().copied() }
}
