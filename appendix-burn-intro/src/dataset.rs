//! A data set and its batches (section A.6).
//!
//! burn has both too (`burn::data`, with the feature `dataset`): its loader shuffles in an order of its own and always
//! yields the short last batch. For the book's order, this one follows PyTorch's, through [`shared::BatchLoader`].

use burn::tensor::{Device, Int, Tensor, TensorData};
use shared::BatchLoader;
use shared::rng::TorchRng;

/// Points of two classes (listings A.5 and A.6).
#[derive(Clone, Debug, PartialEq)]
pub struct ToyDataset {
    /// Two coordinates each.
    pub features: Vec<[f32; 2]>,
    /// The class of each point, 0 or 1.
    pub labels: Vec<i32>,
}

impl ToyDataset {
    /// The five training points.
    pub fn train() -> Self {
        let features = vec![[-1.2, 3.1], [-0.9, 2.9], [-0.5, 2.6], [2.3, -1.1], [2.7, -1.5]];
        Self { features, labels: vec![0, 0, 0, 1, 1] }
    }

    /// The two test points.
    pub fn test() -> Self {
        Self { features: vec![[-0.8, 2.8], [2.6, -1.6]], labels: vec![0, 1] }
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no point.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Point `i` and its class.
    ///
    /// # Panics
    /// If there is no such point.
    pub fn get(&self, i: usize) -> ([f32; 2], i32) {
        (self.features[i], self.labels[i])
    }

    /// The given points as one batch on `device`.
    ///
    /// # Panics
    /// If one of them does not exist.
    pub fn batch(&self, indices: &[usize], device: &Device) -> ToyBatch {
        let (features, labels): (Vec<_>, Vec<_>) = indices.iter().map(|&i| self.get(i)).unzip();
        ToyBatch {
            features: Tensor::from_data(TensorData::new(features.concat(), [indices.len(), 2]), device),
            labels: Tensor::from_data(TensorData::new(labels, [indices.len()]), device),
        }
    }
}

/// Some points and their classes.
#[derive(Clone, Debug)]
pub struct ToyBatch {
    /// `[batch, 2]`
    pub features: Tensor<2>,
    /// `[batch]`
    pub labels: Tensor<1, Int>,
}

/// A data set in batches (listings A.7 and A.8).
#[derive(Clone, Debug)]
pub struct ToyLoader {
    /// The points.
    pub dataset: ToyDataset,
    /// Which points go into which batch.
    pub order: BatchLoader,
}

impl ToyLoader {
    /// Batches of two points. Only the training loader shuffles and may drop a last batch of one.
    pub fn new(dataset: ToyDataset, shuffle: bool, drop_last: bool) -> Self {
        let order = BatchLoader { len: dataset.len(), batch_size: 2, shuffle, drop_last };
        Self { dataset, order }
    }

    /// One pass over the points, in PyTorch's order.
    pub fn iter<'a>(&'a self, rng: &mut TorchRng, device: &'a Device) -> impl Iterator<Item = ToyBatch> + use<'a> {
        self.order.batches(rng).into_iter().map(move |indices| self.dataset.batch(&indices, device))
    }
}
