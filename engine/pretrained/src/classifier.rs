//! Classifiers (chapter 6) whose body is a Llama, Qwen3 or Gemma 3.

use std::path::Path;

use bonus_llama::{LlamaConfig, LlamaModel};
use burn::tensor::Device;
use model_files::{ClassifierConfig, load_llama_classifier, save_llama_classifier};
use model_text::ModelTokenizer;

use crate::tokenizer::tokenizer;
use crate::{PretrainedError, Texts};

/// A classifier with the tokenizer of its body.
#[derive(Debug)]
pub struct Classifier {
    /// Sizes, classes, and how a message is read.
    pub config: ClassifierConfig<LlamaConfig>,
    /// The model; its output layer has a value for each class.
    pub model: LlamaModel,
    /// Text to ids; `None` if there is none.
    pub tokenizer: Option<ModelTokenizer>,
}

/// Writes a classifier into `folder`, which is created if needed, with the tokenizer among `texts`. One that is there already
/// is replaced, as a whole. The output layer of `model`, `out_head`, is its head: `[emb_dim, 2]` and a bias.
///
/// # Errors
/// As [`save`](crate::save()).
pub fn save_classifier(
    folder: &Path,
    config: &ClassifierConfig<LlamaConfig>,
    model: &LlamaModel,
    texts: &Texts,
) -> Result<(), PretrainedError> {
    Ok(save_llama_classifier(folder, config, model, &texts.0)?)
}

/// Reads the classifier in `folder`; [`model_files::is_llama_classifier`] says whether there is one.
///
/// # Errors
/// If there is none, or a file is damaged.
pub fn load_classifier(folder: &Path, device: &Device) -> Result<Classifier, PretrainedError> {
    let (config, model) = load_llama_classifier(folder, device)?;
    let tokenizer = tokenizer(folder, config.model.vocab_size)?;
    Ok(Classifier { config, model, tokenizer })
}
