//! Rows of different lengths become one batch (section 7.3).
//!
//! The rows of a tensor have one length, entries do not. So each batch is padded to its own longest row with the
//! end-of-text token. The model should learn to generate one such token, to end its answer, but not a row of them: the
//! other padding is marked in the targets, and the loss ignores it.

use burn::tensor::{Device, Int, Tensor, TensorData};
use ch02_text::{Batch, END_OF_TEXT_ID};
use shared::IGNORE_INDEX;

use crate::Item;

/// First version: inputs only. Every row is padded to one token more than the longest row; the last column is cut off
/// again.
///
/// # Shapes
/// - result: `[rows, longest row]`.
pub fn custom_collate_draft_1(batch: &[&Item], pad_token_id: u32, device: &Device) -> Tensor<2, Int> {
    custom_collate_draft_2(batch, pad_token_id, device).inputs
}

/// Second version: the targets too, which are the inputs one step later.
///
/// # Shapes
/// - inputs and targets: `[rows, longest row]`.
pub fn custom_collate_draft_2(batch: &[&Item], pad_token_id: u32, device: &Device) -> Batch {
    let (inputs, targets) = padded_rows(batch, pad_token_id).into_iter().map(input_and_target).unzip();
    Batch { inputs: to_tensor(inputs, device), targets: to_tensor(targets, device) }
}

/// How [`custom_collate_fn`] makes a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollateOptions {
    /// The id of the padding token: the tokenizer's end-of-text token, by default GPT-2's.
    pub pad_token_id: u32,
    /// Marks the targets that the loss ignores.
    pub ignore_index: i32,
    /// Maximum number of tokens in a row; longer rows are truncated.
    pub allowed_max_length: Option<usize>,
    /// Whether the loss ignores the prompt (exercise 7.2).
    pub mask_instruction: bool,
}

impl Default for CollateOptions {
    fn default() -> Self {
        Self {
            pad_token_id: END_OF_TEXT_ID,
            ignore_index: IGNORE_INDEX,
            allowed_max_length: None,
            mask_instruction: false,
        }
    }
}

/// Third version (listing 7.5). In the targets all padding tokens but the first become the ignore index, with
/// `mask_instruction` also the prompt; then inputs and targets are truncated to the allowed length.
///
/// The first target of an item is its second token, so a prompt of n tokens has n - 1 targets: the loss counts everything
/// from the line break after the prompt on.
///
/// # Shapes
/// - inputs and targets: `[rows, min(longest row, allowed_max_length)]`.
pub fn custom_collate_fn(batch: &[&Item], options: &CollateOptions, device: &Device) -> Batch {
    let &CollateOptions { pad_token_id, ignore_index, allowed_max_length, mask_instruction } = options;
    let cut = |row: &mut Vec<i32>| row.truncate(allowed_max_length.unwrap_or(usize::MAX));
    let rows = padded_rows(batch, pad_token_id).into_iter().zip(batch);
    let (inputs, targets) = rows
        .map(|(row, item)| {
            let (mut input, mut target) = input_and_target(row);
            let padding = target.iter_mut().filter(|id| **id == pad_token_id as i32);
            padding.skip(1).for_each(|id| *id = ignore_index);
            if mask_instruction {
                target[..item.prompt_length.saturating_sub(1)].fill(ignore_index);
            }
            cut(&mut input);
            cut(&mut target);
            (input, target)
        })
        .unzip();
    Batch { inputs: to_tensor(inputs, device), targets: to_tensor(targets, device) }
}

/// Every row, padded to one token more than the longest.
fn padded_rows(batch: &[&Item], pad_token_id: u32) -> Vec<Vec<i32>> {
    let longest = batch.iter().map(|item| item.ids.len()).max().unwrap_or(0);
    let padded = |item: &&Item| {
        let mut row: Vec<i32> = item.ids.iter().map(|&id| id as i32).collect();
        row.resize(longest + 1, pad_token_id as i32);
        row
    };
    batch.iter().map(padded).collect()
}

/// All but the last, and all but the first.
fn input_and_target(row: Vec<i32>) -> (Vec<i32>, Vec<i32>) {
    let target = row[1..].to_vec();
    let mut input = row;
    input.pop();
    (input, target)
}

fn to_tensor(rows: Vec<Vec<i32>>, device: &Device) -> Tensor<2, Int> {
    let shape = [rows.len(), rows.first().map_or(0, Vec::len)];
    Tensor::from_data(TensorData::new(rows.concat(), shape), device)
}
