//! Training or evaluation, an argument of each forward pass.

use burn::tensor::{Device, Tensor, TensorData};

use crate::rng::TorchRng;

/// What `model.train()` and `model.eval()` switch in PyTorch. Here it is an argument of every `forward`, so that no
/// model can be in the wrong mode by accident.
///
/// Only dropout looks at it. A mode is passed on from module to module as `&mut Mode`, because training draws numbers.
#[derive(Debug)]
pub enum Mode<'a> {
    /// No dropout, no random draws.
    Eval,
    /// Dropout with masks from PyTorch's CPU generator: the same seed gives the same masks on every device.
    Train(&'a mut TorchRng),
    /// Dropout with masks from the device's own generator: faster on a GPU, but not the book's masks.
    TrainOnDevice,
}

impl Mode<'_> {
    /// Whether this is a training pass.
    pub fn is_training(&self) -> bool {
        !matches!(self, Mode::Eval)
    }

    /// A dropout mask for a tensor of shape `shape`: 0 with probability `rate`, else 1 / (1 - rate). `None` where
    /// there is nothing to drop.
    pub(crate) fn dropout_mask<const D: usize>(
        &mut self,
        shape: [usize; D],
        rate: f64,
        device: &Device,
    ) -> Option<Tensor<D>> {
        if rate == 0.0 {
            return None;
        }
        match self {
            Mode::Eval => None,
            Mode::Train(rng) => {
                let mask = rng.dropout_mask(shape.iter().product(), rate);
                Some(Tensor::from_data(TensorData::new(mask, shape), device))
            }
            Mode::TrainOnDevice => {
                let keep = burn::tensor::Distribution::Bernoulli(1.0 - rate);
                Some(Tensor::random(shape, keep, device) / (1.0 - rate))
            }
        }
    }
}
