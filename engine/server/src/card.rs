//! What requests need to know about a model.

use std::time::SystemTime;

use bonus_llama::{Family, LlamaConfig};
use shared::GptConfig;

use crate::text::Text;

/// What requests need to know about a model.
#[derive(Clone, Debug)]
pub struct ModelCard {
    /// The name by which requests choose it.
    pub name: String,
    /// What it does.
    pub skill: Skill,
    /// Its sizes.
    pub sizes: Sizes,
    /// Number of its parameters.
    pub parameters: usize,
    /// The format of its weights in memory, such as `int8`.
    pub weights: String,
    /// How its makers want the next token to be drawn.
    pub suggested: Suggested,
    /// Its files.
    pub files: Files,
}

/// The files of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Files {
    /// Bytes of all.
    pub size: u64,
    /// When the youngest of them was written.
    pub modified: SystemTime,
    /// `gguf` or `safetensors`.
    pub format: &'static str,
}

impl Default for Files {
    /// No files.
    fn default() -> Self {
        Self { size: 0, modified: SystemTime::UNIX_EPOCH, format: "" }
    }
}

/// What a model does.
#[derive(Clone, Debug)]
pub enum Skill {
    /// It continues texts, and answers as well if the [`Text`] says how.
    Write(Text),
    /// It classifies messages.
    Classify,
}

/// The sizes of a model.
#[derive(Clone, Debug, PartialEq)]
pub enum Sizes {
    /// A GPT.
    Gpt(GptConfig),
    /// A Llama, SmolLM2, Qwen3 or Gemma 3.
    Llama(LlamaConfig),
}

/// How the next token is to be drawn if a request does not say; `None` for what nobody has said.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Suggested {
    /// At least 0; 0 always takes the most likely token.
    pub temperature: Option<f64>,
    /// Number of most likely tokens to draw from, at least 1.
    pub top_k: Option<usize>,
    /// Probability that the tokens to draw from have together, from 0 to 1.
    pub top_p: Option<f64>,
}

impl ModelCard {
    /// Ollama's words for what it can do, and two of this server.
    pub fn capabilities(&self) -> &'static [&'static str] {
        match &self.skill {
            Skill::Write(text) if text.answers() => &["completion", "chat"],
            Skill::Write(_) => &["completion"],
            Skill::Classify => &["classification"],
        }
    }

    /// How the model reads and writes text, if it does.
    pub(crate) fn text(&self) -> Option<&Text> {
        match &self.skill {
            Skill::Write(text) => Some(text),
            Skill::Classify => None,
        }
    }

    /// The same, of a model that was trained to answer.
    pub(crate) fn answering_text(&self) -> Option<&Text> {
        self.text().filter(|text| text.answers())
    }

    /// Whether requests that were prepared for the one suit the other.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let same_text = match (self.text(), other.text()) {
            (Some(text), Some(other)) => text.is_like(other),
            (None, None) => true,
            _ => false,
        };
        same_text && self.sizes == other.sizes
    }
}

impl Sizes {
    /// Ollama's name for the kind of model.
    pub(crate) fn family(&self) -> &'static str {
        match self {
            Self::Gpt(_) => "gpt2",
            Self::Llama(config) => match config.family {
                Family::Llama => "llama",
                Family::Qwen3 => "qwen3",
                Family::Gemma3(_) => "gemma3",
            },
        }
    }

    /// Maximum number of tokens that the model can see.
    pub(crate) fn context_length(&self) -> usize {
        match self {
            Self::Gpt(config) => config.context_length,
            Self::Llama(config) => config.context_length,
        }
    }

    /// Number of tokens that the model knows.
    pub(crate) fn vocab_size(&self) -> usize {
        match self {
            Self::Gpt(config) => config.vocab_size,
            Self::Llama(config) => config.vocab_size,
        }
    }

    /// Whether the beginning of a text slides out of a full context, as in the book; otherwise the text ends there.
    pub(crate) fn context_slides(&self) -> bool {
        matches!(self, Self::Gpt(_))
    }
}
