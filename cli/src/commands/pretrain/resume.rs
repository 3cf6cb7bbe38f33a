//! `llm pretrain --resume`: continues a run from its newest checkpoint.

use std::borrow::Cow;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use burn::tensor::Device;
use ch05_pretrain::Loaders;
use model_files::open_tokenizer;
use serde::de::IgnoredAny;
use shared::{Batches, TrainingConfig, data};
use trainer::{RunState, load_checkpoint, load_run_file, newest_checkpoint};

use super::args::Args;
use super::job::{PretrainJob, RunSettings};
use super::log::Log;
use crate::options::{TextSource, absolute};
use crate::run_folder::ensure_companions;
use crate::run_lock::RunFolder;
use crate::terminal::{command, grouped, say, tr};

/// The run in `folder` as its newest checkpoint has it; `None` if there is nothing left to do.
pub fn resume(folder: &Path, args: &Args) -> Result<Option<(PretrainJob, Device)>> {
    let checkpoint = newest_checkpoint(folder)?;
    let file = load_run_file::<IgnoredAny>(&checkpoint)?;
    if is_complete(&file.training, args.epochs, &file.state, folder)? {
        return Ok(None);
    }
    let out = match checkpoint.parent() {
        Some(parent) if checkpoint == folder => parent.to_path_buf(),
        _ => folder.to_path_buf(),
    };
    let locked = RunFolder::open(&out)?;
    // The run may have gone on until now.
    let checkpoint = newest_checkpoint(folder)?;
    ensure_companions(&out)?;
    let device = args.device.open()?;
    let (config, mut run, file) = load_checkpoint::<RunSettings>(&checkpoint, &device.clone().autodiff())?;
    let (mut training, mut settings) = (file.training, file.settings);
    if is_complete(&training, args.epochs, &run.state, folder)? {
        return Ok(None);
    }
    training.epochs = args.epochs.unwrap_or(training.epochs);
    set_moved_files(&mut settings, args, folder)?;
    let text = read_text(&settings, args)?;
    let tokenizer = open_tokenizer(&checkpoint, config.vocab_size)?;
    let loaders = Loaders::with_tokenizer(&text, &tokenizer, config.context_length, training.batch_size)?;
    ensure!(
        run.state.batch < loaders.train.num_batches(),
        "{} is damaged: it is at batch {} of {}",
        checkpoint.display(),
        run.state.batch,
        loaders.train.num_batches()
    );
    settings.recipe.validate(training.learning_rate, loaders.train.num_batches(), training.epochs)?;
    run.model.fast = settings.precision.forward(&device)?;
    let log = Log::reopen(settings.log.as_deref(), &settings.log_state)?;
    let job = PretrainJob { config, training, tokenizer, loaders, run, settings, out, folder: locked, log };
    Ok(Some((job, device)))
}

/// Whether the run has done all its epochs, the planned ones or those of `--epochs`; says so then.
///
/// # Errors
/// If it has done more than those of `--epochs`: a run can be made longer, but not shorter than it is.
fn is_complete(training: &TrainingConfig, epochs: Option<usize>, state: &RunState, folder: &Path) -> Result<bool> {
    let (done, shown) = (state.epoch - 1, folder.display());
    let wanted = epochs.unwrap_or(training.epochs);
    let all_planned = state.epoch > training.epochs;
    ensure!(
        state.epoch <= wanted || (all_planned && done == wanted),
        tr!(
            "the run in {shown} {}; to go on, give a larger number: --epochs N",
            "{shown} 中的训练{}；要继续，请给出更大的数：--epochs N",
            if all_planned {
                tr!("is complete with {done} epochs", "已完成 {done} 个 epoch")
            } else {
                tr!("is in epoch {} already", "已经在第 {} 个 epoch", state.epoch)
            }
        )
    );
    if state.epoch <= wanted {
        return Ok(false);
    }
    let further = command(format_args!("pretrain --resume {shown} --epochs {}", 2 * done));
    say(tr!(
        "The run in {shown} is complete, with epoch {done} after {} steps. Train it further with:\n  {further}",
        "{shown} 中的训练已经完成：共 {done} 个 epoch，{} 步。要继续训练，请运行：\n  {further}",
        grouped(state.steps)
    ));
    Ok(true)
}

/// Applies `--text` and `--log`: where the files are now.
fn set_moved_files(settings: &mut RunSettings, args: &Args, folder: &Path) -> Result<()> {
    if let Some(text) = &args.text.file {
        ensure!(
            !matches!(settings.text, TextSource::Dataset(_)),
            tr!(
                "the run in {} is trained on a data set, so --text cannot be used",
                "{} 中的训练使用数据集，所以不能用 --text",
                folder.display()
            )
        );
        settings.text = TextSource::of_file(text).absolute()?;
    }
    if let Some(log) = &args.log {
        ensure!(
            settings.log.is_some(),
            tr!(
                "the run in {} has no log, so --log cannot be used",
                "{} 中的训练没有日志，所以不能用 --log",
                folder.display()
            )
        );
        settings.log = Some(absolute(log)?);
    }
    Ok(())
}

/// The text of the run, if it is still the same.
fn read_text(settings: &RunSettings, args: &Args) -> Result<Cow<'static, str>> {
    let text = match &settings.text {
        TextSource::StandardInput if args.text.file.is_none() => bail!(tr!(
            "the text of the run came from standard input; give it again, as a file with --text FILE or with --text -",
            "训练文本来自标准输入；请再次给出：用 --text 指定文件，或用 --text -"
        )),
        TextSource::File(_) => settings.text.read().with_context(|| {
            tr!("if the text of the run was moved, name it with --text", "如果移动过训练文本，请用 --text 指定")
        })?,
        TextSource::Dataset(_) | TextSource::StandardInput => settings.text.read()?,
    };
    let found = data::sha256(text.as_bytes());
    ensure!(
        found == settings.text_sha256,
        tr!(
            "the text has changed since the run began: its SHA-256 is {found}, but was {}",
            "训练开始之后文本变了：它的 SHA-256 是 {found}，原来是 {}",
            settings.text_sha256
        )
    );
    Ok(text)
}
