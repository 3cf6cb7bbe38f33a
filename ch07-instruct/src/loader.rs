//! Batches of entries (section 7.4).

use burn::tensor::Device;
use ch02_text::{Batch, Gpt2Tokenizer};
use ch05_pretrain::Loaders;
use shared::rng::TorchRng;
use shared::{BatchLoader, Batches};

use crate::{CollateOptions, InstructionDataset, Item, Partition, PromptFormat, custom_collate_fn};

/// A data set of instructions that comes in batches, each as long as its longest row.
#[derive(Clone, Debug)]
pub struct InstructionLoader {
    dataset: InstructionDataset,
    order: BatchLoader,
    options: CollateOptions,
}

impl InstructionLoader {
    /// For training: shuffled, full batches only.
    ///
    /// # Errors
    /// If there is no full batch.
    pub fn train(
        dataset: InstructionDataset,
        batch_size: usize,
        options: CollateOptions,
    ) -> Result<Self, InstructionLoaderError> {
        let order = training_order(dataset.items().len(), batch_size)?;
        Ok(Self { dataset, order, options })
    }

    /// For evaluation: in order, all entries.
    ///
    /// # Errors
    /// If there is no batch.
    pub fn eval(
        dataset: InstructionDataset,
        batch_size: usize,
        options: CollateOptions,
    ) -> Result<Self, InstructionLoaderError> {
        let order = evaluation_order(dataset.items().len(), batch_size)?;
        Ok(Self { dataset, order, options })
    }

    /// The entries.
    pub fn dataset(&self) -> &InstructionDataset {
        &self.dataset
    }

    /// Which entries go into which batch in one pass.
    pub fn order(&self) -> &BatchLoader {
        &self.order
    }
}

impl Batches for InstructionLoader {
    type Batch = Batch;

    fn num_batches(&self) -> usize {
        self.order.num_batches()
    }

    fn iter<'a>(&'a self, rng: &mut TorchRng, device: &'a Device) -> Box<dyn Iterator<Item = Batch> + 'a> {
        Box::new(self.order.batches(rng).into_iter().map(move |indices| {
            let items: Vec<&Item> = indices.iter().map(|&i| &self.dataset.items()[i]).collect();
            custom_collate_fn(&items, &self.options, device)
        }))
    }
}

/// Why entries cannot be trained on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InstructionLoaderError {
    /// A batch has no entries.
    #[error("batch_size is 0, but must be at least 1")]
    NoBatchSize,
    /// There is no full batch.
    #[error("{train} training entries do not fill one batch of {batch_size}: add entries or take a smaller batch")]
    NoBatch {
        /// Entries in the training part.
        train: usize,
        /// Entries in a batch.
        batch_size: usize,
    },
    /// There is nothing to evaluate on.
    #[error("no entries are left to evaluate on: the validation part, 5 % of the data, is empty")]
    NoValidation,
    /// There are entries, but too few that leave room for an answer.
    #[error(
        "{left_out} of {entries} {part} entries are left out, because their prompts alone fill the {max_length} tokens that \
         are allowed, and too few are left: take a model with a longer context, allow more of it, or shorten the entries"
    )]
    TooLong {
        /// `training` or `validation`.
        part: &'static str,
        /// Entries in the part.
        entries: usize,
        /// Entries that are left out.
        left_out: usize,
        /// Maximum number of tokens in an entry.
        max_length: usize,
    },
}

/// Which of `len` entries go into which batch: shuffled, full batches only.
pub(crate) fn training_order(len: usize, batch_size: usize) -> Result<BatchLoader, InstructionLoaderError> {
    match len {
        _ if batch_size == 0 => Err(InstructionLoaderError::NoBatchSize),
        _ if len < batch_size => Err(InstructionLoaderError::NoBatch { train: len, batch_size }),
        _ => Ok(BatchLoader { len, batch_size, shuffle: true, drop_last: true }),
    }
}

/// The same in order, the last batch with what is left.
pub(crate) fn evaluation_order(len: usize, batch_size: usize) -> Result<BatchLoader, InstructionLoaderError> {
    match len {
        _ if batch_size == 0 => Err(InstructionLoaderError::NoBatchSize),
        0 => Err(InstructionLoaderError::NoValidation),
        _ => Ok(BatchLoader { len, batch_size, shuffle: false, drop_last: false }),
    }
}

/// The loaders of a training run, and the entries that they leave out.
#[derive(Debug)]
pub struct InstructionLoaders {
    /// Training and validation batches, ready for [`train_model_simple`](ch05_pretrain::train_model_simple).
    pub loaders: Loaders<InstructionLoader>,
    /// Indices, in the training and in the validation part, of entries whose prompt alone fills the allowed length.
    pub left_out: [Vec<usize>; 2],
}

impl InstructionLoaders {
    /// Encodes both parts and puts them into batches.
    ///
    /// # Errors
    /// If a part is too small, or the batch size is 0.
    pub fn new(
        parts: Partition<'_>,
        format: PromptFormat,
        batch_size: usize,
        options: &CollateOptions,
        tokenizer: &Gpt2Tokenizer,
    ) -> Result<Self, InstructionLoaderError> {
        let train = InstructionDataset::new(parts.train, format, tokenizer);
        let validation = InstructionDataset::new(parts.validation, format, tokenizer);
        Self::of_datasets([train, validation], batch_size, options)
    }

    /// Puts training and validation data into batches.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of_datasets(
        [mut train, mut validation]: [InstructionDataset; 2],
        batch_size: usize,
        options: &CollateOptions,
    ) -> Result<Self, InstructionLoaderError> {
        let entries = [train.items().len(), validation.items().len()];
        let max_length = options.allowed_max_length.unwrap_or(usize::MAX);
        let left_out = [&mut train, &mut validation].map(|part| part.remove_unanswerable(max_length));
        let reason = |part, entries: usize, left_out: &[usize]| {
            let left_out = left_out.len();
            move |error| match error {
                InstructionLoaderError::NoBatchSize => error,
                _ if left_out == 0 => error,
                _ => InstructionLoaderError::TooLong { part, entries, left_out, max_length },
            }
        };
        let train = InstructionLoader::train(train, batch_size, options.clone());
        let validation = InstructionLoader::eval(validation, batch_size, options.clone());
        let loaders = Loaders {
            train: train.map_err(reason("training", entries[0], &left_out[0]))?,
            validation: validation.map_err(reason("validation", entries[1], &left_out[1]))?,
        };
        Ok(Self { loaders, left_out })
    }
}
