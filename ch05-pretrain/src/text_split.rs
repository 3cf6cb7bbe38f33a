//! The training and the validation part of a text (section 5.1.3).

use ch02_text::{DataLoaderOptions, DatasetError, Gpt2Tokenizer, GptDataLoader, GptDataset};
use shared::Batches;

/// Cuts a text after the first `share` of its characters.
///
/// # Panics
/// If `share` is not between 0 and 1.
pub fn split_text(text: &str, share: f64) -> (&str, &str) {
    assert!((0.0..=1.0).contains(&share), "a share lies between 0 and 1, not {share}");
    let characters = text.chars().count();
    let before = (share * characters as f64) as usize;
    let at = text.char_indices().nth(before).map_or(text.len(), |(at, _)| at);
    text.split_at(at)
}

/// Share of the text that the model is trained on; the rest shows how well it does on text it has not seen.
pub const TRAINING_SHARE: f64 = 0.9;

/// The loaders of a training run. For a text: the training windows shuffled and in full batches only, the validation
/// windows in order and all of them.
#[derive(Debug)]
pub struct Loaders<L = GptDataLoader> {
    /// What the model learns from.
    pub train: L,
    /// What it is measured on.
    pub validation: L,
}

/// Why a text cannot be trained on.
#[derive(Debug, thiserror::Error)]
pub enum SplitError {
    /// A size is 0.
    #[error(transparent)]
    Zero(DatasetError),
    /// A part does not fill one window.
    #[error(
        "the {part} part of the text ({percent:.0} % of its characters) is too short: {reason}. Take a longer text or \
         a smaller context length"
    )]
    TooShort {
        /// `training` or `validation`.
        part: &'static str,
        /// How much of the text it is.
        percent: f64,
        /// How many tokens there are and how many are needed.
        reason: DatasetError,
    },
    /// There is no full batch.
    #[error(
        "the training part of the text gives {windows} windows of {context_length} tokens, but one batch needs \
         {batch_size}: take a longer text, a smaller batch size or a smaller context length"
    )]
    NoBatch {
        /// Windows that there are.
        windows: usize,
        /// Tokens in a window.
        context_length: usize,
        /// Windows in a batch.
        batch_size: usize,
    },
}

impl Loaders {
    /// Splits `text` and cuts both parts into windows that do not overlap.
    ///
    /// # Errors
    /// If a size is 0, a part is too short for one window, or the training part for one batch.
    pub fn new(text: &str, context_length: usize, batch_size: usize) -> Result<Self, SplitError> {
        Self::with_tokenizer(text, &Gpt2Tokenizer::new(), context_length, batch_size)
    }

    /// The same for a model with a vocabulary of its own.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_tokenizer(
        text: &str,
        tokenizer: &Gpt2Tokenizer,
        context_length: usize,
        batch_size: usize,
    ) -> Result<Self, SplitError> {
        let (train, validation) = split_text(text, TRAINING_SHARE);
        let options = DataLoaderOptions {
            batch_size,
            max_length: context_length,
            stride: context_length,
            shuffle: true,
            drop_last: true,
        };
        let too_short = |part, percent| {
            move |reason| match reason {
                DatasetError::Zero { .. } => SplitError::Zero(reason),
                DatasetError::TooShort { .. } => SplitError::TooShort { part, percent, reason },
            }
        };
        let loader = |part, options: &DataLoaderOptions| {
            let dataset = GptDataset::new(part, tokenizer, options.max_length, options.stride)?;
            GptDataLoader::new(dataset, options)
        };
        let in_order = DataLoaderOptions { shuffle: false, drop_last: false, ..options.clone() };
        let loaders = Self {
            train: loader(train, &options).map_err(too_short("training", 100.0 * TRAINING_SHARE))?,
            validation: loader(validation, &in_order)
                .map_err(too_short("validation", 100.0 * (1.0 - TRAINING_SHARE)))?,
        };
        if loaders.train.num_batches() == 0 {
            return Err(SplitError::NoBatch {
                windows: loaders.train.dataset().num_windows(),
                context_length,
                batch_size,
            });
        }
        Ok(loaders)
    }
}
