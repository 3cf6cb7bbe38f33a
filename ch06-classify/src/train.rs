//! Fine-tuning (section 6.7): the loop of chapter 5, which counts messages instead of tokens and tells the accuracy
//! instead of writing a sample.

use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor};
use ch04_gpt::GptModel;
use ch05_pretrain::AdamW;
use shared::rng::TorchRng;
use shared::{Mode, TrainingConfig};

use crate::{Readout, SpamLoaders, calc_accuracy_loader, calc_loss_batch, calc_loss_loader};

/// The settings of section 6.7.
pub fn book_training() -> TrainingConfig {
    TrainingConfig { batch_size: 8, learning_rate: 5e-5, weight_decay: 0.1, epochs: 5, eval_freq: 50, eval_iter: 5 }
}

/// Losses at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Pass over the training messages, from 1.
    pub epoch: usize,
    /// Number of the last update, from 0.
    pub step: usize,
    /// Mean loss of some training batches.
    pub train_loss: f64,
    /// Mean loss of some validation batches.
    pub val_loss: f64,
}

/// Shares of right answers at the end of a pass, from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Accuracies {
    /// The pass, from 1.
    pub epoch: usize,
    /// In some training batches.
    pub train: f64,
    /// In some validation batches.
    pub validation: f64,
}

/// What was measured while the model learnt.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Losses.
    pub evaluations: Vec<Evaluation>,
    /// Accuracies, one for each pass.
    pub accuracies: Vec<Accuracies>,
    /// Messages that the model has learnt from, repetitions included.
    pub examples_seen: usize,
}

/// Something that happened in a run.
#[derive(Debug)]
pub enum Event<'a> {
    /// An update of the weights.
    Step {
        /// Number of the update, from 0.
        step: usize,
        /// Loss of its batch before the update, `[1]`; reading it waits for the device.
        loss: &'a Tensor<1>,
    },
    /// An evaluation.
    Evaluation(&'a Evaluation),
    /// The end of a pass.
    EpochEnd {
        /// How often the model is right.
        accuracies: &'a Accuracies,
        /// The model as it is then.
        model: &'a GptModel,
    },
}

impl std::fmt::Display for Evaluation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { epoch, step, train_loss, val_loss } = self;
        write!(f, "Ep {epoch} (Step {step:06}): Train loss {train_loss:.3}, Val loss {val_loss:.3}")
    }
}

impl std::fmt::Display for Accuracies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (train, validation) = (100.0 * self.train, 100.0 * self.validation);
        write!(f, "Training accuracy: {train:.2}% | Validation accuracy: {validation:.2}%")
    }
}

/// Fine-tunes a classifier (the book's `train_classifier_simple`, listing 6.10).
///
/// Every `eval_freq` steps, beginning with step 0, the losses of some batches are measured; after every pass the
/// accuracies. `observe` hears of every event, and can end the run there with `ControlFlow::Break`. The random numbers
/// are drawn in PyTorch's order: for each pass, each evaluation and each accuracy what the passes over their loaders
/// draw, for each step the dropout masks, if any.
///
/// `device` is the one that the model was made on; it must record gradients. Of `config`, the batch size is not looked
/// at: the loaders have theirs.
pub fn train_classifier_simple(
    mut model: GptModel,
    loaders: &SpamLoaders,
    config: &TrainingConfig,
    readout: Readout,
    rng: &mut TorchRng,
    device: &Device,
    mut observe: impl FnMut(Event) -> ControlFlow<()>,
) -> (GptModel, History) {
    let SpamLoaders { train, validation, .. } = loaders;
    let mut optimizer = AdamW::new(config.weight_decay).with_kernels(model.kernels);
    let mut history = History::default();
    let some = Some(config.eval_iter);
    let mut step = 0;
    for epoch in 1..=config.epochs {
        for batch in train.pass(rng, device) {
            let [examples] = batch.labels.dims();
            let loss = calc_loss_batch(&model, batch, readout, &mut Mode::Train(rng));
            let gradients = loss.backward();
            model = optimizer.step(config.learning_rate, model, gradients);
            history.examples_seen += examples;
            if observe(Event::Step { step, loss: &loss.inner() }).is_break() {
                return (model, history);
            }

            if step.is_multiple_of(config.eval_freq) {
                let train_loss = calc_loss_loader(&model, train, some, readout, rng, device);
                let val_loss = calc_loss_loader(&model, validation, some, readout, rng, device);
                let evaluation = Evaluation { epoch, step, train_loss, val_loss };
                let go_on = observe(Event::Evaluation(&evaluation));
                history.evaluations.push(evaluation);
                if go_on.is_break() {
                    return (model, history);
                }
            }
            step += 1;
        }
        let accuracies = Accuracies {
            epoch,
            train: calc_accuracy_loader(&model, train, some, readout, rng, device),
            validation: calc_accuracy_loader(&model, validation, some, readout, rng, device),
        };
        let go_on = observe(Event::EpochEnd { accuracies: &accuracies, model: &model });
        history.accuracies.push(accuracies);
        if go_on.is_break() {
            break;
        }
    }
    (model, history)
}
