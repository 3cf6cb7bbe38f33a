//! The small files of a model: JSON beside the weights, and the metadata of a GGUF file.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use model_files::FileError;
use model_files::gguf::{Gguf, GgufFile};
use serde_json::{Map, Value};
use shared::text;

/// The text of a file in the folder of a model; `None` if there is no such file.
pub fn read(folder: &Path, name: &str) -> Result<Option<String>> {
    let path = folder.join(name);
    if !path.exists() {
        return Ok(None);
    }
    Ok(Some(text::read(&path).map_err(FileError::read(&path))?))
}

/// As [`read`], the fields of a JSON object.
pub fn read_json(folder: &Path, name: &str) -> Result<Option<Map<String, Value>>> {
    let json = read(folder, name)?;
    let object = json.map(|json| serde_json::from_str(&json)).transpose();
    object.with_context(|| folder.join(name).display().to_string())
}

/// What `take` finds in the metadata of a GGUF file. Its errors get the name of the file.
pub fn from_gguf<T>(path: &Path, take: impl FnOnce(&Gguf<'_>) -> Result<T, String>) -> Result<T> {
    let file = GgufFile::open(path)?;
    let gguf = file.read()?;
    take(&gguf).map_err(|reason| anyhow!("{}: {reason}", path.display()))
}
