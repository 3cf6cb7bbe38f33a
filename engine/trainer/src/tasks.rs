//! What the chapters train for.

use std::marker::PhantomData;
use std::ops::ControlFlow;

use appendix_train_tricks::{Clip, Recipe, accumulate, clip_grad_norm};
use burn::tensor::{Device, Tensor};
use ch02_text::Batch;
use ch05_pretrain::Loaders;
use ch06_classify::dataloader::SpamBatch;
use ch06_classify::{Accuracies, Readout, SpamLoaders, calc_accuracy_loader};
use fast::Accelerated;
use shared::{Batches, Mode, TrainingConfig};

use crate::runner::update;
use crate::{Cropped, Diverged, Event, Masks, Run, Task, train};

/// A language model that learns from batches of inputs and targets:
/// [`train_model_simple`](ch05_pretrain::train_model_simple) of chapter 5, or with a recipe
/// [`train_model`](appendix_train_tricks::train_model) of appendix D.
pub struct LanguageModel<'a, L> {
    recipe: &'a Recipe,
    masks: Masks,
    /// Learning rate at its peak.
    peak_lr: f64,
    /// Steps of the whole run.
    total_steps: usize,
    loader: PhantomData<L>,
}

impl<M: Accelerated, L: Batches<Batch = Batch>> Task<M> for LanguageModel<'_, L> {
    type Loader = L;

    fn batches_per_step(&self) -> usize {
        self.recipe.grad_accum
    }

    fn size(&self, batch: &Batch) -> usize {
        batch.inputs.shape().num_elements()
    }

    fn loss(&self, model: &M, batch: Batch, mode: &mut Mode) -> Tensor<1> {
        if model.is_accelerated() {
            model.fast_loss(batch, mode)
        } else {
            ch05_pretrain::calc_loss_batch(model, batch, mode)
        }
    }

    fn step(&self, mut run: Run<M>, batches: Vec<Batch>) -> (Run<M>, Tensor<1>) {
        let step = run.optimizer.steps as usize;
        let learning_rate = self.recipe.schedule.learning_rate(step, self.peak_lr, self.total_steps);
        let mut mode = self.masks.mode(&mut run.state.rng);
        let (loss, mut gradients) = accumulate(&run.model, batches, |batch| self.loss(&run.model, batch, &mut mode));
        if let Some(Clip { max_norm, first_step }) = self.recipe.clip
            && step >= first_step
        {
            clip_grad_norm(&run.model, &mut gradients, max_norm);
        }
        (update(run, learning_rate, gradients), loss)
    }
}

/// Trains a language model as `recipe` says; with the default recipe as chapter 5 does. The peak of the learning rate
/// is `config.learning_rate`.
///
/// Everything that a step needs follows from its number, so a run that was saved at a safe point goes on exactly; with
/// another number of epochs the rest of the schedule is that of the new length.
///
/// # Errors
/// As [`train`].
///
/// # Panics
/// As [`train`].
pub fn train_language_model<M: Accelerated, L: Batches<Batch = Batch>, E: From<Diverged>>(
    run: Run<M>,
    loaders: &Loaders<L>,
    config: &TrainingConfig,
    recipe: &Recipe,
    masks: Masks,
    device: &Device,
    observe: impl FnMut(Event<M>) -> Result<ControlFlow<()>, E>,
) -> Result<Run<M>, E> {
    let total_steps = recipe.total_steps(loaders.train.num_batches(), config.epochs);
    let task = LanguageModel { recipe, masks, peak_lr: config.learning_rate, total_steps, loader: PhantomData };
    train(run, &task, [&loaders.train, &loaders.validation], config, device, observe)
}

/// A classifier of messages: [`train_classifier_simple`](ch06_classify::train_classifier_simple) of chapter 6.
pub struct Classifier<'a> {
    training: Cropped<'a>,
    validation: Cropped<'a>,
    config: &'a TrainingConfig,
    readout: Readout,
    masks: Masks,
}

impl<'a, M: Accelerated> Task<M> for Classifier<'a> {
    type Loader = Cropped<'a>;

    fn size(&self, batch: &SpamBatch) -> usize {
        batch.labels.dims()[0]
    }

    fn loss(&self, model: &M, batch: SpamBatch, mode: &mut Mode) -> Tensor<1> {
        ch06_classify::calc_loss_batch(model, batch, self.readout, mode)
    }

    fn step(&self, mut run: Run<M>, mut batches: Vec<SpamBatch>) -> (Run<M>, Tensor<1>) {
        let batch = batches.remove(0);
        let loss = self.loss(&run.model, batch, &mut self.masks.mode(&mut run.state.rng));
        let gradients = loss.backward();
        (update(run, self.config.learning_rate, gradients), loss.inner())
    }

    fn accuracies(&self, run: &mut Run<M>, epoch: usize, device: &Device) -> Option<Accuracies> {
        let (model, rng) = (&run.model, &mut run.state.rng);
        let [train, validation] = [&self.training, &self.validation]
            .map(|loader| calc_accuracy_loader(model, loader, Some(self.config.eval_iter), self.readout, rng, device));
        Some(Accuracies { epoch, train, validation })
    }
}

/// Fine-tunes a classifier; returns the accuracies after each epoch as well.
///
/// # Errors
/// As [`train`].
///
/// # Panics
/// As [`train`].
pub fn train_classifier<M: Accelerated, E: From<Diverged>>(
    run: Run<M>,
    loaders: &SpamLoaders,
    config: &TrainingConfig,
    readout: Readout,
    masks: Masks,
    device: &Device,
    mut observe: impl FnMut(Event<M>) -> Result<ControlFlow<()>, E>,
) -> Result<(Run<M>, Vec<Accuracies>), E> {
    let [training, validation] =
        [&loaders.train, &loaders.validation].map(|loader| Cropped::new(loader, &run.model, readout));
    let task = Classifier { training, validation, config, readout, masks };
    let mut all = Vec::new();
    let run = train(run, &task, [&task.training, &task.validation], config, device, |event| {
        if let Event::EpochEnd { accuracies: Some(accuracies), .. } = &event {
            all.push((*accuracies).clone());
        }
        observe(event)
    })?;
    Ok((run, all))
}
