//! How wrong the model is (sections 5.1.2 and 5.1.3).

use burn::module::Module;
use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor};
use ch02_text::{Batch, GptDataLoader};
use ch04_gpt::GptModel;
use shared::Mode;
use shared::rng::TorchRng;

/// Targets with this value are left out of the loss, as in PyTorch. Chapter 7 marks padding with it.
pub const IGNORE_INDEX: i32 = -100;

/// Batches for a training run: whatever has passes that can be drawn again and again.
pub trait Batches {
    /// Number of batches in one pass.
    fn num_batches(&self) -> usize;

    /// One pass. Everything that is drawn for it is drawn from `rng` before this returns.
    fn pass<'a>(&'a self, rng: &mut TorchRng, device: &'a Device) -> Box<dyn Iterator<Item = Batch> + 'a>;
}

impl Batches for GptDataLoader {
    fn num_batches(&self) -> usize {
        GptDataLoader::num_batches(self)
    }

    fn pass<'a>(&'a self, rng: &mut TorchRng, device: &'a Device) -> Box<dyn Iterator<Item = Batch> + 'a> {
        Box::new(self.iter(rng, device))
    }
}

/// The mean of `-log p(target)` over all positions whose target is not [`IGNORE_INDEX`], where p is the softmax of the
/// logits. It is 0 for a model that is sure and right, and ln(vocabulary) for one that has no idea; NaN if every target
/// is ignored.
///
/// # Shapes
/// - `logits`: `[positions, vocab_size]`;
/// - `targets`: `[positions]`;
/// - result: `[1]`.
pub fn cross_entropy(logits: Tensor<2>, targets: Tensor<1, Int>) -> Tensor<1> {
    let [positions] = targets.dims();
    let ignored = targets.clone().equal_scalar(IGNORE_INDEX); // [positions]
    let counted = ignored.clone().bool_not().float().sum(); // [1]
    let targets = targets.mask_fill(ignored.clone(), 0);
    let log_probabilities = log_softmax(logits, 1); // [positions, vocab_size]
    let of_targets = log_probabilities.gather(1, targets.reshape([positions, 1])); // [positions, 1]
    of_targets.reshape([positions]).mask_fill(ignored, 0.0).sum().neg() / counted
}

/// Between how many tokens the model hesitates, on average: `exp(loss)`.
pub fn perplexity(loss: f64) -> f64 {
    loss.exp()
}

/// The loss of one batch. The result can be walked backward if the model records gradients.
pub fn calc_loss_batch(model: &GptModel, batch: Batch, mode: &mut Mode) -> Tensor<1> {
    let logits = model.forward(batch.inputs, mode); // [batch, tokens, vocab_size]
    let (logits, targets) = (logits.flatten(0, 1), batch.targets.flatten(0, 1));
    if model.kernels.fuse(&logits) {
        kernels::cross_entropy(logits, targets, IGNORE_INDEX.into())
    } else {
        cross_entropy(logits, targets)
    }
}

/// The mean of the losses of the first `num_batches` batches (all if `None` or more than there are) of a new pass over
/// `loader`, in evaluation mode. NaN if the loader is empty.
///
/// Draws from `rng` what a pass draws, see [`BatchLoader`](shared::BatchLoader::batches).
pub fn calc_loss_loader(
    model: &GptModel,
    loader: &impl Batches,
    num_batches: Option<usize>,
    rng: &mut TorchRng,
    device: &Device,
) -> f64 {
    let model = model.valid();
    let device = device.clone().inner();
    let num_batches = num_batches.map_or(loader.num_batches(), |n| n.min(loader.num_batches()));
    let total: f64 = loader
        .pass(rng, &device)
        .take(num_batches)
        .map(|batch| f64::from(calc_loss_batch(&model, batch, &mut Mode::Eval).into_scalar::<f32>()))
        .sum();
    total / num_batches as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_targets_do_not_count() {
        let device = Device::flex();
        let logits = Tensor::<2>::from_floats([[1.0, 2.0, 0.5], [0.0, 0.0, 9.0], [3.0, 1.0, 1.0]], &device);
        let loss = |logits: Tensor<2>, targets: &[i32]| -> f32 {
            cross_entropy(logits, Tensor::from_data(targets, &device)).into_scalar()
        };
        let kept = logits.clone().select(0, Tensor::from_ints([0, 2], &device));
        let expected = loss(kept, &[1, 0]);
        assert!((loss(logits.clone(), &[1, IGNORE_INDEX, 0]) - expected).abs() < 1e-6);
        assert!(loss(logits, &[IGNORE_INDEX; 3]).is_nan());
    }
}
