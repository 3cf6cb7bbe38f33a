//! The training loop (section 5.2).

use std::fmt;

use burn::tensor::Device;
use ch02_text::Batch;
use serde::{Deserialize, Deserializer, Serialize};
use shared::rng::TorchRng;
use shared::{Batches, LanguageModel, Mode, TrainingConfig};

use crate::{AdamW, Loaders, calc_loss_batch, calc_loss_loader};

/// Trains on random batches: predict, measure the loss, compute the gradients, update the weights, again.
///
/// Every `eval_freq` steps, beginning with step 0, the losses on some batches of both loaders are measured and printed;
/// after each pass, `after_epoch` gets the model (the book prints a sample there). Returns the trained model and all
/// evaluations.
///
/// `device` is the one that the model was made on; it must record gradients (`device.autodiff()`). Of `config`, the
/// batch size has no effect here: the loaders have theirs.
///
/// The random numbers are drawn in PyTorch's order: for each epoch what a pass over the training loader draws, for each
/// step the dropout masks, for each evaluation what a pass over either loader draws.
pub fn train_model_simple<M: LanguageModel, L: Batches<Batch = Batch>>(
    mut model: M,
    optimizer: &mut AdamW,
    loaders: &Loaders<L>,
    config: &TrainingConfig,
    rng: &mut TorchRng,
    device: &Device,
    mut after_epoch: impl FnMut(&M),
) -> (M, Vec<Evaluation>) {
    let mut evaluations = Vec::new();
    let (mut step, mut seen) = (0usize, 0);
    for epoch in 1..=config.epochs {
        for batch in loaders.train.iter(rng, device) {
            seen += batch.inputs.shape().num_elements();
            let loss = calc_loss_batch(&model, batch, &mut Mode::Train(rng)); // [1]
            let gradients = loss.backward();
            model = optimizer.step(config.learning_rate, model, gradients);

            if step.is_multiple_of(config.eval_freq) {
                let [train_loss, val_loss] = evaluate_model(&model, loaders, config.eval_iter, rng, device);
                let evaluation = Evaluation { epoch, step, seen, train_loss, val_loss };
                println!("{evaluation}");
                evaluations.push(evaluation);
            }
            step += 1;
        }
        after_epoch(&model);
    }
    (model, evaluations)
}

/// The losses on the first `eval_iter` batches of a new pass over the training loader and of one over the validation
/// loader, in evaluation mode.
pub fn evaluate_model<L: Batches<Batch = Batch>>(
    model: &impl LanguageModel,
    loaders: &Loaders<L>,
    eval_iter: usize,
    rng: &mut TorchRng,
    device: &Device,
) -> [f64; 2] {
    [&loaders.train, &loaders.validation].map(|loader| calc_loss_loader(model, loader, Some(eval_iter), rng, device))
}

/// Losses at one moment of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Pass over the training data, from 1.
    pub epoch: usize,
    /// Number of the last update, from 0.
    pub step: usize,
    /// What the model has learnt from so far: input tokens, and in chapter 6 messages.
    #[serde(rename = "tokens_seen")]
    pub seen: usize,
    /// Mean loss of some training batches.
    #[serde(deserialize_with = "null_is_nan")]
    pub train_loss: f64,
    /// Mean loss of some validation batches.
    #[serde(deserialize_with = "null_is_nan")]
    pub val_loss: f64,
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { epoch, step, train_loss, val_loss, .. } = self;
        write!(f, "Ep {epoch} (Step {step:06}): Train loss {train_loss:.3}, Val loss {val_loss:.3}")
    }
}

/// JSON has no number for a loss that is not finite.
fn null_is_nan<'de, D: Deserializer<'de>>(value: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(value)?.unwrap_or(f64::NAN))
}
