//! The folders of checkpoints: their names, the newest one, and those that can be removed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use model_files::vocabulary::{MERGES_FILE, VOCAB_FILE};
use model_files::{CONFIG_FILE, FileError, WEIGHTS_FILE};

use super::{OPTIMIZER_FILE, RUN_FILE};

const PREFIX: &str = "checkpoint-";

/// Where a checkpoint is written, and the name that it gets when it is complete.
pub(super) struct CheckpointFolder {
    pub(super) target: PathBuf,
    pub(super) temporary: PathBuf,
}

impl CheckpointFolder {
    /// Those of the state after this many steps.
    pub(super) fn new(folder: &Path, steps: usize) -> Self {
        let name = format!("{PREFIX}{steps:06}");
        Self { target: folder.join(&name), temporary: folder.join(format!(".{name}.part")) }
    }
}

/// The complete checkpoint with the most steps below `folder`.
pub(super) fn newest(folder: &Path) -> Result<Option<PathBuf>, FileError> {
    let found = entries(folder)
        .map_err(FileError::read(folder))?
        .into_iter()
        .filter(|path| !is_hidden(path) && path.join(RUN_FILE).is_file())
        .filter_map(|path| Some((steps_in_name(&path)?, path)))
        .max();
    Ok(found.map(|(_, path)| path))
}

/// Removes all checkpoints below `folder` but `newest`, also those whose writing or removal was interrupted.
pub(super) fn remove_older(folder: &Path, newest: &Path) -> Result<(), FileError> {
    for old in entries(folder).map_err(FileError::write(folder))? {
        if old != newest && steps_in_name(&old).is_some() && holds_only_ours(&old) {
            fs::remove_dir_all(&old).map_err(FileError::write(&old))?;
        }
    }
    Ok(())
}

/// Removes a folder that may not be there.
pub(super) fn remove_if_there(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// What is in `folder`, in no order.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}

/// The steps in the name of a checkpoint, a complete one (`checkpoint-000120`) or one that is being written
/// (`.checkpoint-000120.part`).
fn steps_in_name(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?;
    let name = name.strip_prefix('.').and_then(|name| name.strip_suffix(".part")).unwrap_or(name);
    let steps = name.strip_prefix(PREFIX)?.parse().ok()?;
    (name == format!("{PREFIX}{steps:06}")).then_some(steps)
}

/// Whether this is a folder with nothing in it but the files of a checkpoint, complete or half-written (those have
/// names with a dot in front). Folders of other programs may have such names as well.
fn holds_only_ours(folder: &Path) -> bool {
    let ours = [CONFIG_FILE, WEIGHTS_FILE, VOCAB_FILE, MERGES_FILE, OPTIMIZER_FILE, RUN_FILE];
    let is_ours = |path: &PathBuf| is_hidden(path) || ours.iter().any(|name| path.ends_with(name));
    entries(folder).is_ok_and(|files| files.iter().all(is_ours))
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}
