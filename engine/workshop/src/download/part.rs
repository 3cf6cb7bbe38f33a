//! The incomplete file `NAME.part` and its companion `NAME.part.json`.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::http::{Answer, Stamp};
use super::{DownloadError, naming};
use shared::files::write_whole;

/// A download that is not complete yet. The file is created when the first bytes come, so that a server that gives
/// nothing leaves no trace.
pub(super) struct PartFile {
    target: PathBuf,
    path: PathBuf,
    stamp_path: PathBuf,
    file: Option<File>,
    stamp: Stamp,
    len: u64,
}

impl PartFile {
    /// The part of `target` that an earlier run has left, or an empty one.
    pub fn of(target: &Path) -> Result<Self, DownloadError> {
        let (path, stamp_path) = (with_suffix(target, ".part"), with_suffix(target, ".part.json"));
        let mut part = Self { target: target.into(), path, stamp_path, file: None, stamp: Stamp::default(), len: 0 };
        if part.path.exists() {
            part.open()?;
            let stamp = fs::read(&part.stamp_path).ok().and_then(|json| serde_json::from_slice(&json).ok());
            match stamp {
                // Without a version there is no way to tell whether the server's file is still the same.
                Some(stamp @ Stamp { version: Some(_), .. }) => part.stamp = stamp,
                _ => part.clear()?,
            }
        }
        Ok(part)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn len(&self) -> u64 {
        self.len
    }

    /// SHA-256 of the whole file, as far as the server has told it.
    pub fn sha256(&self) -> Option<&str> {
        self.stamp.sha256.as_deref()
    }

    /// Nothing is missing: the program was stopped between the last byte and the renaming.
    pub fn is_whole(&self) -> bool {
        self.len > 0 && self.stamp.size == Some(self.len)
    }

    /// Whether the answer brings the bytes that follow, from the same file.
    pub fn is_continued_by(&self, answer: &Answer) -> bool {
        answer.start == Some(self.len) && answer.stamp == self.stamp
    }

    /// Discards all bytes.
    pub fn clear(&mut self) -> Result<(), DownloadError> {
        if let Some(file) = &self.file {
            file.set_len(0).map_err(|e| naming("write", &self.path, &e))?;
        }
        self.len = 0;
        Ok(())
    }

    /// Gets ready for the first byte of a file.
    pub fn begin(&mut self, stamp: &Stamp) -> Result<(), DownloadError> {
        if self.file.is_none() {
            self.open()?;
            self.clear()?;
        }
        self.stamp = stamp.clone();
        let json = serde_json::to_vec(stamp).map_err(io::Error::other)?;
        Ok(write_whole(&self.stamp_path, &json)?)
    }

    /// Adds bytes at the end. They go to the system at once, so that a killed program loses none.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), DownloadError> {
        if let Some(file) = &mut self.file {
            file.write_all(bytes).map_err(|e| naming("write", &self.path, &e))?;
        }
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// No more bytes will come: all of them are on the disk now, and others may read the file.
    pub fn close(&mut self) -> Result<(), DownloadError> {
        if let Some(file) = self.file.take() {
            file.sync_all().map_err(|e| naming("write", &self.path, &e))?;
        }
        Ok(())
    }

    /// Gives the finished file its name.
    pub fn keep_as(self, target: &Path) -> Result<(), DownloadError> {
        fs::rename(&self.path, target).map_err(|e| naming("write", target, &e))?;
        Ok(remove(&self.stamp_path)?)
    }

    /// Deletes it.
    pub fn discard(mut self) -> Result<(), DownloadError> {
        self.file = None;
        remove(&self.path)?;
        Ok(remove(&self.stamp_path)?)
    }

    fn open(&mut self) -> Result<(), DownloadError> {
        let failed = |e: &io::Error| naming("write", &self.path, e);
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(|e| failed(&e))?;
        }
        let file = OpenOptions::new().create(true).append(true).open(&self.path).map_err(|e| failed(&e))?;
        // Two programs that write to one file would damage it. Not every file system has locks, so other errors are
        // ignored.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(DownloadError::Busy { path: self.target.clone() });
        }
        self.len = file.metadata().map_err(|e| failed(&e))?.len();
        self.file = Some(file);
        Ok(())
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Deletes a file that may be gone already.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(naming("delete", path, &e)),
        _ => Ok(()),
    }
}
