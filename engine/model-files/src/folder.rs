//! The folder of a model.

use std::fs::File;
use std::io;
use std::path::Path;

use serde::de::DeserializeOwned;
use shared::text;

use crate::{CheckpointError, FileError};

/// Name of the configuration in a model folder.
pub const CONFIG_FILE: &str = "config.json";
/// Name of the weights in a model folder.
pub const WEIGHTS_FILE: &str = "model.safetensors";

/// Opens a file that a model folder has.
///
/// # Errors
/// [`CheckpointError::NoModel`] if the file is not there, [`CheckpointError::File`] if it cannot be read.
pub(crate) fn open(folder: &Path, name: &str) -> Result<File, CheckpointError> {
    let path = folder.join(name);
    File::open(&path).map_err(|source| missing_or_unreadable(folder, name, source))
}

/// The error for a file of a model folder that could not be read.
pub(crate) fn missing_or_unreadable(folder: &Path, name: &str, source: io::Error) -> CheckpointError {
    match source.kind() {
        io::ErrorKind::NotFound => CheckpointError::NoModel { folder: folder.into(), file: name.into() },
        _ => FileError::read(&folder.join(name))(source).into(),
    }
}

/// Reads a JSON file that describes a model.
///
/// # Errors
/// If it is missing or of another form.
pub(crate) fn read_json<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<T, CheckpointError> {
    let path = folder.join(name);
    let json = text::read(&path).map_err(|source| missing_or_unreadable(folder, name, source))?;
    serde_json::from_str(&json).map_err(|source| CheckpointError::BadConfig { path, source })
}

/// Waits until a file is on the disk. Windows does so only for a file that is open for writing.
///
/// # Errors
/// What the file system says.
pub fn sync_file(path: &Path) -> io::Result<()> {
    File::options().write(true).open(path)?.sync_all()
}
