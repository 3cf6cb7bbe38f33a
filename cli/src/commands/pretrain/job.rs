//! What a run of `llm pretrain` consists of.

use std::path::PathBuf;

use appendix_train_tricks::{Recipe, Schedule};
use ch02_text::Gpt2Tokenizer;
use ch05_pretrain::Loaders;
use serde::{Deserialize, Serialize};
use shared::{Batches, GptConfig, TrainingConfig};
use trainer::Run;

use super::log::{Log, LogState};
use crate::options::{PrecisionArgs, TextSource};
use crate::run_lock::RunFolder;

/// Everything that is determined before the first step.
pub struct PretrainJob {
    pub config: GptConfig,
    pub training: TrainingConfig,
    pub tokenizer: Gpt2Tokenizer,
    pub loaders: Loaders,
    pub run: Run,
    pub settings: RunSettings,
    pub out: PathBuf,
    /// `out`, for this run alone.
    pub folder: RunFolder,
    pub log: Log,
}

/// What a run needs to be continued besides its state and configuration; part of every checkpoint.
#[derive(Clone, Serialize, Deserialize)]
pub struct RunSettings {
    pub text: TextSource,
    pub text_sha256: String,
    pub prompt: String,
    pub reproducible_masks: bool,
    pub precision: PrecisionArgs,
    pub recipe: Recipe,
    pub save_every: Option<usize>,
    pub log: Option<PathBuf>,
    pub log_state: LogState,
}

/// The learning rate of every step.
pub struct LearningRates {
    schedule: Schedule,
    peak: f64,
    pub steps: usize,
}

impl LearningRates {
    pub fn new(recipe: &Recipe, training: &TrainingConfig, loaders: &Loaders) -> Self {
        let steps = recipe.total_steps(loaders.train.num_batches(), training.epochs);
        Self { schedule: recipe.schedule.clone(), peak: training.learning_rate, steps }
    }

    pub fn change(&self) -> bool {
        self.schedule != Schedule::default()
    }

    pub fn at(&self, step: usize) -> f64 {
        self.schedule.learning_rate(step, self.peak, self.steps)
    }
}
