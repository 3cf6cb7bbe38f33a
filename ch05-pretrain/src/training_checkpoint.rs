//! A training run in a folder, so that it can be continued (section 5.4).
//!
//! A checkpoint is a model folder (see [`checkpoint`](crate::checkpoint)) with two files more:
//!
//! | file | what |
//! |---|---|
//! | `optimizer.safetensors` | the two moments of every parameter, `NAME.exp_avg` and `NAME.exp_avg_sq` |
//! | `run.json` | format version, step, epoch, batch, steps of every parameter, generator states, evaluations, settings |
//!
//! It is written under a temporary name and renamed when it is whole: `checkpoint-000120` is the state after 120
//! steps. Older ones are removed afterwards.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use safetensors::{Dtype, SafeTensors, View};
use serde::{Deserialize, Serialize};
use shared::files::write_whole;
use shared::{GptConfig, TrainingConfig};

use crate::adamw::Moments;
use crate::checkpoint::{CONFIG_FILE, CheckpointError, WEIGHTS_FILE, sync_file};
use crate::inspect::{Parameter, parameters};
use crate::train::{Place, Run};
use crate::{AdamW, load_model, save_model};

const OPTIMIZER_FILE: &str = "optimizer.safetensors";
const RUN_FILE: &str = "run.json";
const PREFIX: &str = "checkpoint-";
/// The format that this program writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// Why a run cannot be saved or continued. Every message names the file.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The model of the checkpoint.
    #[error(transparent)]
    Model(#[from] CheckpointError),
    /// The file system refused.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// There is nothing to continue.
    #[error("{} holds no checkpoint of a run", .folder.display())]
    NoCheckpoint {
        /// The folder.
        folder: PathBuf,
    },
    /// A file of the checkpoint is not what it should be.
    #[error("{} cannot be continued from: {reason}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// What stands in `run.json`. `S` are the settings of whoever runs the training.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunFile<S> {
    format: u32,
    /// Settings of the training loop.
    pub training: TrainingConfig,
    /// Whatever else the run needs to go on.
    pub settings: S,
    /// How far the run is.
    pub place: Place,
    adamw_steps: u32,
    /// The steps of every parameter that has moments. Missing in older files, where each had all steps.
    parameter_steps: Option<BTreeMap<String, u32>>,
}

/// Writes the state of `run` into a new folder below `folder` and removes the older checkpoints there.
///
/// # Errors
/// If a file cannot be written; older checkpoints stay then.
pub fn save_checkpoint<S: Serialize>(
    folder: &Path,
    run: &Run,
    config: &GptConfig,
    training: &TrainingConfig,
    settings: S,
) -> Result<PathBuf, RunError> {
    let name = format!("{PREFIX}{:06}", run.place.steps);
    let (target, temporary) = (folder.join(&name), folder.join(format!(".{name}.part")));
    let io_error = |path: &Path| {
        let path = path.to_path_buf();
        move |source| RunError::Io { action: "write", path, source }
    };
    remove_if_there(&temporary).map_err(io_error(&temporary))?;
    save_model(&temporary, config, &run.model.valid())?;

    let optimizer = temporary.join(OPTIMIZER_FILE);
    let (mut tensors, mut parameter_steps) = (Vec::new(), BTreeMap::new());
    for (Parameter { name, .. }, moments) in parameters(&run.model).into_iter().zip(&run.optimizer.moments) {
        let Some(Moments { steps, first, second }) = moments else { continue };
        tensors.push((format!("{name}.exp_avg"), Moment::new(first)));
        tensors.push((format!("{name}.exp_avg_sq"), Moment::new(second)));
        parameter_steps.insert(name, *steps);
    }
    safetensors::serialize_to_file(tensors, None, &optimizer)
        .map_err(|e| io_error(&optimizer)(io::Error::other(e.to_string())))?;
    sync_file(&optimizer).map_err(io_error(&optimizer))?;

    let state = RunFile {
        format: FORMAT,
        training: training.clone(),
        settings,
        place: run.place.clone(),
        adamw_steps: run.optimizer.steps,
        parameter_steps: Some(parameter_steps),
    };
    let json = serde_json::to_vec(&state)
        .map_err(|source| RunError::Damaged { path: temporary.join(RUN_FILE), reason: source.to_string() })?;
    write_whole(&temporary.join(RUN_FILE), &json).map_err(io_error(&temporary))?;

    remove_if_there(&target).map_err(io_error(&target))?;
    fs::rename(&temporary, &target).map_err(io_error(&target))?;
    // Also those whose writing or removal was cut short.
    for old in entries(folder).map_err(io_error(folder))? {
        if old != target && steps_in_name(&old).is_some() && holds_only_ours(&old) {
            fs::remove_dir_all(&old).map_err(io_error(&old))?;
        }
    }
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
    let found = entries(folder)
        .map_err(|source| RunError::Io { action: "read", path: folder.into(), source })?
        .into_iter()
        .filter(|path| !is_hidden(path) && path.join(RUN_FILE).is_file())
        .filter_map(|path| Some((steps_in_name(&path)?, path)))
        .max();
    found.map(|(_, path)| path).ok_or_else(|| RunError::NoCheckpoint { folder: folder.into() })
}

/// Reads the checkpoint in `folder`; the model comes onto `device`, which should record gradients. It follows the book's
/// formulas and learns with all its parameters: a run that was made with other kernels goes on bit for bit only with them
/// ([`Run::with_kernels`]), and parameters that were frozen have to be frozen again.
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
    let steps_of = |name: &str| match &file.parameter_steps {
        Some(steps) => steps.get(name).copied().unwrap_or(0),
        None => file.adamw_steps,
    };
    optimizer.moments = load_moments(&folder.join(OPTIMIZER_FILE), &model, steps_of, &device.clone().inner())?;
    let run = Run { model, optimizer, place: file.place.clone() };
    Ok((config, run, file))
}

/// Reads `run.json` of the checkpoint in `folder` alone: how far the run is, without its model.
///
/// # Errors
/// If it is missing, damaged or of a newer format.
pub fn load_run_file<S: for<'de> Deserialize<'de>>(folder: &Path) -> Result<RunFile<S>, RunError> {
    let path = folder.join(RUN_FILE);
    let bad = |reason: String| RunError::Damaged { path: path.clone(), reason };
    let json = fs::read(&path).map_err(|source| RunError::Io { action: "read", path: path.clone(), source })?;
    // The version first: a newer format may look different everywhere else.
    let version: Version = serde_json::from_slice(&json).map_err(|e| bad(e.to_string()))?;
    if version.format > FORMAT {
        return Err(bad(format!(
            "its format is {}, but this program reads up to {FORMAT}; take a newer version of the program",
            version.format
        )));
    }
    let file: RunFile<S> = serde_json::from_slice(&json).map_err(|e| bad(e.to_string()))?;
    file.training.validate().map_err(|e| bad(e.to_string()))?;
    file.place.check().map_err(bad)?;
    Ok(file)
}

#[derive(Deserialize)]
struct Version {
    format: u32,
}

/// The moments of every parameter that has had steps. The file must hold those and no others: a run that goes on with
/// new moments would not be the same run.
fn load_moments(
    path: &Path,
    model: &impl Module,
    steps_of: impl Fn(&str) -> u32,
    device: &Device,
) -> Result<Vec<Option<Moments>>, RunError> {
    let bytes = fs::read(path).map_err(|source| RunError::Io { action: "read", path: path.into(), source })?;
    let damaged = |reason: String| RunError::Damaged { path: path.into(), reason };
    let file = SafeTensors::deserialize(&bytes).map_err(|e| damaged(e.to_string()))?;
    let mut unused: BTreeSet<&str> = file.names().into_iter().collect();
    let mut read = |name: String, size: usize| {
        let bad = |reason: String| damaged(format!("tensor {name}: {reason}"));
        let view = file.tensor(&name).map_err(|_| bad("it is missing".to_string()))?;
        if view.dtype() != Dtype::F32 || view.shape() != [size] {
            return Err(bad(format!("it is {:?} {:?}, not F32 [{size}]", view.dtype(), view.shape())));
        }
        unused.remove(name.as_str());
        let (words, _) = view.data().as_chunks::<4>();
        let values: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
        Ok(Tensor::<1>::from_data(TensorData::new(values, [size]), device))
    };
    let mut all = Vec::new();
    for parameter in parameters(model) {
        let (name, size, steps) = (&parameter.name, parameter.len(), steps_of(&parameter.name));
        all.push(if steps == 0 {
            None
        } else {
            let (first, second) = (read(format!("{name}.exp_avg"), size)?, read(format!("{name}.exp_avg_sq"), size)?);
            Some(Moments { steps, first, second })
        });
    }
    match unused.first() {
        Some(name) => Err(damaged(format!("tensor {name}: the run has no such moments"))),
        None => Ok(all),
    }
}

/// What is in `folder`, in no order.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}

/// The steps in the name of a checkpoint, a whole one (`checkpoint-000120`) or one that is being written
/// (`.checkpoint-000120.part`).
fn steps_in_name(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?;
    let name = name.strip_prefix('.').and_then(|name| name.strip_suffix(".part")).unwrap_or(name);
    let steps = name.strip_prefix(PREFIX)?.parse().ok()?;
    (name == format!("{PREFIX}{steps:06}")).then_some(steps)
}

/// Whether this is a folder with nothing in it but the files of a checkpoint, whole or half-written (those have names with
/// a dot in front). Other programs call their folders like this as well.
fn holds_only_ours(folder: &Path) -> bool {
    let ours = [CONFIG_FILE, WEIGHTS_FILE, OPTIMIZER_FILE, RUN_FILE];
    let is_ours = |path: &PathBuf| is_hidden(path) || ours.iter().any(|name| path.ends_with(name));
    entries(folder).is_ok_and(|files| files.iter().all(is_ours))
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn remove_if_there(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// A moment that becomes bytes only when it is written.
struct Moment<'a> {
    values: &'a Tensor<1>,
    shape: [usize; 1],
}

impl<'a> Moment<'a> {
    fn new(values: &'a Tensor<1>) -> Self {
        Self { values, shape: values.dims() }
    }
}

impl View for Moment<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let values = self.values.to_data();
        values.iter::<f32>().flat_map(f32::to_le_bytes).collect::<Vec<u8>>().into()
    }

    fn data_len(&self) -> usize {
        self.shape[0] * size_of::<f32>()
    }
}
