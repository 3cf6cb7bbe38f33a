//! A text to read: `--text` or `--dataset`.

use std::borrow::Cow;
use std::convert::Infallible;
use std::path::PathBuf;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use shared::data;
use shared::text::without_mark;

#[derive(clap::Args)]
pub struct TextArgs {
    /// Text file to read, in UTF-8
    #[arg(id = "text", long = "text", value_name = "FILE", conflicts_with = "dataset")]
    pub file: Option<PathBuf>,
    /// Data set to read, see `llm data list`
    #[arg(long, value_name = "NAME", default_value = "lamp")]
    dataset: String,
}

/// For clap: a text as it was typed, without the byte order mark that `"$(cat file)"` can bring along.
pub fn typed_text(text: &str) -> Result<String, Infallible> {
    Ok(without_mark(text).to_string())
}

impl TextArgs {
    pub fn source(&self) -> TextSource {
        match &self.file {
            Some(file) => TextSource::File(file.clone()),
            None => TextSource::Dataset(self.dataset.clone()),
        }
    }
}

/// Where a text comes from.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TextSource {
    File(PathBuf),
    Dataset(String),
}

impl TextSource {
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Dataset(name) => name.clone(),
        }
    }

    pub fn read(&self) -> Result<Cow<'static, str>> {
        Ok(match self {
            Self::File(path) => data::read_text(path)?.into(),
            Self::Dataset(name) => data::find(name)?.text()?,
        })
    }
}
