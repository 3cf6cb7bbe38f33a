//! How often the classifier is right, and how wrong it is (section 6.6).
//!
//! The share of correct answers is what counts, but it has no useful gradient: it jumps when one answer changes and is
//! constant in between. Training therefore minimizes the cross entropy, and the accuracy follows.

use burn::tensor::{Device, Int, Tensor};
use shared::rng::TorchRng;
use shared::{Batches, LanguageModel, Mode, cross_entropy};

use crate::{NUM_CLASSES, Readout, SpamBatch};

/// The loss of one batch: the mean of `-log p(label)` over its messages, `[1]`. `backward()` can be called on it if the
/// model records gradients.
pub fn calc_loss_batch(model: &impl LanguageModel, batch: SpamBatch, readout: Readout, mode: &mut Mode) -> Tensor<1> {
    let logits = model.forward(batch.inputs.clone(), mode); // [batch, tokens, classes]
    let logits = readout.select(logits, &batch.inputs, batch.pad_token_id); // [batch, classes]
    cross_entropy(logits, batch.labels)
}

/// The mean loss of the first `num_batches` batches (all if `None` or more than there are) of a new pass, in evaluation
/// mode. A last batch with fewer messages counts as much as a full one. NaN if the loader is empty.
pub fn calc_loss_loader(
    model: &impl LanguageModel,
    loader: &impl Batches<Batch = SpamBatch>,
    num_batches: Option<usize>,
    readout: Readout,
    rng: &mut TorchRng,
    device: &Device,
) -> f64 {
    let (mut total, mut batches) = (0.0, 0);
    evaluate(model, loader, num_batches, readout, rng, device, |logits, labels| {
        total += f64::from(cross_entropy(logits, labels).into_scalar::<f32>());
        batches += 1;
    });
    total / f64::from(batches)
}

/// The share of correct answers in the first `num_batches` batches (all if `None` or more than there are) of a new pass,
/// in evaluation mode: from 0 to 1, or NaN if the loader is empty.
pub fn calc_accuracy_loader(
    model: &impl LanguageModel,
    loader: &impl Batches<Batch = SpamBatch>,
    num_batches: Option<usize>,
    readout: Readout,
    rng: &mut TorchRng,
    device: &Device,
) -> f64 {
    confusion(model, loader, num_batches, readout, rng, device).accuracy()
}

/// The labels of messages against the answers of a classifier: a confusion matrix.
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

    /// Share of correct answers, from 0 to 1; NaN if there are no messages.
    pub fn accuracy(&self) -> f64 {
        let correct: usize = (0..NUM_CLASSES).map(|class| self.counts[class][class]).sum();
        correct as f64 / self.total() as f64
    }

    /// Of the messages that the classifier calls spam, the share that is; NaN if it calls none so.
    pub fn precision(&self) -> f64 {
        let [[_, false_alarms], [_, found]] = self.counts;
        found as f64 / (found + false_alarms) as f64
    }

    /// Of the spam messages, the share that the classifier finds; NaN if there are none.
    pub fn recall(&self) -> f64 {
        let [_, [missed, found]] = self.counts;
        found as f64 / (found + missed) as f64
    }
}

/// Counts correct and wrong answers, on the batches of [`calc_accuracy_loader`].
pub fn confusion(
    model: &impl LanguageModel,
    loader: &impl Batches<Batch = SpamBatch>,
    num_batches: Option<usize>,
    readout: Readout,
    rng: &mut TorchRng,
    device: &Device,
) -> Confusion {
    let mut confusion = Confusion::default();
    evaluate(model, loader, num_batches, readout, rng, device, |logits, labels| {
        let answers = logits.argmax(1).into_data(); // [batch, 1]
        for (class, answer) in labels.into_data().iter::<u32>().zip(answers.iter::<u32>()) {
            confusion.counts[class as usize][answer as usize] += 1;
        }
    });
    confusion
}

/// Runs the model in evaluation mode on the first `num_batches` batches of a new pass and gives `measure` the logits of
/// each, `[batch, classes]`, and the labels, `[batch]`.
fn evaluate(
    model: &impl LanguageModel,
    loader: &impl Batches<Batch = SpamBatch>,
    num_batches: Option<usize>,
    readout: Readout,
    rng: &mut TorchRng,
    device: &Device,
    mut measure: impl FnMut(Tensor<2>, Tensor<1, Int>),
) {
    let model = model.valid();
    let device = device.clone().inner();
    for batch in loader.iter(rng, &device).take(num_batches.unwrap_or(usize::MAX)) {
        let logits = model.forward(batch.inputs.clone(), &mut Mode::Eval); // [batch, tokens, classes]
        measure(readout.select(logits, &batch.inputs, batch.pad_token_id), batch.labels);
    }
}
