//! A TensorFlow checkpoint: an index of tensors and a file with their values.
//!
//! The index is a sorted table (see [`index`]) whose keys are the names of the tensors. The first value, of the empty
//! key, describes the checkpoint; every other describes a tensor: type, shape, place in the data file, checksum.

use std::path::Path;

use rayon::prelude::*;
use safetensors::Dtype;

use super::index;
use super::wire::{Reader, WireValue, masked_crc};
use crate::CheckpointError;
use crate::mapped::MappedFile;
use crate::stored::{Encoding, StoredTensor, StoredTensors};

pub(super) struct Bundle {
    pub(super) index: MappedFile,
    data: MappedFile,
}

impl Bundle {
    /// Opens the two files of a checkpoint.
    ///
    /// # Errors
    /// If one is missing or cannot be read.
    pub(super) fn open(folder: &Path, prefix: &str) -> Result<Self, CheckpointError> {
        Ok(Self {
            index: MappedFile::open(folder, &format!("{prefix}.index"))?,
            data: MappedFile::open(folder, &format!("{prefix}.data-00000-of-00001"))?,
        })
    }

    /// The tensors, whose checksums are right. A matrix in a stack of one, `[1, d_in, d_out]`, counts as the matrix.
    ///
    /// # Errors
    /// The damage, with the file and the tensor.
    pub(super) fn tensors(&self) -> Result<StoredTensors<'_>, CheckpointError> {
        let bad_index = |reason| CheckpointError::BadIndex { path: self.index.path.clone(), reason };
        let bad_tensor = |path: &Path, tensor: &str, reason| {
            let (path, tensor) = (path.to_path_buf(), tensor.to_string());
            CheckpointError::BadTensor { path, tensor, reason }
        };

        let mut entries = index::entries(&self.index).map_err(bad_index)?.into_iter();
        match entries.next() {
            Some((key, header)) if key.is_empty() => check_header(header).map_err(bad_index)?,
            _ => return Err(bad_index("it has no header".to_string())),
        }
        let mut tensors = StoredTensors::new();
        let mut checksums = Vec::new();
        for (key, value) in entries {
            let name = String::from_utf8(key).map_err(|_| bad_index("a name is not text".to_string()))?;
            let entry = BundleEntry::read(value).map_err(|reason| bad_tensor(&self.index.path, &name, reason))?;
            let stored = entry.find(&self.data).map_err(|reason| bad_tensor(&self.data.path, &name, reason))?;
            checksums.push((name.clone(), stored.bytes, entry.checksum));
            tensors.insert(name, stored);
        }
        let wrong = checksums.par_iter().find_first(|(_, bytes, checksum)| u64::from(masked_crc(bytes)) != *checksum);
        match wrong {
            Some((name, ..)) => Err(bad_tensor(&self.data.path, name, "its checksum is wrong".to_string())),
            None => Ok(tensors),
        }
    }
}

/// The header says how many data files there are and in which order the bytes of a number are stored.
fn check_header(header: &[u8]) -> Result<(), String> {
    let (mut files, mut big_endian) = (0, 0);
    let mut header = Reader(header);
    while !header.is_empty() {
        match header.field()? {
            (1, WireValue::Number(number)) => files = number,
            (2, WireValue::Number(number)) => big_endian = number,
            _ => {}
        }
    }
    match (files, big_endian) {
        (1, 0) => Ok(()),
        (1, _) => Err("its numbers are big-endian, which this program does not read".to_string()),
        _ => Err(format!("its values are spread over {files} files, but this program reads one")),
    }
}

/// What the index says about a tensor. Fields that are zero are left out of the file.
#[derive(Default)]
struct BundleEntry {
    dtype: u64,
    shape: Vec<u64>,
    data_file: u64,
    offset: u64,
    size: u64,
    checksum: u64,
    is_sliced: bool,
}

impl BundleEntry {
    fn read(message: &[u8]) -> Result<Self, String> {
        let mut entry = Self::default();
        let mut message = Reader(message);
        while !message.is_empty() {
            match message.field()? {
                (1, WireValue::Number(number)) => entry.dtype = number,
                (2, WireValue::Bytes(shape)) => entry.shape = read_shape(shape)?,
                (3, WireValue::Number(number)) => entry.data_file = number,
                (4, WireValue::Number(number)) => entry.offset = number,
                (5, WireValue::Number(number)) => entry.size = number,
                (6, WireValue::Number(number)) => entry.checksum = number,
                (7, _) => entry.is_sliced = true,
                _ => {}
            }
        }
        Ok(entry)
    }

    /// The tensor in the data file.
    fn find<'a>(&self, data: &'a [u8]) -> Result<StoredTensor<'a>, String> {
        if self.is_sliced || self.data_file != 0 {
            return Err("it is stored in pieces, which this program does not read".to_string());
        }
        let (dtype, value_size) = match self.dtype {
            1 => (Dtype::F32, 4),
            14 => (Dtype::BF16, 2),
            19 => (Dtype::F16, 2),
            other => {
                return Err(format!("it is of TensorFlow's type {other}, not 1 (float), 14 (bfloat16) or 19 (half)"));
            }
        };
        let bytes = self.shape.iter().try_fold(value_size, |bytes: u64, size| bytes.checked_mul(*size));
        if bytes != Some(self.size) {
            return Err(format!("it has {} bytes, which does not fit its shape {:?}", self.size, self.shape));
        }
        let mut rest = Reader(data);
        let bytes = rest.bytes(self.offset).and_then(|_| rest.bytes(self.size)).map_err(|_| {
            format!("it should be {} bytes at byte {}, but the file has {}", self.size, self.offset, data.len())
        })?;
        let shape = match self.shape.as_slice() {
            [1, matrix @ ..] if matrix.len() == 2 => matrix,
            shape => shape,
        };
        let shape: Result<_, _> = shape.iter().map(|&size| usize::try_from(size)).collect();
        let encoding = Encoding::Plain(dtype);
        Ok(StoredTensor { shape: shape.map_err(|e| e.to_string())?, encoding, bytes })
    }
}

/// A message of dimensions, each a message with its size.
fn read_shape(message: &[u8]) -> Result<Vec<u64>, String> {
    let mut shape = Vec::new();
    let mut message = Reader(message);
    while !message.is_empty() {
        if let (2, WireValue::Bytes(dimension)) = message.field()? {
            let mut size = 0;
            let mut dimension = Reader(dimension);
            while !dimension.is_empty() {
                if let (1, WireValue::Number(number)) = dimension.field()? {
                    size = number;
                }
            }
            shape.push(size);
        }
    }
    Ok(shape)
}
