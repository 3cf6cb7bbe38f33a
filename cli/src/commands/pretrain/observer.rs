//! What happens during a run: the log, the progress, samples, models, checkpoints.

use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::Result;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::Evaluation;
use ch05_pretrain::sample::generate_sample;
use model_files::save_model_with_vocabulary;
use shared::files::write_whole;
use shared::{GptConfig, TrainingConfig};
use trainer::{Event, Run, check_loss, save_checkpoint};
use workshop::plots::plot_learning_rates;

use super::job::{LearningRates, RunSettings};
use super::log::{Log, LogLine};
use crate::pictures::{losses, tokens_seen};
use crate::run_folder::{LEARNING_RATE_FILE, LOSSES_FILE, remove_companions};
use crate::terminal::{Interrupt, LossProgress};

pub struct Observer {
    pub config: GptConfig,
    pub training: TrainingConfig,
    pub settings: RunSettings,
    pub rates: LearningRates,
    pub out: PathBuf,
    pub log: Log,
    pub device: Device,
    pub tokenizer: Gpt2Tokenizer,
    pub progress: LossProgress,
    pub interrupt: Interrupt,
    pub evaluations: Vec<Evaluation>,
    /// The epoch of the model in the folder; 0 if it is not of this run.
    pub saved_epoch: usize,
    /// Whether an epoch has ended since the last checkpoint.
    pub epoch_ended: bool,
    /// Steps of the run when Ctrl-C ended it.
    pub stopped: Option<usize>,
}

impl Observer {
    pub fn observe(&mut self, event: Event) -> Result<ControlFlow<()>> {
        match event {
            Event::Step { step, loss } => self.step(step, loss)?,
            Event::Evaluation(evaluation) => {
                self.log.write(&LogLine::Eval { evaluation })?;
                self.evaluations.push(evaluation.clone());
                self.progress.say(evaluation);
            }
            Event::EpochEnd { epoch, model, .. } => self.epoch_end(epoch, model)?,
            Event::SafePoint(run) => return self.safe_point(run),
        }
        Ok(ControlFlow::Continue(()))
    }

    fn step(&mut self, step: usize, loss: &Tensor<1>) -> Result<()> {
        if self.log.is_on() {
            let (loss, learning_rate) = (loss.clone().into_scalar(), self.rates.change().then(|| self.rates.at(step)));
            check_loss(step, loss)?;
            self.log.write(&LogLine::Step { step, loss, learning_rate })?;
        }
        self.progress.step(loss);
        Ok(())
    }

    /// Shows a sample and saves the model and the pictures.
    fn epoch_end(&mut self, epoch: usize, model: &GptModel) -> Result<()> {
        let sample = generate_sample(model, &self.tokenizer, &self.device, &self.settings.prompt)?;
        self.progress.say(sample);
        remove_companions(&self.out)?;
        save_model_with_vocabulary(&self.out, &self.config, &model.valid(), self.tokenizer.vocabulary())?;
        self.saved_epoch = epoch;
        let picture = losses(&self.evaluations, epoch, tokens_seen(&self.evaluations))?;
        write_whole(&self.out.join(LOSSES_FILE), picture.as_bytes())?;
        if self.rates.change() {
            let rates = (0..self.rates.steps).map(|step| self.rates.at(step)).collect();
            let picture = plot_learning_rates(&[("Learning rate", rates)])?;
            write_whole(&self.out.join(LEARNING_RATE_FILE), picture.as_bytes())?;
        }
        self.epoch_ended = true;
        Ok(())
    }

    /// Saves a checkpoint where one is due, and ends the run after Ctrl-C.
    fn safe_point(&mut self, run: &Run) -> Result<ControlFlow<()>> {
        let stop = self.interrupt.is_pressed();
        let due = self.settings.save_every.is_some_and(|n| run.state.steps.is_multiple_of(n));
        if due || stop || std::mem::take(&mut self.epoch_ended) {
            self.settings.log_state = self.log.state()?;
            let vocabulary = self.tokenizer.vocabulary();
            save_checkpoint(&self.out, run, &self.config, &self.training, vocabulary, &self.settings)?;
        }
        if stop {
            self.stopped = Some(run.state.steps);
            return Ok(ControlFlow::Break(()));
        }
        Ok(ControlFlow::Continue(()))
    }
}
