//! Entries as token ids (section 7.3).

use ch02_text::{Gpt2Tokenizer, TokenizerError};

use crate::{Entry, PromptFormat};

/// One entry as ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Prompt and answer, without an end-of-text token.
    pub ids: Vec<u32>,
    /// How many of the ids belong to the prompt (for exercise 7.2).
    pub prompt_length: usize,
}

/// Ids without a prompt in front.
impl<const N: usize> From<[u32; N]> for Item {
    fn from(ids: [u32; N]) -> Self {
        Self { ids: ids.into(), prompt_length: 0 }
    }
}

/// The ids of every entry, encoded once; the rows differ in length (listing 7.4).
#[derive(Clone, Debug)]
pub struct InstructionDataset {
    items: Vec<Item>,
}

/// An entry contains a text that the tokenizer refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the entry {instruction:?}: {source}")]
pub struct InstructionDatasetError {
    /// The instruction of the entry.
    pub instruction: String,
    /// The reason.
    pub source: TokenizerError,
}

impl InstructionDataset {
    /// Formats every entry as prompt and answer and encodes it.
    ///
    /// # Errors
    /// If an entry contains the end-of-text marker: it must not end a text in the middle.
    pub fn new(
        entries: &[Entry],
        format: PromptFormat,
        tokenizer: &Gpt2Tokenizer,
    ) -> Result<Self, InstructionDatasetError> {
        let item = |entry: &Entry| {
            let prompt = format.format_input(entry);
            let ids = tokenizer.encode(&format!("{prompt}{}", format.format_response(&entry.output)))?;
            let prompt_length = tokenizer.encode(&prompt)?.len();
            Ok(Item { ids, prompt_length })
        };
        let items = entries
            .iter()
            .map(|entry| {
                item(entry).map_err(|source| InstructionDatasetError { instruction: entry.instruction.clone(), source })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { items })
    }

    /// All items, in the order of the entries.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Removes the items whose answer lies entirely beyond the first `max_length` tokens, and returns their indices. There
    /// is nothing to learn from them.
    pub fn remove_unanswerable(&mut self, max_length: usize) -> Vec<usize> {
        let fits = |item: &Item| item.prompt_length < max_length;
        let removed = (0..self.items.len()).filter(|&i| !fits(&self.items[i])).collect();
        self.items.retain(fits);
        removed
    }

    /// Number of tokens in all items together.
    pub fn num_tokens(&self) -> usize {
        self.items.iter().map(|item| item.ids.len()).sum()
    }
}
