//! The small files of a model: JSON beside the weights, and the metadata of a GGUF file.

use std::path::Path;

use model_files::FileError;
use model_files::gguf::{Gguf, GgufFile};
use serde_json::{Map, Value};
use shared::text;

use crate::PretrainedError;

/// The stop ids, and how the next token is drawn.
pub const GENERATION_FILE: &str = "generation_config.json";
pub const TOKENIZER_FILE: &str = "tokenizer.json";
/// Names of control tokens, and in older folders the chat template.
pub const TOKENIZER_CONFIG_FILE: &str = "tokenizer_config.json";
pub const TEMPLATE_FILE: &str = "chat_template.jinja";

/// The text of a file in the folder of a model; `None` if there is no such file.
pub fn read(folder: &Path, name: &str) -> Result<Option<String>, PretrainedError> {
    let path = folder.join(name);
    if !path.exists() {
        return Ok(None);
    }
    Ok(Some(text::read(&path).map_err(FileError::read(&path))?))
}

/// As [`read`], the fields of a JSON object.
pub fn read_json(folder: &Path, name: &str) -> Result<Option<Map<String, Value>>, PretrainedError> {
    let object = read(folder, name)?.map(|json| serde_json::from_str(&json)).transpose();
    object.map_err(|source| PretrainedError::Json { path: folder.join(name), source })
}

/// What `take` finds in the metadata of a GGUF file. Its errors get the name of the file.
pub fn from_gguf<T>(path: &Path, take: impl FnOnce(&Gguf<'_>) -> Result<T, String>) -> Result<T, PretrainedError> {
    let file = GgufFile::open(path)?;
    let gguf = file.read()?;
    take(&gguf).map_err(|reason| PretrainedError::Metadata { path: path.to_path_buf(), reason })
}
