//! Bonus: direct preference optimization, after Rafailov et al. 2023, <https://arxiv.org/abs/2305.18290>.
//!
//! The model in training is called the policy; the reference is a copy of it from before the training. The policy should
//! give the chosen answers a higher probability than the reference does, and the rejected ones a lower one. Only the
//! difference from the reference counts, so the policy has no reason to forget what both can do.

use std::fmt;

use burn::module::Module;
use burn::tensor::activation::{log_sigmoid, log_softmax};
use burn::tensor::{Bool, Device, Int, Tensor};
use ch04_gpt::GptModel;
use ch05_pretrain::{AdamW, Loaders};
use shared::rng::TorchRng;
use shared::{Batches, Mode, TrainingConfig};

use crate::bonus::preference::Answers;
use crate::{PreferenceBatch, PreferenceLoader};

/// The book's β. A larger one keeps the policy closer to the reference.
pub const BETA: f64 = 0.1;

/// The settings of the book: one epoch with a very small learning rate, because the loss keeps falling after the answers
/// have become nonsense.
pub fn dpo_training_config() -> TrainingConfig {
    TrainingConfig { batch_size: 8, learning_rate: 5e-6, weight_decay: 0.01, epochs: 1, eval_freq: 5, eval_iter: 5 }
}

/// The mean log-probability that a model gives to the selected tokens of every row. The paper takes the sum; with the
/// mean, a long answer counts no more than a short one.
///
/// # Shapes
/// - `logits`: `[rows, tokens, vocab_size]`;
/// - `labels` and `selection`: `[rows, tokens]`, not yet shifted: the logits at one token predict the next;
/// - result: `[rows]`.
pub fn compute_logprobs(logits: Tensor<3>, labels: Tensor<2, Int>, selection: Tensor<2, Bool>) -> Tensor<1> {
    let [rows, tokens] = labels.dims();
    let labels = labels.narrow(1, 1, tokens - 1); // [rows, tokens - 1]
    let selection = selection.narrow(1, 1, tokens - 1).float();
    let log_probabilities = log_softmax(logits.narrow(1, 0, tokens - 1), 2);
    let of_labels = log_probabilities.gather(2, labels.unsqueeze_dim(2)).squeeze_dim::<2>(2); // [rows, tokens - 1]
    let mean = (of_labels * selection.clone()).sum_dim(1) / selection.sum_dim(1);
    mean.reshape([rows])
}

/// Mean log-probabilities of the chosen and of the rejected answers, `[rows]` each.
#[derive(Clone, Debug)]
pub struct Logprobs {
    /// Of the chosen answers.
    pub chosen: Tensor<1>,
    /// Of the rejected answers.
    pub rejected: Tensor<1>,
}

impl Logprobs {
    /// The log-probabilities that `model` gives to the answers of a batch.
    pub fn of(model: &GptModel, batch: PreferenceBatch, mode: &mut Mode) -> Self {
        let mut of = |answers: Answers| {
            let logits = model.forward(answers.ids.clone(), mode);
            compute_logprobs(logits, answers.ids, answers.mask)
        };
        Self { chosen: of(batch.chosen), rejected: of(batch.rejected) }
    }

    /// The same values, as constants on the device that records gradients.
    fn recorded(self) -> Self {
        Self { chosen: Tensor::from_inner(self.chosen), rejected: Tensor::from_inner(self.rejected) }
    }
}

/// The loss of a batch, and how far the policy has moved from the reference; `[1]` each.
#[derive(Clone, Debug)]
pub struct DpoLoss {
    /// `-ln σ(β (chosen reward - rejected reward))`, the mean over the rows: ln 2 if policy and reference are the same.
    pub loss: Tensor<1>,
    /// Log-probability of the chosen answers under the policy minus that under the reference, the mean over the rows.
    pub chosen_reward: Tensor<1>,
    /// The same for the rejected answers.
    pub rejected_reward: Tensor<1>,
}

/// Equation 7 of the paper.
pub fn compute_dpo_loss(policy: Logprobs, reference: Logprobs, beta: f64) -> DpoLoss {
    let chosen = policy.chosen - reference.chosen; // [rows]
    let rejected = policy.rejected - reference.rejected;
    let loss = log_sigmoid((chosen.clone() - rejected.clone()) * beta).mean().neg();
    DpoLoss { loss, chosen_reward: chosen.mean().detach(), rejected_reward: rejected.mean().detach() }
}

/// What the policy is trained for: to prefer the chosen answers more than `reference` does.
#[derive(Clone, Debug)]
pub struct DpoObjective {
    /// The model before the training. It records no gradients: give it as [`Module::valid`] returns it.
    pub reference: GptModel,
    /// See [`BETA`].
    pub beta: f64,
}

impl DpoObjective {
    /// The loss of one batch (the book's `compute_dpo_loss_batch`).
    pub fn loss_batch(&self, policy: &GptModel, batch: PreferenceBatch, mode: &mut Mode) -> DpoLoss {
        let recording = batch.chosen.ids.device().is_autodiff();
        let inner = if recording { batch.clone().inner() } else { batch.clone() };
        let reference = Logprobs::of(&self.reference, inner, &mut Mode::Eval);
        let reference = if recording { reference.recorded() } else { reference };
        compute_dpo_loss(Logprobs::of(policy, batch, mode), reference, self.beta)
    }

    /// The means over the first `num_batches` batches (all if `None` or more than there are) of a new pass over `loader`, in
    /// evaluation mode (the book's `compute_dpo_loss_loader`). NaN if there are no batches.
    pub fn loss_loader(
        &self,
        policy: &GptModel,
        loader: &PreferenceLoader,
        num_batches: Option<usize>,
        rng: &mut TorchRng,
        device: &Device,
    ) -> DpoMeans {
        let (policy, device) = (policy.valid(), device.clone().inner());
        let num_batches = num_batches.map_or(loader.num_batches(), |n| n.min(loader.num_batches()));
        let mut sums = [0.0; 3];
        for batch in loader.iter(rng, &device).take(num_batches) {
            let found = self.loss_batch(&policy, batch, &mut Mode::Eval);
            let values = [found.loss, found.chosen_reward, found.rejected_reward];
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += f64::from(value.into_scalar::<f32>()));
        }
        let [loss, chosen_reward, rejected_reward] = sums.map(|sum| sum / num_batches as f64);
        DpoMeans { loss, chosen_reward, rejected_reward }
    }
}

impl PreferenceBatch {
    /// The batch on the device that records no gradients.
    fn inner(self) -> Self {
        let inner = |answers: Answers| Answers { ids: answers.ids.inner(), mask: answers.mask.inner() };
        Self { chosen: inner(self.chosen), rejected: inner(self.rejected) }
    }
}

/// Means over some batches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DpoMeans {
    /// Loss.
    pub loss: f64,
    /// Reward of the chosen answers.
    pub chosen_reward: f64,
    /// Reward of the rejected answers.
    pub rejected_reward: f64,
}

impl DpoMeans {
    /// How much further the policy has moved towards the chosen answers than towards the rejected ones.
    pub fn margin(&self) -> f64 {
        self.chosen_reward - self.rejected_reward
    }
}

/// Losses and rewards at one point of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct DpoEvaluation {
    /// The epoch, from 1.
    pub epoch: usize,
    /// Number of the last update, from 0.
    pub step: usize,
    /// On some training batches.
    pub train: DpoMeans,
    /// On some validation batches.
    pub val: DpoMeans,
}

impl fmt::Display for DpoEvaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { epoch, step, train, val } = self;
        write!(f, "Ep {epoch} (Step {step:06}): Train loss {:.3}, Val loss {:.3}, ", train.loss, val.loss)?;
        write!(f, "Train reward margins {:.3}, Val reward margins {:.3}", train.margin(), val.margin())
    }
}

/// Trains `policy` on the pairs of `loaders` (the book's `train_model_dpo_simple`). Every `eval_freq` steps, beginning with
/// step 0, losses and rewards on some batches are measured and printed. Returns the policy and all evaluations.
///
/// `policy` is on `device`, which records gradients; the reference is on the same device without recording.
pub fn train_model_dpo_simple(
    mut policy: GptModel,
    optimizer: &mut AdamW,
    objective: &DpoObjective,
    loaders: &Loaders<PreferenceLoader>,
    config: &TrainingConfig,
    rng: &mut TorchRng,
    device: &Device,
) -> (GptModel, Vec<DpoEvaluation>) {
    let mut evaluations = Vec::new();
    let mut step = 0usize;
    for epoch in 1..=config.epochs {
        for batch in loaders.train.iter(rng, device) {
            let loss = objective.loss_batch(&policy, batch, &mut Mode::Train(rng)).loss;
            let gradients = loss.backward();
            policy = optimizer.step(config.learning_rate, policy, gradients);

            if step.is_multiple_of(config.eval_freq) {
                let [train, val] = [&loaders.train, &loaders.validation]
                    .map(|loader| objective.loss_loader(&policy, loader, Some(config.eval_iter), rng, device));
                let evaluation = DpoEvaluation { epoch, step, train, val };
                println!("{evaluation}");
                evaluations.push(evaluation);
            }
            step += 1;
        }
    }
    (policy, evaluations)
}
