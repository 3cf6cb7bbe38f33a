//! Models after GPT-2 as they are published, opened and saved whole: Llama, SmolLM2, Qwen3 and Gemma 3.
//!
//! Such a model is more than its weights. It has a tokenizer of its own, a template that turns a conversation into a text,
//! tokens that end an answer, and a way in which its makers want the next token to be drawn. A folder from Hugging Face
//! has them in small files beside the weights, a GGUF file in its metadata.
//!
//! | function | what | in a folder | in a GGUF file |
//! |---|---|---|---|
//! | [`open`], [`open_to_generate`] | all of it | | |
//! | [`weights()`] | its weights, for the fast decoder | | |
//! | [`tokenizer()`] | text to ids and back | `tokenizer.json` | `tokenizer.ggml.*` |
//! | [`chat_template`] | conversations | `chat_template.jinja`, or in `tokenizer_config.json` | `tokenizer.chat_template` |
//! | [`stop_ids()`] | what ends a text | `generation_config.json`, `config.json` | `…eos_token_id`, `…eot_token_id` |
//! | [`Sampling::of`] | how the next token is drawn | `generation_config.json` | |
//! | [`Texts::of`], [`save()`] | all of it, into a folder in Hugging Face's layout | | |
//! | [`TaskWriter`], [`AnswerLoader`] | tasks of chapter 7 for such a model | | |
//! | [`save_classifier`], [`load_classifier`] | the same for a classifier, whose body is such a model | | |

#![warn(clippy::unwrap_used)]

mod classifier;
mod error;
mod files;
mod sampling;
mod save;
mod stop_ids;
mod tasks;
mod template;
mod texts;
mod tokenizer;
mod weights;

use std::panic::resume_unwind;
use std::path::Path;
use std::thread;

use bonus_llama::{LlamaConfig, LlamaModel};
use burn::tensor::Device;
use kernels::decode::Precision;
use kernels::decode::llama::LlamaWeights;
use model_files::{LoadedLlama, check_llama_folder, llama_config, load_llama};
use model_text::{ChatTemplate, ModelTokenizer};

pub use classifier::{Classifier, load_classifier, save_classifier};
pub use error::PretrainedError;
pub use sampling::Sampling;
pub use save::save;
pub use stop_ids::stop_ids;
pub use tasks::{AnswerLoader, TaskForm, TaskWriter};
pub use template::chat_template;
pub use texts::{TEXT_FILES, Texts};
pub use tokenizer::tokenizer;
pub use weights::{Weights, weights};

/// A model with everything that was published beside its weights.
#[derive(Debug)]
pub struct Pretrained<M = LlamaModel> {
    /// Its sizes.
    pub config: LlamaConfig,
    /// The model; for generation alone, the weights of the fast decoder.
    pub model: M,
    /// Text to ids and back; `None` if there is none, and the model knows ids only.
    pub tokenizer: Option<ModelTokenizer>,
    /// How it reads a conversation; `None` if it was not made for conversations.
    pub template: Option<ChatTemplate>,
    /// The ids that end a text.
    pub stop_ids: Vec<u32>,
    /// How the next token is to be drawn, as far as its makers say.
    pub sampling: Sampling,
    /// What in the files was not used, one sentence each.
    pub warnings: Vec<String>,
}

/// Opens the model in a folder from Hugging Face, in one that [`save()`] has written, or in a GGUF file.
///
/// # Errors
/// If a file is missing, damaged or does not fit the others, or describes a model of another family.
pub fn open(path: &Path, device: &Device) -> Result<Pretrained, PretrainedError> {
    with_texts(path, || {
        let LoadedLlama { config, model, warnings } = load_llama(path, device)?;
        Ok((config, model, warnings))
    })
}

/// Opens the same for generation on the CPU. In fewer than 32 bits its weights are made straight from the file, which takes
/// less time and memory.
///
/// # Errors
/// As [`open`].
pub fn open_to_generate(path: &Path, precision: Precision) -> Result<Pretrained<LlamaWeights>, PretrainedError> {
    with_texts(path, || {
        let Weights { config, weights, warnings } = weights(path, precision)?;
        Ok((config, weights, warnings))
    })
}

/// A model with what was published beside its weights. `load` gives its sizes, the model itself and warnings. Meanwhile
/// another thread reads the tokenizer, which takes about as long as weights in a few bits.
fn with_texts<M>(
    path: &Path,
    load: impl FnOnce() -> Result<(LlamaConfig, M, Vec<String>), PretrainedError>,
) -> Result<Pretrained<M>, PretrainedError> {
    let (loaded, tokenizer) = thread::scope(|scope| {
        let tokenizer = scope.spawn(|| tokenizer::read(path));
        (load(), tokenizer.join().unwrap_or_else(|panic| resume_unwind(panic)))
    });
    let (config, model, warnings) = loaded?;
    let tokenizer = tokenizer::checked(path, config.vocab_size, tokenizer?)?;
    let template = tokenizer.as_ref().map_or(Ok(None), |tokenizer| chat_template(path, tokenizer))?;
    let stop_ids = stop_ids(path, config.vocab_size, tokenizer.as_ref())?;
    let sampling = Sampling::of(path, template.as_ref())?;
    Ok(Pretrained { config, model, tokenizer, template, stop_ids, sampling, warnings })
}

/// Fails if [`open`] would not open the model in a folder. No weights are read, so that takes no memory.
///
/// # Errors
/// As [`open`].
pub fn check(folder: &Path) -> Result<(), PretrainedError> {
    check_llama_folder(folder)?;
    let vocab_size = llama_config(folder)?.vocab_size;
    let tokenizer = tokenizer(folder, vocab_size)?;
    let template = tokenizer.as_ref().map_or(Ok(None), |tokenizer| chat_template(folder, tokenizer))?;
    stop_ids(folder, vocab_size, tokenizer.as_ref())?;
    Sampling::of(folder, template.as_ref()).map(drop)
}

/// Whether `path` names such a model. It may still be one that [`open`] refuses.
pub fn is_pretrained(path: &Path) -> bool {
    // What is wrong with a damaged config.json is said when the model is opened.
    is_gguf(path) || model_files::is_llama(path).unwrap_or(false)
}

/// Whether `path` names a GGUF file, which may be missing.
fn is_gguf(path: &Path) -> bool {
    !path.is_dir() && path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gguf"))
}
