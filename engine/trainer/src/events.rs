//! What happens in a run. An observer is a function of an [`Event`] that returns `Ok(ControlFlow::Continue(()))` to go
//! on, `Ok(ControlFlow::Break(()))` to end the run after the current step, or an error, with which the run ends at
//! once.

use std::ops::ControlFlow;

use burn::tensor::Tensor;
use ch04_gpt::GptModel;
use ch05_pretrain::Evaluation;
use ch06_classify::Accuracies;

use crate::{Diverged, Run};

/// Something that happened in a run.
#[derive(Debug)]
pub enum Event<'a, M = GptModel> {
    /// An update of the weights.
    Step {
        /// Number of the update, from 0.
        step: usize,
        /// Loss of its batch before the update, `[1]`, on the device that records nothing. Reading it waits for the
        /// device, so a training run on a GPU does that seldom.
        loss: &'a Tensor<1>,
    },
    /// An evaluation.
    Evaluation(&'a Evaluation),
    /// The end of a pass over the training data. All parameters are finite.
    EpochEnd {
        /// The pass, from 1.
        epoch: usize,
        /// The model as it is now, still on the training device.
        model: &'a M,
        /// How often a classifier is right; `None` for a language model.
        accuracies: Option<&'a Accuracies>,
    },
    /// Between two steps: a safe point to save a checkpoint.
    SafePoint(&'a Run<M>),
}

/// An observer that ignores everything.
pub fn ignore<M>(_: Event<M>) -> Result<ControlFlow<()>, Diverged> {
    Ok(ControlFlow::Continue(()))
}
