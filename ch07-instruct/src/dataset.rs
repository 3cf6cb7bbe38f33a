//! Entries as token ids (section 7.3).

use ch02_text::{Gpt2Tokenizer, TokenizerError};

use crate::{Entry, PromptFormat};

/// One entry as ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Prompt and answer, without an end-of-text token.
    pub ids: Vec<u32>,
    /// How many of the ids are the prompt (for exercise 7.2).
    pub prompt_length: usize,
}

/// Ids without a prompt in front.
impl<const N: usize> From<[u32; N]> for Item {
    fn from(ids: [u32; N]) -> Self {
        Self { ids: ids.into(), prompt_length: 0 }
    }
}

/// The ids of every entry, made once; the rows differ in length (listing 7.4).
#[derive(Clone, Debug)]
pub struct InstructionDataset {
    items: Vec<Item>,
}

/// An entry contains a text that the tokenizer refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the entry {instruction:?}: {source}")]
pub struct DatasetError {
    /// The instruction of the entry.
    pub instruction: String,
    /// The reason.
    pub source: TokenizerError,
}

impl InstructionDataset {
    /// Writes every entry as prompt and answer and encodes it.
    ///
    /// # Errors
    /// If an entry contains the end-of-text marker: an answer must not be able to end the text in its middle.
    pub fn new(entries: &[Entry], format: PromptFormat, tokenizer: &Gpt2Tokenizer) -> Result<Self, DatasetError> {
        let item = |entry: &Entry| {
            let prompt = format.format_input(entry);
            let ids = tokenizer.encode(&format!("{prompt}{}", format.format_response(&entry.output)))?;
            let prompt_length = tokenizer.encode(&prompt)?.len();
            Ok(Item { ids, prompt_length })
        };
        let items = entries
            .iter()
            .map(|entry| item(entry).map_err(|source| DatasetError { instruction: entry.instruction.clone(), source }))
            .collect::<Result<_, _>>()?;
        Ok(Self { items })
    }

    /// All items, in the order of the entries.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Takes out the items of which a window of `max_length` tokens shows no part of the answer, and returns their
    /// places. Nothing could be learnt from them.
    pub fn remove_unanswerable(&mut self, max_length: usize) -> Vec<usize> {
        let fits = |item: &Item| item.prompt_length < max_length;
        let removed = (0..self.items.len()).filter(|&i| !fits(&self.items[i])).collect();
        self.items.retain(fits);
        removed
    }

    /// Tokens of all items together.
    pub fn num_tokens(&self) -> usize {
        self.items.iter().map(|item| item.ids.len()).sum()
    }
}
