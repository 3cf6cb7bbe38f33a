//! `llm pretrain --resume`: continues a run from its newest checkpoint.

use std::borrow::Cow;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use burn::tensor::Device;
use ch05_pretrain::Loaders;
use shared::{Batches, TrainingConfig, data};
use trainer::{RunState, load_checkpoint, newest_checkpoint};

use super::args::{Args, absolute};
use super::job::{PretrainJob, RunSettings};
use super::log::Log;
use crate::options::TextSource;
use crate::run_folder::ensure_companions;

/// The run in `folder` as its newest checkpoint has it.
pub fn resume(folder: &Path, args: &Args, device: &Device) -> Result<PretrainJob> {
    let checkpoint = newest_checkpoint(folder)?;
    let out = match checkpoint.parent() {
        Some(parent) if checkpoint == folder => parent.to_path_buf(),
        _ => folder.to_path_buf(),
    };
    ensure_companions(&out)?;
    let (config, mut run, file) = load_checkpoint::<RunSettings>(&checkpoint, &device.clone().autodiff())?;
    let (mut training, mut settings) = (file.training, file.settings);
    set_epochs(&mut training, args.epochs, &run.state, folder)?;
    set_moved_files(&mut settings, args, folder)?;
    let text = read_text(&settings)?;
    let loaders = Loaders::new(&text, config.context_length, training.batch_size)?;
    ensure!(
        run.state.batch < loaders.train.num_batches(),
        "{} is damaged: it is at batch {} of {}",
        checkpoint.display(),
        run.state.batch,
        loaders.train.num_batches()
    );
    settings.recipe.validate(training.learning_rate, loaders.train.num_batches(), training.epochs)?;
    run.model.fast = settings.precision.forward(device)?;
    let log = Log::reopen(settings.log.as_deref(), &settings.log_state)?;
    Ok(PretrainJob { config, training, loaders, run, settings, out, log })
}

/// Applies `--epochs`, which can make a run longer, but not shorter than it is.
fn set_epochs(training: &mut TrainingConfig, epochs: Option<usize>, state: &RunState, folder: &Path) -> Result<()> {
    let planned = training.epochs;
    training.epochs = epochs.unwrap_or(planned);
    ensure!(
        state.epoch <= training.epochs,
        "the run in {} {}; to go on, give a larger number: --epochs N",
        folder.display(),
        if state.epoch > planned {
            format!("is complete with {} epochs", state.epoch - 1)
        } else {
            format!("is in epoch {} already", state.epoch)
        }
    );
    Ok(())
}

/// Applies `--text` and `--log`: where the files are now.
fn set_moved_files(settings: &mut RunSettings, args: &Args, folder: &Path) -> Result<()> {
    if let Some(text) = &args.text.file {
        ensure!(
            matches!(settings.text, TextSource::File(_)),
            "the run in {} is trained on a data set, so --text cannot be used",
            folder.display()
        );
        settings.text = TextSource::File(absolute(text)?);
    }
    if let Some(log) = &args.log {
        ensure!(settings.log.is_some(), "the run in {} has no log, so --log cannot be used", folder.display());
        settings.log = Some(absolute(log)?);
    }
    Ok(())
}

/// The text of the run, if it is still the same.
fn read_text(settings: &RunSettings) -> Result<Cow<'static, str>> {
    let text = match &settings.text {
        TextSource::File(_) => settings.text.read().context("if the text of the run was moved, name it with --text")?,
        TextSource::Dataset(_) => settings.text.read()?,
    };
    let found = data::sha256(text.as_bytes());
    ensure!(
        found == settings.text_sha256,
        "the text has changed since the run began: its SHA-256 is {found}, but was {}",
        settings.text_sha256
    );
    Ok(text)
}
