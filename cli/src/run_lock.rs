//! Locks on what a run writes: its folder and its log. Two runs at once would destroy each other's files. A lock belongs to an
//! open file, so it ends with the program, however that ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};

use crate::terminal::{tr, warn};

/// What is locked where a folder itself cannot be opened, as on Windows.
const LOCK_FILE: &str = ".lock";

/// Folders that were made for the run, the innermost first.
static MADE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// The folder that a run writes into, for this program alone. If it was made here and nothing was saved, it is removed at the
/// end.
pub struct RunFolder {
    _lock: File,
}

impl RunFolder {
    /// Makes the folder, locks it, and tries to write there, so that all this fails before the training and not after it.
    ///
    /// # Errors
    /// If another program has locked the folder, or it cannot be written into.
    pub fn open(path: &Path) -> Result<Self> {
        let cannot_write = || format!("cannot write into the folder {}", path.display());
        make(path).with_context(cannot_write)?;
        let lock = open_to_lock(path).with_context(cannot_write)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!(tr!(
                "{} is in use: another run is writing into this folder; wait for its end, or name another folder with --out",
                "{} 正在使用中：另一个训练正在写入这个文件夹；请等它结束，或用 --out 指定另一个文件夹",
                path.display()
            )),
            Err(TryLockError::Error(error)) => warn(tr!(
                "note: {} cannot be locked ({error}); see to it that no other run writes into it",
                "提示：无法锁定 {}（{error}）；请确保没有别的训练写入这个文件夹",
                path.display()
            )),
        }
        let folder = Self { _lock: lock };
        let probe = path.join(format!(".probe-{}", std::process::id()));
        File::create(&probe).and_then(|_| fs::remove_file(&probe)).with_context(cannot_write)?;
        Ok(folder)
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        remove_empty_folders();
    }
}

/// Removes the folders that were made for the run, as far as nothing is in them.
pub fn remove_empty_folders() {
    let made = std::mem::take(&mut *MADE.lock().unwrap_or_else(PoisonError::into_inner));
    // A folder that is not empty stays, and so do those around it.
    let _ = made.iter().try_for_each(fs::remove_dir);
}

/// Makes a folder and those around it, and remembers which were not there.
fn make(path: &Path) -> io::Result<()> {
    let missing = path.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    let missing: Vec<PathBuf> = missing.map(Path::to_path_buf).collect();
    fs::create_dir_all(path)?;
    MADE.lock().unwrap_or_else(PoisonError::into_inner).extend(missing);
    Ok(())
}

/// Opens what stands for a folder: the folder itself, where the system allows it.
fn open_to_lock(folder: &Path) -> io::Result<File> {
    if cfg!(unix) {
        File::open(folder)
    } else {
        OpenOptions::new().write(true).create(true).truncate(false).open(folder.join(LOCK_FILE))
    }
}

/// Locks the log of a run.
///
/// # Errors
/// If another program has locked it.
pub fn lock_log(file: &File, path: &Path) -> Result<()> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => bail!(tr!(
            "{} is in use: another run is writing this log; name another file with --log",
            "{} 正在使用中：另一个训练正在写入这份日志；请用 --log 指定另一个文件",
            path.display()
        )),
        // Without locks, as on some network file systems, the lock of the folder has to do.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A lock belongs to an open file, not to the program, so that one test can hold it and be refused.
    #[test]
    fn a_folder_has_one_run_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        fs::create_dir(&out).unwrap();
        let first = RunFolder::open(&out).unwrap();
        let error = RunFolder::open(&folder.path().join("./out/../out")).err().unwrap().to_string();
        assert!(error.contains("is in use") || error.contains("正在使用中"), "{error}");
        drop(first);
        RunFolder::open(&out).unwrap();
        assert!(out.exists(), "it was there before");
        assert_eq!(fs::read_dir(&out).unwrap().count(), 0, "no trace of the lock");
    }
}
