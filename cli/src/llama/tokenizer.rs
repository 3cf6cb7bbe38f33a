//! The tokenizer beside the weights: `tokenizer.json` of a folder, the keys `tokenizer.ggml.*` of a GGUF file.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use model_files::gguf::Gguf;
use model_text::{GgufVocabulary, ModelTokenizer};

use super::files::from_gguf;
use crate::terminal::tr;

const TOKENIZER_FILE: &str = "tokenizer.json";

/// The tokenizer of a model with `vocab_size` token ids; `None` if there is none.
///
/// # Errors
/// If it is damaged, of an unknown kind, or has tokens that the model does not know.
pub fn open_tokenizer(path: &Path, vocab_size: usize) -> Result<Option<ModelTokenizer>> {
    let tokenizer = if path.is_dir() { in_folder(path)? } else { in_gguf(path)? };
    if let Some(found) = tokenizer.as_ref().map(ModelTokenizer::vocab_size) {
        // The vocabulary of a folder may be smaller: some models have spare ids.
        let fits = if path.is_dir() { found <= vocab_size } else { found == vocab_size };
        ensure!(
            fits,
            tr!(
                "{}: the tokenizer has {found} tokens, but the model has {vocab_size} token ids; the two do not belong \
                 together",
                "{}：分词器有 {found} 个词元，而模型有 {vocab_size} 个词元 ID；两者不属于同一个模型",
                path.display()
            )
        );
    }
    Ok(tokenizer)
}

fn in_folder(folder: &Path) -> Result<Option<ModelTokenizer>> {
    let file = folder.join(TOKENIZER_FILE);
    if !file.exists() {
        return Ok(None);
    }
    Ok(Some(ModelTokenizer::read(&file)?))
}

fn in_gguf(path: &Path) -> Result<Option<ModelTokenizer>> {
    let Some(vocabulary) = from_gguf(path, vocabulary)? else { return Ok(None) };
    let tokenizer = ModelTokenizer::from_gguf(&vocabulary);
    Ok(Some(tokenizer.with_context(|| path.display().to_string())?))
}

/// What the metadata says about the tokenizer; `None` if it says nothing.
fn vocabulary(gguf: &Gguf<'_>) -> Result<Option<GgufVocabulary>, String> {
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
