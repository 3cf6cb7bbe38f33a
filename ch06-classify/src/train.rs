//! Fine-tuning (section 6.7): the loop of chapter 5, which counts messages instead of tokens and prints the accuracy
//! instead of a sample.

use std::fmt;

use burn::tensor::Device;
use ch05_pretrain::{AdamW, Evaluation};
use shared::rng::TorchRng;
use shared::{Batches, LanguageModel, Mode, TrainingConfig};

use crate::{Readout, SpamLoaders, calc_accuracy_loader, calc_loss_batch, calc_loss_loader};

/// The settings of section 6.7.
pub fn training_config() -> TrainingConfig {
    TrainingConfig { batch_size: 8, learning_rate: 5e-5, weight_decay: 0.1, epochs: 5, eval_freq: 50, eval_iter: 5 }
}

/// Shares of correct answers after an epoch, from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Accuracies {
    /// The epoch, from 1.
    pub epoch: usize,
    /// On some training batches.
    pub train: f64,
    /// On some validation batches.
    pub validation: f64,
}

impl fmt::Display for Accuracies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (train, validation) = (100.0 * self.train, 100.0 * self.validation);
        write!(f, "Training accuracy: {train:.2}% | Validation accuracy: {validation:.2}%")
    }
}

/// What was measured during training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Losses; what they count as seen are messages.
    pub evaluations: Vec<Evaluation>,
    /// Accuracies, one for each epoch.
    pub accuracies: Vec<Accuracies>,
    /// Messages that the model was trained on, repetitions included.
    pub examples_seen: usize,
}

/// Fine-tunes a classifier (the book's `train_classifier_simple`, listing 6.10).
///
/// Every `eval_freq` steps, beginning with step 0, the losses of some batches are measured and printed; after every epoch
/// the accuracies. The random numbers are drawn in PyTorch's order: for each epoch, each loss and each accuracy what the
/// pass over its loader draws, for each step the dropout masks, if any.
///
/// `device` is the one that the model was made on; it must record gradients. `config.batch_size` is not used: the loaders
/// have theirs.
pub fn train_classifier_simple<M: LanguageModel>(
    mut model: M,
    optimizer: &mut AdamW,
    loaders: &SpamLoaders,
    config: &TrainingConfig,
    readout: Readout,
    rng: &mut TorchRng,
    device: &Device,
) -> (M, History) {
    let mut history = History::default();
    let mut step = 0usize;
    for epoch in 1..=config.epochs {
        for batch in loaders.train.iter(rng, device) {
            let [examples] = batch.labels.dims();
            let loss = calc_loss_batch(&model, batch, readout, &mut Mode::Train(rng));
            let gradients = loss.backward();
            model = optimizer.step(config.learning_rate, model, gradients);
            history.examples_seen += examples;

            if step.is_multiple_of(config.eval_freq) {
                let [train_loss, val_loss] = evaluate_model(&model, loaders, config.eval_iter, readout, rng, device);
                let evaluation = Evaluation { epoch, step, seen: history.examples_seen, train_loss, val_loss };
                println!("{evaluation}");
                history.evaluations.push(evaluation);
            }
            step += 1;
        }
        let [train, validation] = [&loaders.train, &loaders.validation]
            .map(|loader| calc_accuracy_loader(&model, loader, Some(config.eval_iter), readout, rng, device));
        let accuracies = Accuracies { epoch, train, validation };
        println!("{accuracies}");
        history.accuracies.push(accuracies);
    }
    (model, history)
}

/// Mean loss of the first `eval_iter` batches of a new pass over the training loader, then over the validation loader
/// (the book's `evaluate_model`).
pub fn evaluate_model(
    model: &impl LanguageModel,
    loaders: &SpamLoaders,
    eval_iter: usize,
    readout: Readout,
    rng: &mut TorchRng,
    device: &Device,
) -> [f64; 2] {
    [&loaders.train, &loaders.validation]
        .map(|loader| calc_loss_loader(model, loader, Some(eval_iter), readout, rng, device))
}
