//! The folder in which a model is to be saved, and what an earlier model has left there.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use ch05_pretrain::{CONFIG_FILE, WEIGHTS_FILE};

use crate::instruct::TUNING_FILE;
use crate::lora::ADAPTER_FOLDER;
use crate::pretrain::RATES_FILE;

/// Files and folders that say something about one model only.
const COMPANIONS: [&str; 3] = [TUNING_FILE, ADAPTER_FOLDER, RATES_FILE];

/// Makes the folder `out` for a model, and tries to write there: it would be late to hear after the training that nothing
/// can be kept.
pub fn prepare_out(out: &Path) -> Result<()> {
    fs::create_dir_all(out)
        .and_then(|()| {
            let probe = out.join(format!(".probe-{}", std::process::id()));
            File::create(&probe)?;
            fs::remove_file(probe)
        })
        .with_context(|| format!("cannot write into the folder {}", out.display()))
}

/// Fails if `out` holds something that would be taken for a companion of the model there and replaced with it, but there is
/// no model: then it is something else.
pub fn ensure_companions(out: &Path) -> Result<()> {
    COMPANIONS.iter().try_for_each(|name| ensure_companion(out, name))
}

/// The same for the file or folder of this name.
pub fn ensure_companion(out: &Path, name: &str) -> Result<()> {
    let is_model = [CONFIG_FILE, WEIGHTS_FILE].iter().all(|file| out.join(file).is_file());
    ensure!(
        is_model || !out.join(name).exists(),
        "{} would be replaced, but belongs to no model in {}; rename it, or name another folder with --out",
        out.join(name).display(),
        out.display()
    );
    Ok(())
}

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

/// Whether both are the same file or folder, however they are written.
pub fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}
