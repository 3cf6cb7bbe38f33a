//! The training function with all of it (section D.4).

use burn::tensor::Device;
use ch02_text::Batch;
use ch05_pretrain::{AdamW, Evaluation, Loaders, calc_loss_batch, evaluate_model};
use shared::rng::TorchRng;
use shared::{Batches, LanguageModel, Mode, TrainingConfig};

use crate::{Recipe, clip_grad_norm};

/// All settings of [`train_model`].
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingPlan {
    /// Those of chapter 5. The learning rate is the peak of the schedule.
    pub config: TrainingConfig,
    /// What this appendix adds. `grad_accum` must be 1: every step takes one batch.
    pub recipe: Recipe,
}

/// Trains like [`train_model_simple`](ch05_pretrain::train_model_simple), with a learning rate for every step and clipped
/// gradients (the book's `train_model`). Returns the trained model, all evaluations, and the learning rate of every step.
///
/// # Panics
/// If a step is to take several batches; [`accumulate`](crate::accumulate) shows how that is done.
pub fn train_model<M: LanguageModel, L: Batches<Batch = Batch>>(
    mut model: M,
    optimizer: &mut AdamW,
    loaders: &Loaders<L>,
    plan: &TrainingPlan,
    rng: &mut TorchRng,
    device: &Device,
    mut after_epoch: impl FnMut(&M),
) -> (M, Vec<Evaluation>, Vec<f64>) {
    let TrainingPlan { config, recipe } = plan;
    let schedule = &recipe.schedule;
    assert_eq!(recipe.grad_accum, 1, "here every step takes one batch");
    let total_steps = loaders.train.num_batches() * config.epochs;
    let (mut evaluations, mut learning_rates) = (Vec::new(), Vec::new());
    let (mut step, mut seen) = (0usize, 0);
    for epoch in 1..=config.epochs {
        for batch in loaders.train.iter(rng, device) {
            let learning_rate = if step < schedule.warmup_steps {
                schedule.warm_up(step, config.learning_rate)
            } else {
                schedule.decay(step, config.learning_rate, total_steps)
            };
            learning_rates.push(learning_rate);

            seen += batch.inputs.shape().num_elements();
            let loss = calc_loss_batch(&model, batch, &mut Mode::Train(rng)); // [1]
            let mut gradients = loss.backward();

            // The book does not clip during the warm-up.
            if let Some(clip) = recipe.clip
                && step >= clip.first_step
            {
                clip_grad_norm(&model, &mut gradients, clip.max_norm);
            }
            model = optimizer.step(learning_rate, model, gradients);

            if step.is_multiple_of(config.eval_freq) {
                let [train_loss, val_loss] = evaluate_model(&model, loaders, config.eval_iter, rng, device);
                println!("Ep {epoch} (Iter {step:06}): Train loss {train_loss:.3}, Val loss {val_loss:.3}");
                evaluations.push(Evaluation { epoch, step, seen, train_loss, val_loss });
            }
            step += 1;
        }
        after_epoch(&model);
    }
    (model, evaluations, learning_rates)
}
