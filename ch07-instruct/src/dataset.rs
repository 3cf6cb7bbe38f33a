//! Entries as token ids (section 7.3).

use ch02_text::Gpt2Tokenizer;

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

impl From<Vec<Item>> for InstructionDataset {
    fn from(items: Vec<Item>) -> Self {
        Self { items }
    }
}

impl InstructionDataset {
    /// Formats every entry as prompt and answer and encodes it. Where an entry mentions the end-of-text marker, that is
    /// ordinary text: only the batch puts the token itself at the end of an answer.
    pub fn new(entries: &[Entry], format: PromptFormat, tokenizer: &Gpt2Tokenizer) -> Self {
        let item = |entry: &Entry| {
            let prompt = format.format_input(entry);
            let ids = tokenizer.encode_ordinary(&format!("{prompt}{}", format.format_response(&entry.output)));
            let prompt_length = tokenizer.encode_ordinary(&prompt).len();
            Item { ids, prompt_length }
        };
        Self { items: entries.iter().map(item).collect() }
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
