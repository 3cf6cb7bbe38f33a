//! The training function with all of it (section D.4).

use std::ops::ControlFlow;

use burn::tensor::Device;
use ch02_text::Batch;
use ch05_pretrain::{Batches, Event, Loaders, Run, calc_loss_batch, training_loop};
use serde::{Deserialize, Serialize};
use shared::{Mode, TrainingConfig};

use crate::{Schedule, accumulate, clip_grad_norm};

/// What [`train_model`] does besides chapter 5's loop. The default is nothing: it trains like
/// [`train_model_simple`](ch05_pretrain::train_model_simple).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recipe {
    /// The learning rate of every step.
    pub schedule: Schedule,
    /// Limit of the gradients' norm.
    pub clip: Option<Clip>,
    /// Batches of one step, at least 1. The last step of an epoch takes what is left.
    pub grad_accum: usize,
}

/// Limit of the gradients' norm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clip {
    /// The largest joint norm of all gradients, above 0.
    pub max_norm: f64,
    /// The first step whose gradients are clipped. The book does not clip during the warm-up.
    #[serde(default)]
    pub first_step: usize,
}

/// Why a run cannot be trained as asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RecipeError {
    /// A number outside of what is allowed.
    #[error("{name} is {value}, but must be {allowed}")]
    Value {
        /// What it is.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What is allowed.
        allowed: String,
    },
    /// The peak would never be reached.
    #[error(
        "the warm-up takes {warmup_steps} steps, but the whole run has only {total_steps}: \
         take a shorter warm-up or more epochs"
    )]
    WarmupTooLong {
        /// Steps of the warm-up.
        warmup_steps: usize,
        /// Steps of the run.
        total_steps: usize,
    },
}

impl Default for Recipe {
    fn default() -> Self {
        Self { schedule: Schedule::default(), clip: None, grad_accum: 1 }
    }
}

impl Recipe {
    /// Steps of a run of `epochs` passes of `num_batches` batches.
    pub fn total_steps(&self, num_batches: usize, epochs: usize) -> usize {
        num_batches.div_ceil(self.grad_accum) * epochs
    }

    /// Checks everything against the peak learning rate and the length of the run.
    ///
    /// # Errors
    /// The first thing that does not fit, with its value and what is allowed.
    pub fn validate(&self, peak_lr: f64, num_batches: usize, epochs: usize) -> Result<(), RecipeError> {
        let require = |ok: bool, name, value, allowed: &str| {
            if ok { Ok(()) } else { Err(RecipeError::Value { name, value, allowed: allowed.to_string() }) }
        };
        require(self.grad_accum > 0, "grad_accum", self.grad_accum as f64, "at least 1")?;
        let Schedule { warmup_steps, initial_lr, min_lr, .. } = self.schedule;
        let range = format!("between 0 and the peak, which is {peak_lr}");
        require((0.0..=peak_lr).contains(&initial_lr), "initial_lr", initial_lr, &range)?;
        require((0.0..=peak_lr).contains(&min_lr), "min_lr", min_lr, &range)?;
        if let Some(Clip { max_norm, .. }) = self.clip {
            require(max_norm.is_finite() && max_norm > 0.0, "max_norm", max_norm, "a number above 0")?;
        }
        let total_steps = self.total_steps(num_batches, epochs);
        if warmup_steps > 0 && warmup_steps >= total_steps {
            return Err(RecipeError::WarmupTooLong { warmup_steps, total_steps });
        }
        Ok(())
    }
}

/// Trains like [`train_model_simple`](ch05_pretrain::train_model_simple), with a learning rate for every step, clipped
/// gradients and steps of several batches, as `recipe` says. The peak of the learning rate is `config.learning_rate`.
///
/// Everything that a step needs follows from its number, so a run that was saved at rest goes on exactly; with another
/// number of epochs the rest of the schedule is that of the new length.
///
/// # Errors
/// Whatever `observe` returns; the run ends there.
///
/// # Panics
/// If `recipe.grad_accum` is 0.
pub fn train_model<L: Batches, E>(
    run: Run,
    loaders: &Loaders<L>,
    config: &TrainingConfig,
    recipe: &Recipe,
    reproducible_masks: bool,
    device: &Device,
    observe: impl FnMut(Event) -> Result<ControlFlow<()>, E>,
) -> Result<Run, E> {
    let total_steps = recipe.total_steps(loaders.train.num_batches(), config.epochs);
    let learn = |mut run: Run, batches: Vec<Batch>| {
        let step = run.optimizer.steps as usize;
        let learning_rate = recipe.schedule.learning_rate(step, config.learning_rate, total_steps);

        let mut mode = if reproducible_masks { Mode::Train(&mut run.place.rng) } else { Mode::TrainOnDevice };
        let (loss, mut gradients) =
            accumulate(&run.model, batches, |batch| calc_loss_batch(&run.model, batch, &mut mode));
        if let Some(Clip { max_norm, first_step }) = recipe.clip
            && step >= first_step
        {
            clip_grad_norm(&run.model, &mut gradients, max_norm);
        }
        run.model = run.optimizer.step(learning_rate, run.model, gradients);
        (run, loss)
    };
    training_loop(run, loaders, config, recipe.grad_accum, device, learn, observe)
}
