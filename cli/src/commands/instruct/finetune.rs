//! The fine-tuning on instructions, and what it shows.

use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use appendix_train_tricks::Recipe;
use burn::module::Module;
use burn::tensor::Device;
use ch02_text::Batch;
use ch05_pretrain::Loaders;
use ch06_classify::num_trainable;
use fast::Accelerated;
use shared::files::write_whole;
use shared::rng::TorchRng;
use shared::{Batches, TrainingConfig};
use trainer::{Event, Masks, Run, train_language_model};

use crate::diverged::{explain, kept, lower_rate};
use crate::lowest_loss::say_lowest_validation_loss;
use crate::pictures::{losses, tokens_seen};
use crate::run_folder::{ADAPTER_FOLDER, LOSSES_FILE};
use crate::terminal::{Interrupt, LossProgress, command, grouped, say, tr, warn};

/// What fine-tuning does with a model besides training it.
pub trait Keeper {
    type Model: Accelerated;

    /// How the model answers a task, on one line.
    fn sample(&self, model: &Self::Model) -> Result<String>;

    /// Saves the model, and with LoRA the adapter.
    fn save(&mut self, model: &Self::Model) -> Result<()>;

    /// The folder or file with the model that the adapter belongs to; `None` without LoRA.
    fn adapted(&self) -> Option<&Path>;
}

pub struct Finetuning<'a, K, L> {
    /// Where the entries come from.
    pub data: &'a str,
    pub training: TrainingConfig,
    pub recipe: Recipe,
    pub loaders: Loaders<L>,
    /// Number of entries in both loaders.
    pub entries: [usize; 2],
    pub keeper: K,
    /// The folder for the model.
    pub out: &'a Path,
    /// The device of the model; it records gradients.
    pub device: Device,
    pub interrupt: Interrupt,
}

impl<K: Keeper, L: Batches<Batch = Batch>> Finetuning<'_, K, L> {
    pub fn run(mut self, model: K::Model, rng: &TorchRng) -> Result<ExitCode> {
        let steps = self.loaders.train.num_batches() * self.training.epochs;
        say(format_args!(
            "{} parameters ({} trainable), {} entries to learn from, {} to measure on, {steps} steps",
            grouped(model.num_params()),
            grouped(num_trainable(&model)),
            grouped(self.entries[0]),
            self.entries[1],
        ));
        let run = self.train(Run::new(model, self.training.weight_decay, rng), steps)?;
        let (out, evaluations) = (self.out, &run.state.evaluations);
        if !evaluations.is_empty() {
            let picture = losses(evaluations, self.training.epochs, tokens_seen(evaluations))?;
            write_whole(&out.join(LOSSES_FILE), picture.as_bytes())?;
        }
        if run.state.steps < steps {
            self.keeper.save(&run.model)?;
            let (done, folder) = (run.state.steps, out.display());
            warn(tr!(
                "interrupted after {done} of {steps} steps; the model in its current state is in {folder}, and can be \
                 trained further with --model {folder}",
                "在第 {done} 步之后中断，共 {steps} 步；模型当前的状态已保存到 {folder}，可以用 --model {folder} 继续训练"
            ));
            return Ok(ExitCode::from(130));
        }
        say("");
        say_lowest_validation_loss(&run.state.evaluations);
        self.say_what_next();
        Ok(ExitCode::SUCCESS)
    }

    /// Trains until the end or Ctrl-C, and saves the model after every epoch.
    fn train(&mut self, run: Run<K::Model>, steps: usize) -> Result<Run<K::Model>> {
        let Self { training, recipe, loaders, keeper, out, device, interrupt, .. } = self;
        let mut progress = LossProgress::new(0, steps);
        let mut saved_epoch = 0;
        let observe = |event: Event<K::Model>| -> Result<ControlFlow<()>> {
            match event {
                Event::Step { loss, .. } => progress.step(loss),
                Event::Evaluation(evaluation) => progress.say(evaluation),
                Event::EpochEnd { epoch, model, .. } => {
                    progress.say(keeper.sample(model)?);
                    keeper.save(model)?;
                    saved_epoch = epoch;
                }
                Event::SafePoint(_) => return Ok(interrupt.go_on()),
            }
            Ok(ControlFlow::Continue(()))
        };
        // Without dropout there are no masks to draw.
        let trained = train_language_model(run, loaders, training, recipe, Masks::Reproducible, device, observe);
        progress.finish();
        trained.map_err(|error| explain(error, &[lower_rate(training.learning_rate)], &kept(out, saved_epoch)))
    }

    fn say_what_next(&self) {
        let (out, folder) = (self.out, self.out.display());
        say(format_args!("\nmodel:  {folder}\nlosses: {}", out.join(LOSSES_FILE).display()));
        if let Some(base) = self.keeper.adapted() {
            let adapter = out.join(ADAPTER_FOLDER);
            say(format_args!("adapter: {}, for the model in {}", adapter.display(), base.display()));
        }
        let chat = command(format_args!("instruct chat --model {folder}"));
        let respond = command(format_args!("instruct respond --model {folder} --data {}", self.data));
        say(tr!("\nChat with it:\n  {chat}", "\n与它对话：\n  {chat}"));
        say(tr!("Let it answer the test entries:\n  {respond}", "让它回答测试任务：\n  {respond}"));
    }
}
