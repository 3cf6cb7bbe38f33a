//! The tokenizer beside the weights: `tokenizer.json` of a folder, the keys `tokenizer.ggml.*` of a GGUF file.

use std::path::Path;

use model_files::gguf::Gguf;
use model_text::{GgufVocabulary, ModelTokenizer, TokenizerError};

use crate::PretrainedError;
use crate::files::{TOKENIZER_FILE, from_gguf};

/// The tokenizer of a model with `vocab_size` token ids; `None` if there is none.
///
/// # Errors
/// If it is damaged, of an unknown kind, or has tokens that the model does not know.
pub fn tokenizer(path: &Path, vocab_size: usize) -> Result<Option<ModelTokenizer>, PretrainedError> {
    checked(path, vocab_size, read(path)?)
}

/// The tokenizer, whatever the model is.
pub fn read(path: &Path) -> Result<Option<ModelTokenizer>, PretrainedError> {
    if path.is_dir() { in_folder(path) } else { in_gguf(path) }
}

/// The tokenizer that [`read`] has found, if it fits a model with `vocab_size` token ids.
pub fn checked(
    path: &Path,
    vocab_size: usize,
    tokenizer: Option<ModelTokenizer>,
) -> Result<Option<ModelTokenizer>, PretrainedError> {
    if let Some(tokens) = tokenizer.as_ref().map(ModelTokenizer::vocab_size) {
        // The vocabulary of a folder may be smaller: some models have spare ids.
        let fits = if path.is_dir() { tokens <= vocab_size } else { tokens == vocab_size };
        if !fits {
            return Err(PretrainedError::OtherTokenizer { path: path.to_path_buf(), tokens, vocab_size });
        }
    }
    Ok(tokenizer)
}

fn in_folder(folder: &Path) -> Result<Option<ModelTokenizer>, PretrainedError> {
    let file = folder.join(TOKENIZER_FILE);
    if !file.exists() {
        return Ok(None);
    }
    ModelTokenizer::read(&file).map(Some).map_err(bad(folder))
}

fn in_gguf(path: &Path) -> Result<Option<ModelTokenizer>, PretrainedError> {
    let Some(vocabulary) = from_gguf(path, vocabulary)? else { return Ok(None) };
    ModelTokenizer::from_gguf(&vocabulary).map(Some).map_err(bad(path))
}

/// For `map_err`: the tokenizer of this model cannot be used.
pub fn bad(path: &Path) -> impl FnOnce(TokenizerError) -> PretrainedError + use<> {
    let path = path.to_path_buf();
    move |source| PretrainedError::Tokenizer { path, source }
}

/// What the metadata says about the tokenizer; `None` if it says nothing.
pub fn vocabulary(gguf: &Gguf<'_>) -> Result<Option<GgufVocabulary>, String> {
    let Some(model) = gguf.string("tokenizer.ggml.model")? else { return Ok(None) };
    let text = |key: &str| gguf.string(&format!("tokenizer.ggml.{key}"));
    let texts = |key: &str| {
        let texts = gguf.strings(&format!("tokenizer.ggml.{key}"))?;
        Ok::<_, String>(texts.unwrap_or_default().into_iter().map(str::to_string).collect())
    };
    let id = |key: &str| -> Result<Option<u32>, String> {
        let key = format!("tokenizer.ggml.{key}_token_id");
        let id = gguf.whole(&key)?;
        id.map(|id| u32::try_from(id).map_err(|_| format!("{key} is {id}, which is no token id"))).transpose()
    };
    let flag = |key: &str| gguf.bool(&format!("tokenizer.ggml.{key}"));
    let scores = gguf.floats("tokenizer.ggml.scores")?.unwrap_or_default();
    let types = gguf.wholes("tokenizer.ggml.token_type")?.unwrap_or_default();
    Ok(Some(GgufVocabulary {
        model: model.to_string(),
        pre: text("pre")?.map(str::to_string),
        tokens: texts("tokens")?,
        merges: texts("merges")?,
        scores: scores.into_iter().map(|score| score as f32).collect(),
        // A number that does not fit is no type either.
        token_type: types.into_iter().map(|kind| i32::try_from(kind).unwrap_or(i32::MAX)).collect(),
        bos_token_id: id("bos")?,
        eos_token_id: id("eos")?,
        eot_token_id: id("eot")?,
        unknown_token_id: id("unknown")?,
        padding_token_id: id("padding")?,
        add_bos_token: flag("add_bos_token")?,
        add_space_prefix: flag("add_space_prefix")?,
    }))
}
