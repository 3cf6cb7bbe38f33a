//! The training loop (section 5.2).

use std::ops::ControlFlow;

use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::Device;
use ch02_text::GptDataLoader;
use ch04_gpt::GptModel;
use serde::{Deserialize, Serialize};
use shared::rng::TorchRng;
use shared::{Mode, TrainingConfig};

use crate::text_split::Loaders;
use crate::{calc_loss_batch, calc_loss_loader};

/// AdamW as PyTorch's, with its eps of 1e-8 (burn's default is 1e-5). All parameters decay. Loshchilov and Hutter,
/// 2019.
pub fn adamw(weight_decay: f64) -> ModuleOptimizer {
    AdamWConfig::new().with_epsilon(1e-8).with_weight_decay(weight_decay as f32).init()
}

/// Losses at one moment of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Pass over the training text, from 1.
    pub epoch: usize,
    /// Updates before the last one, from 0.
    pub step: usize,
    /// Input tokens that the model has learnt from.
    pub tokens_seen: usize,
    /// Mean loss of some training batches.
    pub train_loss: f64,
    /// Mean loss of some validation batches.
    pub val_loss: f64,
}

/// Something that happened in a run.
#[derive(Debug)]
pub enum Event<'a> {
    /// An update of the weights.
    Step {
        /// Number of the update, from 0.
        step: usize,
        /// Loss of its batch before the update.
        loss: f32,
    },
    /// An evaluation.
    Evaluation(&'a Evaluation),
    /// The end of a pass over the training text, with the model as it is now.
    EpochEnd {
        /// The pass, from 1.
        epoch: usize,
        /// The model, still on the training device.
        model: &'a GptModel,
    },
}

/// What a run leaves behind.
#[derive(Debug)]
pub struct History {
    /// The trained model, on the training device.
    pub model: GptModel,
    /// All evaluations.
    pub evaluations: Vec<Evaluation>,
    /// Whether the observer stopped the run before its end.
    pub stopped: bool,
}

/// Trains `model` on random batches: predict, measure the loss, walk it backward, update the weights, again.
///
/// Every `eval_freq` steps, beginning with step 0, the losses on some batches of both loaders are measured. `observe`
/// hears of every event and can end the run with `ControlFlow::Break`.
///
/// The random numbers are drawn from `rng` in PyTorch's order: for each epoch what a pass over the training loader
/// draws, for each step the dropout masks, for each evaluation what a pass over either loader draws.
///
/// `device` is the one that the model was made on; it must record gradients (`device.autodiff()`). With
/// `reproducible_masks` off, the dropout masks come from the device's generator instead of `rng`.
///
/// # Errors
/// Whatever `observe` returns; the run ends there.
#[expect(clippy::too_many_arguments, reason = "the book's function takes the same ones")]
pub fn train_model_simple<E>(
    mut model: GptModel,
    mut optimizer: ModuleOptimizer,
    loaders: &Loaders,
    config: &TrainingConfig,
    reproducible_masks: bool,
    rng: &mut TorchRng,
    device: &Device,
    mut observe: impl FnMut(Event) -> Result<ControlFlow<()>, E>,
) -> Result<History, E> {
    let mut evaluations = Vec::new();
    let (mut step, mut tokens_seen) = (0, 0);

    for epoch in 1..=config.epochs {
        for batch in loaders.train.iter(rng, device) {
            tokens_seen += batch.inputs.dims().iter().product::<usize>();
            let mut mode = if reproducible_masks { Mode::Train(rng) } else { Mode::TrainOnDevice };
            let loss = calc_loss_batch(&model, batch, &mut mode);
            let gradients = GradientsParams::from_grads(loss.backward(), &model);
            model = optimizer.step(config.learning_rate, model, gradients);

            let mut go_on = observe(Event::Step { step, loss: loss.into_scalar() })?;
            if go_on.is_continue() && step % config.eval_freq == 0 {
                let [train_loss, val_loss] =
                    evaluate_model(&model, &loaders.train, &loaders.validation, config.eval_iter, rng, device);
                let evaluation = Evaluation { epoch, step, tokens_seen, train_loss, val_loss };
                go_on = observe(Event::Evaluation(&evaluation))?;
                evaluations.push(evaluation);
            }
            if go_on.is_break() {
                return Ok(History { model, evaluations, stopped: true });
            }
            step += 1;
        }
        if observe(Event::EpochEnd { epoch, model: &model })?.is_break() {
            return Ok(History { model, evaluations, stopped: epoch < config.epochs });
        }
    }
    Ok(History { model, evaluations, stopped: false })
}

/// Mean loss of the first `eval_iter` batches of a new pass over the training loader, then of the validation loader.
pub fn evaluate_model(
    model: &GptModel,
    train: &GptDataLoader,
    validation: &GptDataLoader,
    eval_iter: usize,
    rng: &mut TorchRng,
    device: &Device,
) -> [f64; 2] {
    [train, validation].map(|loader| calc_loss_loader(model, loader, Some(eval_iter), rng, device))
}
