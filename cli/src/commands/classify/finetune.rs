//! The fine-tuning of a classifier, with what it saves and shows.

use std::ops::ControlFlow;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use burn::tensor::Device;
use ch06_classify::{Accuracies, Confusion, Label, Readout, SpamLoaders, confusion};
use fast::Accelerated;
use shared::files::write_whole;
use shared::rng::TorchRng;
use shared::{Batches, TrainingConfig};
use trainer::{Cropped, Event, Masks, Run, train_classifier};
use workshop::plots::{Seen, plot_accuracies, plot_confusion};

use super::report::accuracy_line;
use crate::diverged::{explain, kept, lower_rate};
use crate::lowest_loss::say_lowest_validation_loss;
use crate::pictures;
use crate::run_folder::{ACCURACY_FILE, CONFUSION_FILE, LOSSES_FILE, remove, remove_companions};
use crate::terminal::{Interrupt, LossProgress, command, say, tr, warn};

/// The losses, the accuracies and the mistakes.
const PICTURES: [&str; 3] = [LOSSES_FILE, ACCURACY_FILE, CONFUSION_FILE];

pub struct Finetuning<'a, M> {
    /// The token position whose output is classified.
    pub readout: Readout,
    pub training: &'a TrainingConfig,
    pub loaders: &'a SpamLoaders,
    /// Writes the classifier into the folder, LoRA layers merged: alone they would be useless, as they fit a head that is
    /// random and saved nowhere.
    pub save: &'a dyn Fn(&Path, &M) -> Result<()>,
    pub out: &'a Path,
    pub device: &'a Device,
    pub interrupt: Interrupt,
}

impl<M: Accelerated> Finetuning<'_, M> {
    pub fn run(&self, model: M, rng: &TorchRng) -> Result<ExitCode> {
        let started = Instant::now();
        let (run, accuracies) = self.train(Run::new(model, self.training.weight_decay, rng))?;
        let epochs = accuracies.len();
        let interrupted = epochs < self.training.epochs;
        if interrupted && epochs == 0 {
            warn(tr!("interrupted in the first epoch; nothing was saved", "在第一个 epoch 中中断；没有保存任何内容"));
            return Ok(ExitCode::from(130));
        }
        if interrupted {
            self.save(&run.model)?;
            warn(tr!(
                "interrupted after {epochs} whole epochs; the model in its current state is saved in {}, and measured now",
                "在完成 {epochs} 个 epoch 之后中断；模型当前的状态已保存到 {}，现在开始测量",
                self.out.display()
            ));
            self.interrupt.let_through();
        } else {
            say(format_args!("Training completed in {:.2} minutes.\n", started.elapsed().as_secs_f64() / 60.0));
            say_lowest_validation_loss(&run.state.evaluations);
            say("");
        }
        let of_test = self.measure(&run);
        self.draw(&run, &accuracies, &of_test)?;
        let folder = self.out.display();
        say(format_args!("\nclassifier: {folder}\npictures:   {folder}/{}", PICTURES.join(", ")));
        let predict = format!("classify predict --model {folder} \"You have won a prize! Reply YES to claim it.\"");
        say(format_args!("\nTry it:\n  {}", command(predict)));
        Ok(if interrupted { ExitCode::from(130) } else { ExitCode::SUCCESS })
    }

    fn train(&self, run: Run<M>) -> Result<(Run<M>, Vec<Accuracies>)> {
        let Self { readout, training, loaders, device, interrupt, .. } = self;
        let mut progress = LossProgress::new(0, loaders.train.num_batches() * training.epochs);
        let mut saved_epoch = 0;
        let observe = |event: Event<M>| -> Result<ControlFlow<()>> {
            match event {
                Event::Step { loss, .. } => progress.step(loss),
                Event::Evaluation(evaluation) => progress.say(evaluation),
                Event::EpochEnd { epoch, accuracies, model } => {
                    accuracies.into_iter().for_each(|accuracies| progress.say(accuracies));
                    self.save(model)?;
                    saved_epoch = epoch;
                }
                Event::SafePoint(_) => return Ok(interrupt.go_on()),
            }
            Ok(ControlFlow::Continue(()))
        };
        let trained = train_classifier(run, loaders, training, *readout, Masks::Reproducible, device, observe);
        progress.finish();
        trained.map_err(|error| explain(error, &[lower_rate(training.learning_rate)], &kept(self.out, saved_epoch)))
    }

    fn save(&self, model: &M) -> Result<()> {
        remove_companions(self.out)?;
        PICTURES.iter().try_for_each(|file| remove(&self.out.join(file)))?;
        (self.save)(self.out, model)
    }

    /// Shows the accuracy on each part of the messages; returns the answers on the last, the test part.
    fn measure(&self, run: &Run<M>) -> Confusion {
        let mut rng = run.state.rng.clone();
        let mut found = Confusion::default();
        for (name, loader) in self.loaders.parts() {
            let loader = Cropped::new(loader, &run.model, self.readout);
            found = confusion(&run.model, &loader, None, self.readout, &mut rng, self.device);
            say(accuracy_line(name, &found));
        }
        found
    }

    fn draw(&self, run: &Run<M>, accuracies: &[Accuracies], of_test: &Confusion) -> Result<()> {
        let (epochs, seen) = (accuracies.len(), Seen::Examples(run.state.seen));
        let accuracies: Vec<(f64, f64)> = accuracies.iter().map(|a| (a.train, a.validation)).collect();
        let pictures = [
            pictures::losses(&run.state.evaluations, epochs, seen)?,
            plot_accuracies(&accuracies, epochs, seen)?,
            plot_confusion(Label::ALL.map(Label::name), &of_test.counts),
        ];
        for (file, picture) in PICTURES.iter().zip(pictures) {
            write_whole(&self.out.join(file), picture.as_bytes())?;
        }
        Ok(())
    }
}
