//! Batches of windows, in order or shuffled (section 2.6).
//!
//! A small batch needs little memory but makes the training steps noisy; with a large one it is the other way round.

use burn::tensor::{Device, Int, Tensor, TensorData};
use shared::rng::TorchRng;
use shared::{BatchLoader, Batches};

use crate::dataset::require_positive;
use crate::{DatasetError, Gpt2Tokenizer, GptDataset};

/// How to cut a text into batches, with the defaults of the book's `create_dataloader_v1` (listing 2.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataLoaderOptions {
    /// Windows in a batch (default 4).
    pub batch_size: usize,
    /// Tokens in a window (default 256).
    pub max_length: usize,
    /// Tokens from the beginning of a window to that of the next (default 128).
    pub stride: usize,
    /// Whether each pass takes the windows in a new random order (default true).
    pub shuffle: bool,
    /// Whether a last batch with fewer windows is left out (default true). The loss of its step would be
    /// an average over fewer windows, and so noisier.
    pub drop_last: bool,
}

impl Default for DataLoaderOptions {
    fn default() -> Self {
        Self { batch_size: 4, max_length: 256, stride: 128, shuffle: true, drop_last: true }
    }
}

/// Encodes a text with GPT-2's tokenizer, cuts it into windows and those into batches.
///
/// # Errors
/// If a size in `options` is 0 or the text is too short for one window.
pub fn create_dataloader(text: &str, options: &DataLoaderOptions) -> Result<GptDataLoader, DatasetError> {
    let dataset = GptDataset::new(text, &Gpt2Tokenizer::new(), options.max_length, options.stride)?;
    GptDataLoader::new(dataset, options)
}

/// Inputs and targets of some windows.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Token ids, `[batch, tokens]`.
    pub inputs: Tensor<2, Int>,
    /// For each input the token that follows it, `[batch, tokens]`.
    pub targets: Tensor<2, Int>,
}

/// A data set that comes in batches.
#[derive(Clone, Debug)]
pub struct GptDataLoader {
    dataset: GptDataset,
    order: BatchLoader,
}

impl GptDataLoader {
    /// Batches of the windows of `dataset`. Of the options, `max_length` and `stride` have no effect: the data set
    /// has its windows already.
    ///
    /// # Errors
    /// If the batch size is 0.
    pub fn new(dataset: GptDataset, options: &DataLoaderOptions) -> Result<Self, DatasetError> {
        let &DataLoaderOptions { batch_size, shuffle, drop_last, .. } = options;
        require_positive("batch_size", batch_size)?;
        let order = BatchLoader { len: dataset.num_windows(), batch_size, shuffle, drop_last };
        Ok(Self { dataset, order })
    }

    /// The windows.
    pub fn dataset(&self) -> &GptDataset {
        &self.dataset
    }

    /// The given windows as one batch.
    fn batch(&self, windows: &[usize], device: &Device) -> Batch {
        let shape = [windows.len(), self.dataset.max_length()];
        let (inputs, targets): (Vec<_>, Vec<_>) = windows.iter().map(|&i| self.dataset.get(i)).unzip();
        let tensor = |rows: Vec<&[u32]>| Tensor::from_data(TensorData::new(rows.concat(), shape), device);
        Batch { inputs: tensor(inputs), targets: tensor(targets) } // [batch, tokens] each
    }
}

impl Batches for GptDataLoader {
    type Batch = Batch;

    /// 0 if `drop_last` is set and not even one batch is full.
    fn num_batches(&self) -> usize {
        self.order.num_batches()
    }

    /// One pass over the windows. The order is drawn from `rng` at once, as PyTorch draws it (see [`BatchLoader`]),
    /// with or without shuffling; the tensors are made on `device` one batch at a time.
    fn iter<'a>(&'a self, rng: &mut TorchRng, device: &'a Device) -> Box<dyn Iterator<Item = Batch> + 'a> {
        Box::new(self.order.batches(rng).into_iter().map(move |windows| self.batch(&windows, device)))
    }
}
