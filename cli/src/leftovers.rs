//! What an earlier model leaves in a folder whose model is replaced.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};

use crate::instruct::TUNING_FILE;
use crate::lora::ADAPTER_FOLDER;
use crate::pretrain::RATES_FILE;

/// Files and folders that say something about one model only.
const COMPANIONS: [&str; 3] = [TUNING_FILE, ADAPTER_FOLDER, RATES_FILE];

/// Removes what belongs to the model in `folder`, before another takes its place: a file that says how it was
/// fine-tuned would speak for the new one.
pub fn remove_companions(folder: &Path) -> Result<()> {
    COMPANIONS.iter().try_for_each(|name| remove(&folder.join(name)))
}

/// Removes a file or a folder, if it is there.
pub fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(e) if e.kind() != ErrorKind::NotFound => {
            Err(e).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Whether both are the same folder, however they are written.
pub fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}
