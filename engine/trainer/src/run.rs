//! A training run between two steps.

use ch04_gpt::GptModel;
use ch05_pretrain::{AdamW, Evaluation};
use serde::{Deserialize, Serialize};
use shared::Mode;
use shared::rng::TorchRng;

/// What a run has learnt, and everything that decides how it goes on.
#[derive(Clone, Debug)]
pub struct Run<M = GptModel> {
    /// The model, on the device that it is trained on.
    pub model: M,
    /// The optimizer with its moments.
    pub optimizer: AdamW,
    /// How far the run is.
    pub state: RunState,
}

impl<M> Run<M> {
    /// A run that has not begun. The generator must be as the model's initialisation left it.
    pub fn new(model: M, weight_decay: f64, rng: &TorchRng) -> Self {
        let state = RunState {
            epoch: 1,
            batch: 0,
            steps: 0,
            seen: 0,
            rng: rng.clone(),
            epoch_rng: rng.clone(),
            evaluations: Vec::new(),
        };
        Self { model, optimizer: AdamW::new(weight_decay), state }
    }
}

/// How far a run is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunState {
    /// The current pass over the training data, from 1. One more than there are when the run is over.
    pub epoch: usize,
    /// Batches of this pass that are done.
    pub batch: usize,
    /// Updates so far.
    pub steps: usize,
    /// Input tokens, for a classifier messages, so far.
    #[serde(rename = "tokens_seen")]
    pub seen: usize,
    /// The generator, as the next step finds it.
    pub rng: TorchRng,
    /// The generator as it was at the start of this pass: it gives the order of the batches again.
    pub epoch_rng: TorchRng,
    /// All evaluations so far.
    pub evaluations: Vec<Evaluation>,
}

impl RunState {
    /// Checks that a run can be at this point.
    ///
    /// # Errors
    /// The reason why not.
    pub fn check(&self) -> Result<(), String> {
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

/// Where the dropout masks come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Masks {
    /// From the run's generator: the same on every device.
    Reproducible,
    /// From the device's generator: faster on a GPU.
    Device,
}

impl Masks {
    /// The mode of a training step.
    pub fn mode(self, rng: &mut TorchRng) -> Mode<'_> {
        match self {
            Self::Reproducible => Mode::Train(rng),
            Self::Device => Mode::TrainOnDevice,
        }
    }
}
