//! Batches of messages (section 6.3).

use burn::tensor::{Device, Int, Tensor, TensorData};
use shared::rng::TorchRng;
use shared::{BatchLoader, Batches, Tokenizer};

use crate::{Length, SpamDataset, Split};

/// Some messages and what they are.
#[derive(Clone, Debug)]
pub struct SpamBatch {
    /// Token ids, `[batch, tokens]`.
    pub inputs: Tensor<2, Int>,
    /// Classes, `[batch]`: 0 for ham, 1 for spam.
    pub labels: Tensor<1, Int>,
    /// The id of the padding token.
    pub pad_token_id: u32,
}

/// Why messages do not make batches.
#[derive(Debug, thiserror::Error)]
pub enum SpamLoaderError {
    /// A batch has no messages.
    #[error("batch_size is 0, but must be at least 1")]
    NoBatchSize,
    /// Messages of different lengths do not fit into one batch.
    #[error("messages without padding have different lengths: batch_size is {0}, but must be 1")]
    Unpadded(usize),
    /// The model cannot read messages of this length.
    #[error(
        "the messages have up to {max_length} tokens, but the model's context takes 1 to {context_length}: truncate or \
         pad them to a length in between"
    )]
    Length {
        /// Tokens in the longest message, as it goes into a batch.
        max_length: usize,
        /// Maximum number of tokens that the model takes at once.
        context_length: usize,
    },
    /// The training messages do not fill one batch.
    #[error(
        "the training part has {messages} messages, too few for one batch of {batch_size}; take smaller batches or more \
         messages"
    )]
    NoBatch {
        /// Messages there are.
        messages: usize,
        /// Messages in a batch.
        batch_size: usize,
    },
}

/// A dataset that comes in batches.
#[derive(Clone, Debug)]
pub struct SpamLoader {
    dataset: SpamDataset,
    order: BatchLoader,
}

impl SpamLoader {
    /// For training: shuffled, full batches only.
    ///
    /// # Errors
    /// If the batch size is 0, or not 1 for messages of different lengths.
    pub fn train(dataset: SpamDataset, batch_size: usize) -> Result<Self, SpamLoaderError> {
        Self::new(dataset, batch_size, true)
    }

    /// For evaluation: in order, all messages.
    ///
    /// # Errors
    /// As [`train`](Self::train).
    pub fn eval(dataset: SpamDataset, batch_size: usize) -> Result<Self, SpamLoaderError> {
        Self::new(dataset, batch_size, false)
    }

    fn new(dataset: SpamDataset, batch_size: usize, training: bool) -> Result<Self, SpamLoaderError> {
        match batch_size {
            0 => Err(SpamLoaderError::NoBatchSize),
            2.. if !dataset.is_padded() => Err(SpamLoaderError::Unpadded(batch_size)),
            _ => {
                let order = BatchLoader { len: dataset.len(), batch_size, shuffle: training, drop_last: training };
                Ok(Self { dataset, order })
            }
        }
    }

    /// The messages.
    pub fn dataset(&self) -> &SpamDataset {
        &self.dataset
    }

    /// The given messages as one batch.
    ///
    /// # Panics
    /// If there is no such message, or they differ in length.
    pub fn batch(&self, messages: &[usize], device: &Device) -> SpamBatch {
        let (rows, classes): (Vec<_>, Vec<_>) =
            messages.iter().map(|&i| self.dataset.get(i)).map(|(row, label)| (row, label.class() as i64)).unzip();
        let shape = [rows.len(), rows.first().map_or(0, |row| row.len())];
        SpamBatch {
            inputs: Tensor::from_data(TensorData::new(rows.concat(), shape), device), // [batch, tokens]
            labels: Tensor::from_data(classes.as_slice(), device),                    // [batch]
            pad_token_id: self.dataset.pad_token_id(),
        }
    }
}

impl Batches for SpamLoader {
    type Batch = SpamBatch;

    fn num_batches(&self) -> usize {
        self.order.num_batches()
    }

    fn iter<'a>(&'a self, rng: &mut TorchRng, device: &'a Device) -> Box<dyn Iterator<Item = SpamBatch> + 'a> {
        Box::new(self.order.batches(rng).into_iter().map(move |messages| self.batch(&messages, device)))
    }
}

/// The loaders of the three parts.
#[derive(Clone, Debug)]
pub struct SpamLoaders {
    /// Shuffled, in full batches only.
    pub train: SpamLoader,
    /// In order.
    pub validation: SpamLoader,
    /// In order.
    pub test: SpamLoader,
}

impl SpamLoaders {
    /// Loaders for the three parts, for a model of this context length. With [`Length::Longest`], the longest training
    /// message determines the length of all three.
    ///
    /// # Errors
    /// If the messages do not make batches, or if they do not fit the model (listing 6.6); then [`Length::Exactly`]
    /// truncates them.
    pub fn new(
        split: &Split,
        tokenizer: &impl Tokenizer,
        length: Length,
        batch_size: usize,
        context_length: usize,
    ) -> Result<Self, SpamLoaderError> {
        let train = SpamDataset::new(&split.train, tokenizer, length);
        let others = if length == Length::Longest { Length::Exactly(train.max_length()) } else { length };
        let loader = |messages| SpamLoader::eval(SpamDataset::new(messages, tokenizer, others), batch_size);
        let loaders = Self {
            validation: loader(&split.validation)?,
            test: loader(&split.test)?,
            train: SpamLoader::train(train, batch_size)?,
        };
        if loaders.train.num_batches() == 0 {
            return Err(SpamLoaderError::NoBatch { messages: split.train.len(), batch_size });
        }
        let max_length = loaders.parts().iter().map(|(_, loader)| loader.dataset().max_length()).max().unwrap_or(0);
        if !(1..=context_length).contains(&max_length) {
            return Err(SpamLoaderError::Length { max_length, context_length });
        }
        Ok(loaders)
    }

    /// The three loaders with the names of their parts.
    pub fn parts(&self) -> [(&'static str, &SpamLoader); 3] {
        [("training", &self.train), ("validation", &self.validation), ("test", &self.test)]
    }
}
