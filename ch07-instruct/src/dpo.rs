//! Bonus: direct preference optimization, after Rafailov et al. 2023, <https://arxiv.org/abs/2305.18290>.
//!
//! The model that learns is called the policy. Beside it stands the reference, the same model as it was before. The
//! policy is to find the chosen answers more likely than the reference does, and the rejected ones less likely. Only
//! the distance from the reference counts, so the policy has no reason to forget what both can do.

use std::ops::ControlFlow;

use burn::module::Module;
use burn::tensor::activation::{log_sigmoid, log_softmax};
use burn::tensor::{Bool, Device, Int, Tensor};
use ch04_gpt::GptModel;
use ch05_pretrain::{AdamW, Loaders};
use shared::rng::TorchRng;
use shared::{Mode, TrainingConfig};

use crate::preference::Answers;
use crate::{PreferenceBatch, PreferenceLoader};

/// How strongly the policy is held to the reference in the book; with more, it stays nearer.
pub const BETA: f64 = 0.1;

/// The settings of the book: one pass with a very small learning rate, because the loss goes on falling after the
/// answers have become nonsense.
pub fn dpo_training() -> TrainingConfig {
    TrainingConfig { batch_size: 8, learning_rate: 5e-6, weight_decay: 0.01, epochs: 1, eval_freq: 5, eval_iter: 5 }
}

/// The mean log-probability that a model gives to the selected tokens of every row. The paper takes the sum; with the
/// mean, a long answer weighs no more than a short one.
///
/// # Shapes
/// - `logits`: `[rows, tokens, vocab_size]`;
/// - `labels` and `selection`: `[rows, tokens]`, not yet shifted: the logits at one token speak about the next;
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

/// What the loss is made of: the mean log-probabilities of the chosen and the rejected answers, `[rows]` each.
#[derive(Clone, Debug)]
pub struct Logprobs {
    /// Of the chosen answers.
    pub chosen: Tensor<1>,
    /// Of the rejected answers.
    pub rejected: Tensor<1>,
}

impl Logprobs {
    /// What `model` gives to the answers of a batch.
    pub fn of(model: &GptModel, batch: PreferenceBatch, mode: &mut Mode) -> Self {
        let mut of = |answers: Answers| {
            let logits = model.forward(answers.ids.clone(), mode);
            compute_logprobs(logits, answers.ids, answers.mask)
        };
        Self { chosen: of(batch.chosen), rejected: of(batch.rejected) }
    }
}

/// The loss of a batch, and how far the policy has moved from the reference; `[1]` each.
#[derive(Clone, Debug)]
pub struct DpoLoss {
    /// `-ln σ(β (chosen reward - rejected reward))`, the mean over the rows: ln 2 where nothing has moved.
    pub loss: Tensor<1>,
    /// Log-probability of the chosen answers under the policy less that under the reference, the mean over the rows.
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

/// The loss of one batch. The reference records no gradients: give it as [`Module::valid`] returns it.
pub fn compute_dpo_loss_batch(
    policy: &GptModel,
    reference: &GptModel,
    batch: PreferenceBatch,
    beta: f64,
    mode: &mut Mode,
) -> DpoLoss {
    let records = batch.chosen.ids.device().is_autodiff();
    let fixed = Logprobs::of(reference, if records { batch.clone().inner() } else { batch.clone() }, &mut Mode::Eval);
    let lift = |values: Tensor<1>| if records { Tensor::from_inner(values) } else { values };
    let fixed = Logprobs { chosen: lift(fixed.chosen), rejected: lift(fixed.rejected) };
    compute_dpo_loss(Logprobs::of(policy, batch, mode), fixed, beta)
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

/// The means over the first `num_batches` batches (all if `None` or more than there are) of a new pass over `loader`,
/// in evaluation mode. NaN if that is none.
pub fn compute_dpo_loss_loader(
    policy: &GptModel,
    reference: &GptModel,
    loader: &PreferenceLoader,
    beta: f64,
    num_batches: Option<usize>,
    rng: &mut TorchRng,
    device: &Device,
) -> DpoMeans {
    let (policy, device) = (policy.valid(), device.clone().inner());
    let num_batches = num_batches.map_or(loader.num_batches(), |n| n.min(loader.num_batches()));
    let mut sums = [0.0; 3];
    for batch in loader.pass(rng, &device).take(num_batches) {
        let found = compute_dpo_loss_batch(&policy, reference, batch, beta, &mut Mode::Eval);
        let values = [found.loss, found.chosen_reward, found.rejected_reward];
        sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += f64::from(value.into_scalar::<f32>()));
    }
    let [loss, chosen_reward, rejected_reward] = sums.map(|sum| sum / num_batches as f64);
    DpoMeans { loss, chosen_reward, rejected_reward }
}

/// Something that happened in a run.
#[derive(Debug)]
pub enum DpoEvent<'a> {
    /// An evaluation after an update.
    Evaluation {
        /// The pass over the data, from 1.
        epoch: usize,
        /// Number of the update, from 0.
        step: usize,
        /// On some training batches.
        train: DpoMeans,
        /// On some validation batches.
        val: DpoMeans,
    },
    /// The end of a pass.
    EpochEnd {
        /// The pass, from 1.
        epoch: usize,
        /// The policy as it is now.
        policy: &'a GptModel,
    },
}

/// Trains `policy` on the pairs of `loaders` and returns it. `policy` is on `device`, which records gradients;
/// `reference` is on the same device without recording. With `ControlFlow::Break`, `observe` ends the run.
#[allow(clippy::too_many_arguments, reason = "those of the book's function")]
pub fn train_model_dpo_simple(
    mut policy: GptModel,
    reference: &GptModel,
    loaders: &Loaders<PreferenceLoader>,
    config: &TrainingConfig,
    beta: f64,
    rng: &mut TorchRng,
    device: &Device,
    mut observe: impl FnMut(DpoEvent) -> ControlFlow<()>,
) -> GptModel {
    let mut optimizer = AdamW::new(config.weight_decay).with_kernels(policy.kernels);
    let mut step = 0usize;
    for epoch in 1..=config.epochs {
        for batch in loaders.train.pass(rng, device) {
            let loss = compute_dpo_loss_batch(&policy, reference, batch, beta, &mut Mode::Train(rng)).loss;
            policy = optimizer.step(config.learning_rate, policy, loss.backward());
            if step.is_multiple_of(config.eval_freq) {
                let [train, val] = [&loaders.train, &loaders.validation].map(|loader| {
                    let some = Some(config.eval_iter);
                    compute_dpo_loss_loader(&policy, reference, loader, beta, some, rng, device)
                });
                if observe(DpoEvent::Evaluation { epoch, step, train, val }).is_break() {
                    return policy;
                }
            }
            step += 1;
        }
        if observe(DpoEvent::EpochEnd { epoch, policy: &policy }).is_break() {
            return policy;
        }
    }
    policy
}
