//! Texts: a file or a data set to read, `--text` or `--dataset`; and a text that is typed, as `--prompt` takes it.
//!
//! Where a text or its file can be named, `-` is standard input.

use std::borrow::Cow;
use std::convert::Infallible;
use std::io::{IsTerminal, Read, stdin};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use shared::data;
use shared::text::{decode, without_mark};

use crate::terminal::{tr, warn};

/// What stands for standard input.
const STANDARD_INPUT: &str = "-";

#[derive(clap::Args)]
pub struct TextArgs {
    /// Text file to read, in UTF-8; - reads standard input
    #[arg(id = "text", long = "text", value_name = "FILE", conflicts_with = "dataset")]
    pub file: Option<PathBuf>,
    /// Data set to read, see `llm data list`
    #[arg(long, value_name = "NAME", default_value = "lamp")]
    dataset: String,
}

impl TextArgs {
    pub fn source(&self) -> TextSource {
        match &self.file {
            Some(file) => TextSource::of_file(file),
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
    #[serde(rename = "standard-input")]
    StandardInput,
}

impl TextSource {
    /// The file with this name, or standard input.
    pub fn of_file(path: &Path) -> Self {
        if path.as_os_str() == STANDARD_INPUT { Self::StandardInput } else { Self::File(path.to_path_buf()) }
    }

    /// The same with the path of a file from the root.
    pub fn absolute(self) -> Result<Self> {
        Ok(match self {
            Self::File(path) => Self::File(absolute(&path)?),
            other => other,
        })
    }

    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Dataset(name) => name.clone(),
            Self::StandardInput => tr!("standard input", "标准输入"),
        }
    }

    pub fn read(&self) -> Result<Cow<'static, str>> {
        Ok(match self {
            Self::File(path) => data::read_text(path)?.into(),
            Self::Dataset(name) => data::find(name)?.text()?,
            Self::StandardInput => {
                let text = standard_input()?;
                ensure!(!text.trim().is_empty(), tr!("there is no text on standard input", "标准输入中没有文本"));
                text.into()
            }
        })
    }
}

/// The path from the root, which also holds when a run is continued in another folder.
pub fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("{} is not a path", path.display()))
}

/// A text on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypedText {
    Given(String),
    StandardInput,
}

/// For clap: a text as it was typed, without the byte order mark that `"$(cat file)"` can bring along; or `-`.
pub fn typed_text(text: &str) -> Result<TypedText, Infallible> {
    Ok(if text == STANDARD_INPUT { TypedText::StandardInput } else { TypedText::Given(without_mark(text).to_string()) })
}

impl TypedText {
    /// The text. Of standard input, one line break at the end is left out: `echo` and editors write it, but nobody means it.
    /// This can be done once.
    pub fn read(&self) -> Result<String> {
        match self {
            Self::Given(text) => Ok(text.clone()),
            Self::StandardInput => standard_input().map(without_last_line_break),
        }
    }
}

fn without_last_line_break(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
    }
    text
}

/// All of standard input as text, as if it were a file.
pub fn standard_input() -> Result<String> {
    if stdin().is_terminal() {
        let end = if cfg!(windows) { "Ctrl-Z, Enter" } else { "Ctrl-D" };
        warn(tr!("[type the text; {end} on a new line ends it]", "[请输入文本；在新的一行按 {end} 结束]"));
    }
    let mut bytes = Vec::new();
    let read = stdin().lock().read_to_end(&mut bytes);
    read.with_context(|| tr!("cannot read standard input", "无法读取标准输入"))?;
    decode(bytes).with_context(|| tr!("standard input", "标准输入"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_hyphen_is_standard_input_and_nothing_else_is() {
        assert_eq!(typed_text("-"), Ok(TypedText::StandardInput));
        for text in ["--", "- ", " -", "-5", ""] {
            assert_eq!(typed_text(text), Ok(TypedText::Given(text.to_string())));
        }
        assert_eq!(typed_text("\u{feff}a\u{feff}"), Ok(TypedText::Given("a\u{feff}".to_string())));
    }

    #[test]
    fn one_line_break_at_the_end_does_not_count() {
        for (typed, text) in [("a\n", "a"), ("a\n\n", "a\n"), ("\na", "\na"), ("a \n", "a "), ("\n", ""), ("", "")] {
            assert_eq!(without_last_line_break(typed.to_string()), text, "{typed:?}");
        }
    }
}
