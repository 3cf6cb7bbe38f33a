//! A training run in a folder, so that it can be continued.
//!
//! A checkpoint is a model folder (see [`model_files::save`]) with two more files:
//!
//! | file | what |
//! |---|---|
//! | `optimizer.safetensors` | the two moments of every parameter, `NAME.exp_avg` and `NAME.exp_avg_sq` |
//! | `run.json` | format version, step, epoch, batch, steps of every parameter, generator states, evaluations, settings |
//!
//! It is written under a temporary name and renamed when it is complete: `checkpoint-000120` is the state after 120
//! steps. Older ones are removed afterwards.

mod folders;
mod moments;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::tensor::Device;
use ch02_text::bonus::Gpt2Files;
use ch05_pretrain::AdamW;
use model_files::{CheckpointError, FileError, load_model, save_model_with_vocabulary};
use serde::{Deserialize, Serialize};
use shared::files::write_whole;
use shared::{GptConfig, TrainingConfig, text};

use self::folders::{CheckpointFolder, remove_if_there, remove_older};
use crate::finite::check_model_and_optimizer;
use crate::{Diverged, Run, RunState};

/// The moments of the optimizer.
const OPTIMIZER_FILE: &str = "optimizer.safetensors";
/// Everything else that the run needs to go on.
const RUN_FILE: &str = "run.json";
/// The format that this program writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// Why a run cannot be saved or continued. Every message names the file.
#[allow(missing_docs, reason = "an error's message says what its fields are")]
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The model of the checkpoint.
    #[error(transparent)]
    Model(#[from] CheckpointError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The run has left the finite numbers.
    #[error("{0}")]
    Diverged(#[from] Diverged),
    /// There is nothing to continue.
    #[error("{} holds no checkpoint of a run", .folder.display())]
    NoCheckpoint { folder: PathBuf },
    /// A file of the checkpoint is damaged or of another kind.
    #[error("{} cannot be continued from: {reason}", .path.display())]
    Damaged { path: PathBuf, reason: String },
}

/// What is in `run.json`. `S` are the settings of the program that trains.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunFile<S> {
    format: u32,
    /// Settings of the training loop.
    pub training: TrainingConfig,
    /// Whatever else the run needs to go on.
    pub settings: S,
    /// The state of the run.
    pub state: RunState,
    adamw_steps: u32,
    /// The steps of every parameter that has moments.
    parameter_steps: BTreeMap<String, u32>,
}

/// Writes the state of `run` into a new folder below `folder` and removes the older checkpoints there. `vocabulary` is that
/// of the model, `None` for GPT-2's.
///
/// # Errors
/// If a file cannot be written, or a number of the model or the optimizer is not finite; older checkpoints stay then.
pub fn save_checkpoint<S: Serialize>(
    folder: &Path,
    run: &Run,
    config: &GptConfig,
    training: &TrainingConfig,
    vocabulary: Option<&Gpt2Files>,
    settings: S,
) -> Result<PathBuf, RunError> {
    check_model_and_optimizer(&run.model, &run.optimizer, run.state.steps.saturating_sub(1))?;
    let CheckpointFolder { target, temporary } = CheckpointFolder::new(folder, run.state.steps);
    remove_if_there(&temporary).map_err(FileError::write(&temporary))?;
    save_model_with_vocabulary(&temporary, config, &run.model.valid(), vocabulary)?;
    let parameter_steps = moments::save(&temporary.join(OPTIMIZER_FILE), &run.model, &run.optimizer)?;

    let file = RunFile {
        format: FORMAT,
        training: training.clone(),
        settings,
        state: run.state.clone(),
        adamw_steps: run.optimizer.steps,
        parameter_steps,
    };
    let path = temporary.join(RUN_FILE);
    let json = serde_json::to_vec(&file)
        .map_err(|source| RunError::Damaged { path: path.clone(), reason: source.to_string() })?;
    write_whole(&path, &json).map_err(FileError::write(&temporary))?;

    remove_if_there(&target).map_err(FileError::write(&target))?;
    fs::rename(&temporary, &target).map_err(FileError::write(&target))?;
    remove_older(folder, &target)?;
    Ok(target)
}

/// The newest checkpoint below `folder`, or `folder` itself if it is one.
///
/// # Errors
/// If there is none.
pub fn newest_checkpoint(folder: &Path) -> Result<PathBuf, RunError> {
    if folder.join(RUN_FILE).is_file() {
        return Ok(folder.to_path_buf());
    }
    folders::newest(folder)?.ok_or_else(|| RunError::NoCheckpoint { folder: folder.into() })
}

/// Reads the checkpoint in `folder`; the model comes onto `device`, which should record gradients. It follows the
/// book's formulas and learns with all its parameters: a run that was made with the fast operations goes on bit for bit
/// only with them, and parameters that were frozen have to be frozen again.
///
/// # Errors
/// If a file is missing, damaged, of a newer format, or does not fit the others.
pub fn load_checkpoint<S: for<'de> Deserialize<'de>>(
    folder: &Path,
    device: &Device,
) -> Result<(GptConfig, Run, RunFile<S>), RunError> {
    let file: RunFile<S> = load_run_file(folder)?;
    let (config, model) = load_model(folder, device)?;
    let mut optimizer = AdamW::new(file.training.weight_decay);
    optimizer.steps = file.adamw_steps;
    let moments_device = device.clone().inner();
    optimizer.moments = moments::load(&folder.join(OPTIMIZER_FILE), &model, &file.parameter_steps, &moments_device)?;
    let run = Run { model, optimizer, state: file.state.clone() };
    Ok((config, run, file))
}

/// Reads `run.json` of the checkpoint in `folder` alone: the state of the run without its model.
///
/// # Errors
/// If it is missing, damaged or of a newer format.
pub fn load_run_file<S: for<'de> Deserialize<'de>>(folder: &Path) -> Result<RunFile<S>, RunError> {
    let path = folder.join(RUN_FILE);
    let bad = |reason: String| RunError::Damaged { path: path.clone(), reason };
    let json = text::read(&path).map_err(FileError::read(&path))?;
    // The version first: a newer format may look different everywhere else.
    let version: Version = serde_json::from_str(&json).map_err(|e| bad(e.to_string()))?;
    if version.format > FORMAT {
        return Err(bad(format!(
            "its format is {}, but this program reads up to {FORMAT}; take a newer version of the program",
            version.format
        )));
    }
    let file: RunFile<S> = serde_json::from_str(&json).map_err(|e| bad(e.to_string()))?;
    file.training.validate().map_err(|e| bad(e.to_string()))?;
    file.state.check().map_err(bad)?;
    Ok(file)
}

#[derive(Deserialize)]
struct Version {
    format: u32,
}
