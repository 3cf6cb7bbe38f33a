//! GGUF, the files of llama.cpp: metadata and tensors in one file, the values often in a few bits each.
//!
//! ```text
//! file      "GGUF" | version, 4 bytes | number of tensors | number of entries | entry ... | tensor ... | padding | data
//! entry     key | type of the value, 4 bytes | value
//! tensor    name | number of dimensions, 4 bytes | dimensions, the fastest first | type, 4 bytes | place in the data
//! ```
//!
//! Numbers are little-endian and of 8 bytes unless it says otherwise. The data begins at a multiple of the alignment, which is
//! the value of `general.alignment`, or 32; so does every tensor in it. A name, a key or a text is its length and its bytes.
//! Versions 2 and 3 are alike.
//!
//! The file is mapped, not read: [`GgufFile::open`] costs nothing, [`GgufFile::read`] looks at the descriptions, and the
//! values are read when they are asked for. Source: `docs/gguf.md` of ggml.

mod access;
mod block;
mod contents;
mod cursor;
mod k_blocks;
mod small_blocks;
mod tensors;
mod value;

use std::path::Path;

pub use block::BlockType;
pub use contents::Gguf;
pub use tensors::GgufTensor;
pub use value::{Array, Value, ValueType};

use crate::CheckpointError;
use crate::mapped::MappedFile;

/// A GGUF file, mapped into memory.
pub struct GgufFile(MappedFile);

impl GgufFile {
    /// # Errors
    /// [`CheckpointError::File`] if it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        MappedFile::at(path).map(Self)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Its contents, all checked but for the values of the tensors.
    ///
    /// # Errors
    /// [`CheckpointError::BadGguf`].
    pub fn read(&self) -> Result<Gguf<'_>, CheckpointError> {
        Gguf::parse(&self.0).map_err(|reason| CheckpointError::BadGguf { path: self.0.path.clone(), reason })
    }
}
