//! The loop around the steps of a run.

use std::ops::ControlFlow;

use burn::tensor::{Device, Gradients, Tensor};
use ch05_pretrain::Evaluation;
use ch06_classify::Accuracies;
use fast::Accelerated;
use shared::rng::TorchRng;
use shared::{Batches, Mode, TrainingConfig};

use crate::finite::{LossWatch, check_evaluation};
use crate::{Diverged, Event, Run, check_model};

/// What a run trains a model for: how a step is made, and how the model is measured.
pub trait Task<M> {
    /// Where the batches come from.
    type Loader: Batches;

    /// Number of batches in a step; the last step of an epoch takes what is left.
    fn batches_per_step(&self) -> usize {
        1
    }

    /// What a batch adds to [`RunState::seen`](crate::RunState): tokens or messages.
    fn size(&self, batch: &<Self::Loader as Batches>::Batch) -> usize;

    /// The mean loss of a batch, `[1]`.
    fn loss(&self, model: &M, batch: <Self::Loader as Batches>::Batch, mode: &mut Mode) -> Tensor<1>;

    /// One update of the weights from the next batches. Returns the run with updated weights, and the loss before,
    /// which records no gradients.
    fn step(&self, run: Run<M>, batches: Vec<<Self::Loader as Batches>::Batch>) -> (Run<M>, Tensor<1>);

    /// What is measured at the end of an epoch besides the losses.
    fn accuracies(&self, _run: &mut Run<M>, _epoch: usize, _device: &Device) -> Option<Accuracies> {
        None
    }
}

/// Trains until `config.epochs` are done, or until `observe` ends the run.
///
/// Every `eval_freq` steps, beginning with step 0, the losses on some batches of both loaders are measured.
///
/// The random numbers are drawn in PyTorch's order: for each epoch what a pass over the training loader draws, for each
/// step the dropout masks, for each evaluation what a pass over either loader draws. A run that was saved at a safe
/// point and is continued computes the same as one that was never interrupted.
///
/// # Errors
/// Whatever `observe` returns; the run ends there. [`Diverged`] if a loss or a parameter is not finite any more: every loss
/// is checked, if not always at once, and the parameters where an observer may save the model: at the end of an epoch and of
/// the run.
///
/// # Panics
/// If a step has no batches, if the training loader has no batch, or if the run is at a batch that it does not have.
pub fn train<M: Accelerated, T: Task<M>, E: From<Diverged>>(
    mut run: Run<M>,
    task: &T,
    [training, validation]: [&T::Loader; 2],
    config: &TrainingConfig,
    device: &Device,
    mut observe: impl FnMut(Event<M>) -> Result<ControlFlow<()>, E>,
) -> Result<Run<M>, E> {
    let batches = training.num_batches();
    assert!(batches > 0, "the training loader has no batch");
    let at = run.state.batch;
    assert!(at < batches, "the run is at batch {at} of a pass, but the training loader has only {batches}");

    let mut losses = LossWatch::new(device);
    while run.state.epoch <= config.epochs {
        let mut pass = begin_or_continue_pass(&mut run, training, device);
        loop {
            let mut flow = ControlFlow::Continue(());
            let mut tell = |event: Event<M>| -> Result<(), E> {
                if observe(event)?.is_break() {
                    flow = ControlFlow::Break(());
                }
                Ok(())
            };

            let (step, epoch) = (run.state.steps, run.state.epoch);
            let next: Vec<_> = pass.by_ref().take(task.batches_per_step()).collect();
            assert!(!next.is_empty(), "a step needs a batch");
            run.state.steps += 1;
            run.state.batch += next.len();
            run.state.seen += next.iter().map(|batch| task.size(batch)).sum::<usize>();
            let loss;
            (run, loss) = task.step(run, next);
            losses.add(step, &loss)?;
            tell(Event::Step { step, loss: &loss })?;

            if step.is_multiple_of(config.eval_freq) {
                losses.check()?;
                let evaluation = evaluate(&mut run, task, [training, validation], config, device, (epoch, step));
                check_evaluation(&evaluation, [batches, validation.num_batches()])?;
                tell(Event::Evaluation(&evaluation))?;
                run.state.evaluations.push(evaluation);
            }
            let epoch_ended = run.state.batch == batches;
            if epoch_ended {
                losses.check()?;
                check_model(&run.model, step)?;
                let accuracies = task.accuracies(&mut run, epoch, device);
                tell(Event::EpochEnd { epoch, model: &run.model, accuracies: accuracies.as_ref() })?;
                (run.state.epoch, run.state.batch) = (epoch + 1, 0);
            }
            tell(Event::SafePoint(&run))?;
            if flow.is_break() {
                losses.check()?;
                check_model(&run.model, step)?;
                return Ok(run);
            }
            if epoch_ended {
                break;
            }
        }
    }
    Ok(run)
}

/// The rest of the current pass over the training data: all of it at its beginning, otherwise the same pass again
/// without the batches that are done.
fn begin_or_continue_pass<'a, M, L: Batches>(
    run: &mut Run<M>,
    training: &'a L,
    device: &'a Device,
) -> impl Iterator<Item = L::Batch> + use<'a, M, L> {
    let state = &mut run.state;
    if state.batch == 0 {
        state.epoch_rng = state.rng.clone();
    }
    let mut rng = state.epoch_rng.clone();
    let pass = training.iter(&mut rng, device);
    if state.batch == 0 {
        state.rng = rng;
    }
    pass.skip(state.batch)
}

/// The losses on some batches of both loaders.
fn evaluate<M: Accelerated, T: Task<M>>(
    run: &mut Run<M>,
    task: &T,
    loaders: [&T::Loader; 2],
    config: &TrainingConfig,
    device: &Device,
    (epoch, step): (usize, usize),
) -> Evaluation {
    let (model, rng) = (&run.model, &mut run.state.rng);
    let [train_loss, val_loss] = loaders.map(|loader| loader_loss(task, model, loader, config.eval_iter, rng, device));
    Evaluation { epoch, step, seen: run.state.seen, train_loss, val_loss }
}

/// As [`calc_loss_loader`](ch05_pretrain::calc_loss_loader), for any task.
fn loader_loss<M: Accelerated, T: Task<M>>(
    task: &T,
    model: &M,
    loader: &T::Loader,
    num_batches: usize,
    rng: &mut TorchRng,
    device: &Device,
) -> f64 {
    let (model, device) = (model.valid(), device.clone().inner());
    let num_batches = num_batches.min(loader.num_batches());
    let loss = |batch| f64::from(task.loss(&model, batch, &mut Mode::Eval).into_scalar::<f32>());
    loader.iter(rng, &device).take(num_batches).map(loss).sum::<f64>() / num_batches as f64
}

/// A step of the run's optimizer, the fast one if the model has a fast forward pass.
pub(crate) fn update<M: Accelerated>(mut run: Run<M>, learning_rate: f64, gradients: Gradients) -> Run<M> {
    run.model = if run.model.is_accelerated() {
        fast::adamw_step(&mut run.optimizer, learning_rate, run.model, gradients)
    } else {
        run.optimizer.step(learning_rate, run.model, gradients)
    };
    run
}
