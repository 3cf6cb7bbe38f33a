//! A task as text: the prompt formats (section 7.2, exercise 7.1).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Entry;

/// How a task and its answer are formatted as one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PromptFormat {
    /// An opening sentence and headings, as in Stanford's Alpaca.
    Alpaca,
    /// Short markers for user and assistant, as in Microsoft's Phi-3.
    Phi3,
}

/// There is no format of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no prompt format '{0}'; the formats are alpaca and phi3")]
pub struct UnknownFormat(String);

impl FromStr for PromptFormat {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        match name {
            "alpaca" => Ok(Self::Alpaca),
            "phi3" => Ok(Self::Phi3),
            _ => Err(UnknownFormat(name.to_string())),
        }
    }
}

impl fmt::Display for PromptFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alpaca => "alpaca",
            Self::Phi3 => "phi3",
        })
    }
}

impl PromptFormat {
    /// The opening sentence of a prompt.
    pub fn opening(self) -> &'static str {
        match self {
            Self::Alpaca => {
                "Below is an instruction that describes a task. Write a response that appropriately completes the \
                 request.\n\n"
            }
            Self::Phi3 => "",
        }
    }

    /// The marker between the task and the answer; the line break after it belongs to neither.
    pub fn response_marker(self) -> &'static str {
        match self {
            Self::Alpaca => "### Response:",
            Self::Phi3 => "<|assistant|>:",
        }
    }

    /// A task without the opening: instruction and, unless it is empty, input.
    pub fn task(self, instruction: &str, input: &str) -> String {
        let (before_instruction, before_input) = match self {
            Self::Alpaca => ("### Instruction:\n", "\n\n### Input:\n"),
            Self::Phi3 => ("<|user|>\n", "\n"),
        };
        let before_input = if input.is_empty() { "" } else { before_input };
        format!("{before_instruction}{instruction}{before_input}{input}")
    }

    /// The prompt of an entry: all but the answer (listing 7.2).
    pub fn format_input(self, entry: &Entry) -> String {
        self.opening().to_string() + &self.task(&entry.instruction, &entry.input)
    }

    /// The answer as it follows the prompt; with an empty answer, the text after which the model is to answer.
    pub fn format_response(self, response: &str) -> String {
        let gap = match self {
            Self::Alpaca => "\n\n",
            Self::Phi3 => "\n",
        };
        format!("{gap}{}\n{response}", self.response_marker())
    }
}
