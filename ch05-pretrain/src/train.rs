//! The training loop (section 5.2).

use std::ops::ControlFlow;

use burn::tensor::{Device, Tensor};
use ch02_text::Batch;
use ch04_gpt::GptModel;
use kernels::Kernels;
use serde::{Deserialize, Deserializer, Serialize};
use shared::rng::TorchRng;
use shared::{Mode, TrainingConfig};

use crate::text_split::Loaders;
use crate::{AdamW, Batches, calc_loss_batch, calc_loss_loader};

/// Losses at one moment of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Pass over the training text, from 1.
    pub epoch: usize,
    /// Number of the last update, from 0.
    pub step: usize,
    /// Input tokens that the model has learnt from.
    pub tokens_seen: usize,
    /// Mean loss of some training batches.
    #[serde(deserialize_with = "null_is_nan")]
    pub train_loss: f64,
    /// Mean loss of some validation batches.
    #[serde(deserialize_with = "null_is_nan")]
    pub val_loss: f64,
}

/// JSON has no word for the loss of a run that has lost its way.
fn null_is_nan<'de, D: Deserializer<'de>>(value: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(value)?.unwrap_or(f64::NAN))
}

/// A training run between two steps: what it has learnt, and everything that decides how it goes on.
#[derive(Clone, Debug)]
pub struct Run {
    /// The model, on the device that it is trained on.
    pub model: GptModel,
    /// The optimizer with its moments.
    pub optimizer: AdamW,
    /// How far the run is.
    pub place: Place,
}

/// How far a run is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// The current pass over the training text, from 1. One more than there are when the run is over.
    pub epoch: usize,
    /// Batches of this pass that are done.
    pub batch: usize,
    /// Updates so far.
    pub steps: usize,
    /// Input tokens so far.
    pub tokens_seen: usize,
    /// The generator, as the next step finds it.
    pub rng: TorchRng,
    /// The generator as it was at the start of this pass: it gives the order of the batches again.
    pub epoch_rng: TorchRng,
    /// All evaluations so far.
    pub evaluations: Vec<Evaluation>,
}

impl Place {
    /// Says why no run can be here.
    pub(crate) fn check(&self) -> Result<(), String> {
        let Self { epoch, batch, steps, .. } = self;
        let begun = *epoch > 1 || *batch > 0;
        if *epoch == 0 || begun != (*steps > 0) {
            return Err(format!(
                "no run is at batch {batch} of epoch {epoch} after {steps} steps; the first epoch is 1"
            ));
        }
        Ok(())
    }
}

impl Run {
    /// A run that has not begun. The generator must be as the model's initialisation left it.
    pub fn new(model: GptModel, weight_decay: f64, rng: &TorchRng) -> Self {
        let place = Place {
            epoch: 1,
            batch: 0,
            steps: 0,
            tokens_seen: 0,
            rng: rng.clone(),
            epoch_rng: rng.clone(),
            evaluations: Vec::new(),
        };
        let optimizer = AdamW::new(weight_decay).with_kernels(model.kernels);
        Self { model, optimizer, place }
    }

    /// The same run, computed by `kernels` from here on.
    pub fn with_kernels(self, kernels: Kernels) -> Self {
        Self {
            model: self.model.with_kernels(kernels),
            optimizer: self.optimizer.with_kernels(kernels),
            place: self.place,
        }
    }
}

/// Something that happened in a run.
#[derive(Debug)]
pub enum Event<'a> {
    /// An update of the weights.
    Step {
        /// Number of the update, from 0.
        step: usize,
        /// Loss of its batch before the update, `[1]`, on the device that records nothing. Reading it waits for the device,
        /// so a training run on a GPU does that seldom.
        loss: &'a Tensor<1>,
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
    /// A step and all that belongs to it is done: the run can be saved here and taken up again.
    Rest(&'a Run),
}

/// Trains on random batches: predict, measure the loss, walk it backward, update the weights, again.
///
/// `device` is the one that the model was made on; it must record gradients (`device.autodiff()`). With
/// `reproducible_masks` off, the dropout masks come from the device's generator instead.
///
/// What surrounds the steps (epochs, evaluations, events, resuming) is in [`training_loop`].
///
/// # Errors
/// Whatever `observe` returns; the run ends there.
///
/// # Panics
/// As [`training_loop`].
pub fn train_model_simple<L: Batches, E>(
    run: Run,
    loaders: &Loaders<L>,
    config: &TrainingConfig,
    reproducible_masks: bool,
    device: &Device,
    observe: impl FnMut(Event) -> Result<ControlFlow<()>, E>,
) -> Result<Run, E> {
    let learn = |mut run: Run, mut batches: Vec<Batch>| {
        let batch = batches.remove(0);
        let mut mode = if reproducible_masks { Mode::Train(&mut run.place.rng) } else { Mode::TrainOnDevice };
        let loss = calc_loss_batch(&run.model, batch, &mut mode);
        let gradients = loss.backward();
        run.model = run.optimizer.step(config.learning_rate, run.model, gradients);
        (run, loss.inner())
    };
    training_loop(run, loaders, config, 1, device, learn, observe)
}

/// What every training run has around its steps. `learn` makes one step: it gets the run and the next
/// `batches_per_step` batches (fewer at the end of an epoch), and returns the run with updated weights, and the loss
/// before the update.
///
/// Every `eval_freq` steps, beginning with step 0, the losses on some batches of both loaders are measured. `observe`
/// hears of every event; with `ControlFlow::Break` it ends the run after the current step.
///
/// The random numbers are drawn in PyTorch's order: for each epoch what a pass over the training loader draws, for each
/// step the dropout masks, for each evaluation what a pass over either loader draws. A run that was saved at rest and is
/// continued computes the same as one that was never interrupted.
///
/// # Errors
/// Whatever `observe` returns; the run ends there.
///
/// # Panics
/// If `batches_per_step` is 0, if the training loader has no batch, or if the run is at a batch that it does not have.
pub fn training_loop<L: Batches, E>(
    mut run: Run,
    loaders: &Loaders<L>,
    config: &TrainingConfig,
    batches_per_step: usize,
    device: &Device,
    mut learn: impl FnMut(Run, Vec<Batch>) -> (Run, Tensor<1>),
    mut observe: impl FnMut(Event) -> Result<ControlFlow<()>, E>,
) -> Result<Run, E> {
    let batches = loaders.train.num_batches();
    assert!(batches > 0, "the training loader has no batch");
    let at = run.place.batch;
    assert!(at < batches, "the run is at batch {at} of a pass, but the training loader has only {batches}");
    while run.place.epoch <= config.epochs {
        if run.place.batch == 0 {
            run.place.epoch_rng = run.place.rng.clone();
        }
        let mut rng = run.place.epoch_rng.clone();
        let pass = loaders.train.pass(&mut rng, device);
        if run.place.batch == 0 {
            run.place.rng = rng;
        }
        let mut pass = pass.skip(run.place.batch);
        for _ in (run.place.batch..batches).step_by(batches_per_step) {
            let mut flow = ControlFlow::Continue(());
            let mut tell = |event: Event| -> Result<(), E> {
                if observe(event)?.is_break() {
                    flow = ControlFlow::Break(());
                }
                Ok(())
            };

            let (step, epoch) = (run.place.steps, run.place.epoch);
            let next: Vec<Batch> = pass.by_ref().take(batches_per_step).collect();
            run.place.steps += 1;
            run.place.batch += next.len();
            run.place.tokens_seen += next.iter().map(|b| b.inputs.dims().iter().product::<usize>()).sum::<usize>();
            let loss;
            (run, loss) = learn(run, next);
            tell(Event::Step { step, loss: &loss })?;

            if step.is_multiple_of(config.eval_freq) {
                let rng = &mut run.place.rng;
                let [train_loss, val_loss] =
                    evaluate_model(&run.model, &loaders.train, &loaders.validation, config.eval_iter, rng, device);
                let evaluation = Evaluation { epoch, step, tokens_seen: run.place.tokens_seen, train_loss, val_loss };
                tell(Event::Evaluation(&evaluation))?;
                run.place.evaluations.push(evaluation);
            }
            if run.place.batch == batches {
                tell(Event::EpochEnd { epoch, model: &run.model })?;
                run.place.epoch += 1;
                run.place.batch = 0;
            }
            tell(Event::Rest(&run))?;
            if flow.is_break() {
                return Ok(run);
            }
        }
    }
    Ok(run)
}

/// Mean loss of the first `eval_iter` batches of a new pass over the training loader, then of the validation loader.
pub fn evaluate_model(
    model: &GptModel,
    train: &impl Batches,
    validation: &impl Batches,
    eval_iter: usize,
    rng: &mut TorchRng,
    device: &Device,
) -> [f64; 2] {
    let train_loss = calc_loss_loader(model, train, Some(eval_iter), rng, device);
    let val_loss = calc_loss_loader(model, validation, Some(eval_iter), rng, device);
    [train_loss, val_loss]
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use shared::GptConfig;

    use super::*;

    /// A loader with so many batches, none of which is ever looked at.
    struct Unseen(usize);

    impl Batches for Unseen {
        fn num_batches(&self) -> usize {
            self.0
        }

        fn pass<'a>(&'a self, _: &mut TorchRng, _: &'a Device) -> Box<dyn Iterator<Item = Batch> + 'a> {
            unreachable!("the run does not begin")
        }
    }

    fn run_at_batch(batch: usize, batches: usize) {
        let config = GptConfig { vocab_size: 5, emb_dim: 4, n_layers: 1, ..GptConfig::preset("tiny").unwrap() };
        let device = Device::flex().autodiff();
        let mut run = Run::new(GptModel::new(&config, &device), 0.1, &TorchRng::new(123));
        run.place.batch = batch;
        let loaders = Loaders { train: Unseen(batches), validation: Unseen(1) };
        let observe = |_: Event| Ok::<_, Infallible>(ControlFlow::Continue(()));
        let _ = train_model_simple(run, &loaders, &TrainingConfig::book(), true, &device, observe);
    }

    #[test]
    #[should_panic(expected = "the training loader has no batch")]
    fn nothing_to_learn_from_is_refused() {
        run_at_batch(0, 0);
    }

    #[test]
    #[should_panic(expected = "the run is at batch 3 of a pass, but the training loader has only 3")]
    fn a_place_that_the_loader_does_not_have_is_refused() {
        run_at_batch(3, 3);
    }
}
