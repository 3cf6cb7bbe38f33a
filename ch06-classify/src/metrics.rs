//! How often the classifier is right, and how wrong it is (section 6.6).
//!
//! The share of right answers is what counts, but it has no useful gradient: it jumps when an answer tips over and
//! stands still otherwise. Training therefore makes the cross entropy smaller, and the accuracy follows.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use ch04_gpt::GptModel;
use ch05_pretrain::cross_entropy;
use shared::Mode;
use shared::rng::TorchRng;

use crate::{NUM_CLASSES, Readout, SpamBatch, SpamLoader};

/// The loss of one batch: the mean of `-log p(label)` over its messages. The result can be walked backward if the model
/// records gradients.
pub fn calc_loss_batch(model: &GptModel, batch: SpamBatch, readout: Readout, mode: &mut Mode) -> Tensor<1> {
    let logits = model.forward(batch.inputs.clone(), mode); // [batch, tokens, classes]
    cross_entropy(readout.select(logits, &batch.inputs), batch.labels)
}

/// The mean of the losses of the first `num_batches` batches (all if `None` or more than there are) of a new pass, in
/// evaluation mode. A last batch with fewer messages counts as much as a full one. NaN if the loader is empty.
pub fn calc_loss_loader(
    model: &GptModel,
    loader: &SpamLoader,
    num_batches: Option<usize>,
    readout: Readout,
    rng: &mut TorchRng,
    device: &Device,
) -> f64 {
    let model = model.valid();
    let device = device.clone().inner();
    let num_batches = num_batches.map_or(loader.num_batches(), |n| n.min(loader.num_batches()));
    let loss = |batch| f64::from(calc_loss_batch(&model, batch, readout, &mut Mode::Eval).into_scalar::<f32>());
    loader.pass(rng, &device).take(num_batches).map(loss).sum::<f64>() / num_batches as f64
}

/// The share of right answers in the first `num_batches` batches (all if `None` or more than there are) of a new pass,
/// in evaluation mode: from 0 to 1, or NaN if the loader is empty.
pub fn calc_accuracy_loader(
    model: &GptModel,
    loader: &SpamLoader,
    num_batches: Option<usize>,
    readout: Readout,
    rng: &mut TorchRng,
    device: &Device,
) -> f64 {
    confusion(model, loader, num_batches, readout, rng, device).accuracy()
}

/// What messages are, and what they were taken for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Confusion {
    /// Numbers of messages: `counts[class][answer]`.
    pub counts: [[usize; NUM_CLASSES]; NUM_CLASSES],
}

impl Confusion {
    /// Number of messages.
    pub fn total(&self) -> usize {
        self.counts.iter().flatten().sum()
    }

    /// Share of right answers, from 0 to 1; NaN if there are none.
    pub fn accuracy(&self) -> f64 {
        let right: usize = (0..NUM_CLASSES).map(|class| self.counts[class][class]).sum();
        right as f64 / self.total() as f64
    }
}

/// Counts right and wrong answers, as [`calc_accuracy_loader`].
pub fn confusion(
    model: &GptModel,
    loader: &SpamLoader,
    num_batches: Option<usize>,
    readout: Readout,
    rng: &mut TorchRng,
    device: &Device,
) -> Confusion {
    let model = model.valid();
    let device = device.clone().inner();
    let mut confusion = Confusion::default();
    for batch in loader.pass(rng, &device).take(num_batches.unwrap_or(usize::MAX)) {
        let logits = model.forward(batch.inputs.clone(), &mut Mode::Eval); // [batch, tokens, classes]
        let answers = readout.select(logits, &batch.inputs).argmax(1).into_data(); // [batch, 1]
        for (class, answer) in batch.labels.into_data().iter::<u32>().zip(answers.iter::<u32>()) {
            confusion.counts[class as usize][answer as usize] += 1;
        }
    }
    confusion
}
