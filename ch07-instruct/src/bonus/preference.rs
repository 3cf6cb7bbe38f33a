//! Bonus: pairs of answers, of which one is preferred (chapter 7's folder 04).
//!
//! Instruction fine-tuning shows a model what an answer looks like. A pair shows more: which of two acceptable answers
//! people prefer. [`dpo`](crate::bonus::dpo) trains on such pairs.

use burn::tensor::{Bool, Device, Int, Tensor, TensorData};
use ch02_text::Gpt2Tokenizer;
use shared::rng::TorchRng;
use shared::{BatchLoader, Batches};

use crate::entry::{entry, parse_list, text};
use crate::loader::{evaluation_order, training_order};
use crate::{Entry, EntryError, InstructionDataset, InstructionLoaderError, Item, PromptFormat};

/// A task with two answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreferenceEntry {
    /// The task.
    pub entry: Entry,
    /// The preferred answer.
    pub chosen: String,
    /// The rejected answer.
    pub rejected: String,
}

impl PreferenceEntry {
    /// The entries in a JSON text; `name` is the source of the text in error messages.
    ///
    /// # Errors
    /// If it is not a list of at least one object with the keys `instruction`, `input`, `output`, `chosen` and
    /// `rejected`, all texts.
    pub fn parse(json: &str, name: &str) -> Result<Vec<Self>, EntryError> {
        parse_list(json, name, |value| {
            Ok(Self { entry: entry(value)?, chosen: text(value, "chosen")?, rejected: text(value, "rejected")? })
        })
    }
}

/// One entry as ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreferenceItem {
    /// How many of the ids belong to the prompt.
    pub prompt_length: usize,
    /// Prompt and preferred answer.
    pub chosen: Vec<u32>,
    /// Prompt and rejected answer.
    pub rejected: Vec<u32>,
    /// The id of the padding token.
    pub pad_token_id: u32,
}

/// The ids of every entry, encoded once.
#[derive(Clone, Debug)]
pub struct PreferenceDataset {
    items: Vec<PreferenceItem>,
}

impl PreferenceDataset {
    /// Formats every entry twice, with either answer, and encodes both texts.
    pub fn new(entries: &[PreferenceEntry], format: PromptFormat, tokenizer: &Gpt2Tokenizer) -> Self {
        let with = |answer: fn(&PreferenceEntry) -> &String| {
            let answered = |pair| Entry { output: answer(pair).clone(), ..pair.entry.clone() };
            InstructionDataset::new(&entries.iter().map(answered).collect::<Vec<_>>(), format, tokenizer)
        };
        let (chosen, rejected) = (with(|pair| &pair.chosen), with(|pair| &pair.rejected));
        let item = |(chosen, rejected): (&Item, &Item)| PreferenceItem {
            prompt_length: chosen.prompt_length,
            chosen: chosen.ids.clone(),
            rejected: rejected.ids.clone(),
            pad_token_id: tokenizer.end_of_text_id(),
        };
        Self { items: chosen.items().iter().zip(rejected.items()).map(item).collect() }
    }

    /// All items, in the order of the entries.
    pub fn items(&self) -> &[PreferenceItem] {
        &self.items
    }

    /// Removes the items whose prompt alone fills `max_length` tokens and returns how many there were. None of their tokens
    /// would count, and the mean over no tokens is not a number.
    pub fn remove_unanswerable(&mut self, max_length: usize) -> usize {
        let before = self.items.len();
        self.items.retain(|item| item.prompt_length + 2 < max_length.min(item.chosen.len()).min(item.rejected.len()));
        before - self.items.len()
    }
}

/// Answers in rows of one length, and which of their tokens count.
#[derive(Clone, Debug)]
pub struct Answers {
    /// `[rows, tokens]`: prompt, answer, padding.
    pub ids: Tensor<2, Int>,
    /// `[rows, tokens]`: true where the token belongs to the answer or the heading before it.
    pub mask: Tensor<2, Bool>,
}

/// Both answers to the same tasks.
#[derive(Clone, Debug)]
pub struct PreferenceBatch {
    /// The preferred answers.
    pub chosen: Answers,
    /// The rejected answers, in the same shape.
    pub rejected: Answers,
}

/// Pads all answers of a batch, chosen and rejected, to one token more than the longest, then truncates them to the allowed
/// length. The masks leave out the padding, the prompt, and the two line breaks after it.
///
/// # Shapes
/// - everything: `[rows, min(longest + 1, allowed_max_length)]`.
pub fn preference_collate_fn(
    batch: &[&PreferenceItem],
    allowed_max_length: Option<usize>,
    device: &Device,
) -> PreferenceBatch {
    let longest = batch.iter().map(|item| item.chosen.len().max(item.rejected.len())).max().unwrap_or(0);
    let length = (longest + 1).min(allowed_max_length.unwrap_or(usize::MAX));
    let answers = |ids_of: fn(&PreferenceItem) -> &[u32]| {
        let (mut all_ids, mut all_masks) = (Vec::new(), Vec::new());
        for item in batch {
            let ids = ids_of(item);
            let id_at = |i| *ids.get(i).unwrap_or(&item.pad_token_id) as i32;
            let counted = item.prompt_length + 2..ids.len();
            all_ids.extend((0..length).map(id_at));
            all_masks.extend((0..length).map(|i| counted.contains(&i)));
        }
        let shape = [batch.len(), length];
        Answers {
            ids: Tensor::from_data(TensorData::new(all_ids, shape), device),
            mask: Tensor::from_data(TensorData::new(all_masks, shape), device),
        }
    };
    PreferenceBatch { chosen: answers(|item| &item.chosen), rejected: answers(|item| &item.rejected) }
}

/// A data set of pairs in batches, each as long as its longest answer.
#[derive(Clone, Debug)]
pub struct PreferenceLoader {
    dataset: PreferenceDataset,
    order: BatchLoader,
    allowed_max_length: Option<usize>,
}

impl PreferenceLoader {
    /// For training: shuffled, full batches only. Give no allowed length below that of
    /// [`PreferenceDataset::remove_unanswerable`].
    ///
    /// # Errors
    /// If there is no full batch.
    pub fn train(
        dataset: PreferenceDataset,
        batch_size: usize,
        allowed_max_length: Option<usize>,
    ) -> Result<Self, InstructionLoaderError> {
        let order = training_order(dataset.items.len(), batch_size)?;
        Ok(Self { dataset, order, allowed_max_length })
    }

    /// For evaluation: in order, all pairs.
    ///
    /// # Errors
    /// If there is no batch.
    pub fn eval(
        dataset: PreferenceDataset,
        batch_size: usize,
        allowed_max_length: Option<usize>,
    ) -> Result<Self, InstructionLoaderError> {
        let order = evaluation_order(dataset.items.len(), batch_size)?;
        Ok(Self { dataset, order, allowed_max_length })
    }
}

impl Batches for PreferenceLoader {
    type Batch = PreferenceBatch;

    fn num_batches(&self) -> usize {
        self.order.num_batches()
    }

    fn iter<'a>(&'a self, rng: &mut TorchRng, device: &'a Device) -> Box<dyn Iterator<Item = PreferenceBatch> + 'a> {
        Box::new(self.order.batches(rng).into_iter().map(move |indices| {
            let items: Vec<&PreferenceItem> = indices.iter().map(|&i| &self.dataset.items[i]).collect();
            preference_collate_fn(&items, self.allowed_max_length, device)
        }))
    }
}
