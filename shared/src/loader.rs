//! Batches in the order in which PyTorch's `DataLoader` gives them.

use burn::tensor::Device;

use crate::rng::TorchRng;

/// The batches of a data set, for any number of passes.
pub trait Batches {
    /// The type of a batch.
    type Batch;

    /// Number of batches in one pass.
    fn num_batches(&self) -> usize;

    /// One pass, with the tensors on `device`. Everything that is drawn for it is drawn from `rng` before this returns.
    fn iter<'a>(&'a self, rng: &mut TorchRng, device: &'a Device) -> Box<dyn Iterator<Item = Self::Batch> + 'a>;
}

/// Which items of a data set go into which batch: `torch.utils.data.DataLoader` without the data.
///
/// A data set is anything with a length; the caller turns the indices of a batch into tensors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchLoader {
    /// Number of items in the data set.
    pub len: usize,
    /// Items in a batch.
    pub batch_size: usize,
    /// Whether each pass gets a new random order.
    pub shuffle: bool,
    /// Whether a last batch with fewer items is left out.
    pub drop_last: bool,
}

impl BatchLoader {
    /// Number of batches in one pass.
    ///
    /// # Panics
    /// If the batch size is 0.
    pub fn num_batches(&self) -> usize {
        if self.drop_last { self.len / self.batch_size } else { self.len.div_ceil(self.batch_size) }
    }

    /// One pass over the data: the item indices of every batch.
    ///
    /// Draws from `rng` what PyTorch draws from its global generator: always one 64-bit number (a seed for worker
    /// processes, which are not used here) and, when shuffling, a second one that seeds a new generator for the
    /// permutation. PyTorch draws the second with the first batch; here both come at the start of the pass.
    pub fn batches(&self, rng: &mut TorchRng) -> Vec<Vec<usize>> {
        rng.random_i64();
        let order: Vec<usize> = if self.shuffle {
            TorchRng::new(rng.random_i64() as u64).randperm(self.len)
        } else {
            (0..self.len).collect()
        };
        order.chunks(self.batch_size).take(self.num_batches()).map(<[usize]>::to_vec).collect()
    }
}
