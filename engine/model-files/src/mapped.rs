//! Files that are read without a copy in memory.

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use memmap2::Mmap;

use crate::folder::open;
use crate::{CheckpointError, FileError};

/// A memory-mapped file: it is read without a copy in memory.
pub(crate) struct MappedFile {
    pub(crate) path: PathBuf,
    bytes: Mmap,
}

impl MappedFile {
    /// # Errors
    /// [`CheckpointError::NoModel`] if the file is not there, [`CheckpointError::File`] if it cannot be read.
    pub(crate) fn open(folder: &Path, name: &str) -> Result<Self, CheckpointError> {
        let file = open(folder, name)?;
        let path = folder.join(name);
        let bytes = map(&file).map_err(FileError::read(&path))?;
        Ok(Self { path, bytes })
    }

    /// # Errors
    /// [`CheckpointError::File`] if it cannot be opened.
    pub(crate) fn at(path: &Path) -> Result<Self, CheckpointError> {
        let bytes = File::open(path).and_then(|file| map(&file)).map_err(FileError::read(path))?;
        Ok(Self { path: path.to_path_buf(), bytes })
    }
}

impl Deref for MappedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

#[expect(unsafe_code, reason = "a mapped file is read without a copy in memory")]
fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: the map is only read. Another process that cuts the file short meanwhile could end this one; saving never
    // does that, it puts a new file in place of the old one.
    unsafe { Mmap::map(file) }
}
