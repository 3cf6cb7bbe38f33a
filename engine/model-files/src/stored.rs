//! Tensors as they are stored in a file, and their conversion to burn's layout.

use std::collections::BTreeMap;
use std::mem::MaybeUninit;
use std::ops::Range;

use half::f16;
use half::slice::HalfFloatSliceExt;
use rayon::prelude::*;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::CheckpointError;
use crate::gguf::BlockType;
use crate::mapped::MappedFile;

/// The tensors of a file by their names.
pub(crate) type StoredTensors<'a> = BTreeMap<String, StoredTensor<'a>>;

/// A tensor in a file: row-major, little-endian, as many bytes as shape and encoding ask for.
pub(crate) struct StoredTensor<'a> {
    pub(crate) shape: Vec<usize>,
    pub(crate) encoding: Encoding,
    pub(crate) bytes: &'a [u8],
}

/// How the values of a tensor are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// One by one.
    Plain(Dtype),
    /// Several together. Every row is made of whole blocks.
    Blocks(BlockType),
}

impl Encoding {
    /// Values in the smallest piece that can be read alone, and its bytes.
    fn piece(self) -> [usize; 2] {
        match self {
            Self::Plain(dtype) => [1, dtype.bitsize() / 8],
            Self::Blocks(kind) => [kind.block_values(), kind.block_bytes()],
        }
    }
}

/// The tensors of a safetensors file.
///
/// # Errors
/// [`CheckpointError::BadWeights`].
pub(crate) fn read_safetensors<'a>(file: &'a MappedFile) -> Result<StoredTensors<'a>, CheckpointError> {
    stored_tensors(file).map_err(|reason| CheckpointError::BadWeights { path: file.path.clone(), reason })
}

/// The tensors in the contents of a safetensors file.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn stored_tensors<'a>(bytes: &'a [u8]) -> Result<StoredTensors<'a>, String> {
    let weights = SafeTensors::deserialize(bytes).map_err(|e| e.to_string())?;
    let stored = |(name, view): (String, TensorView<'a>)| {
        (
            name,
            StoredTensor { shape: view.shape().to_vec(), encoding: Encoding::Plain(view.dtype()), bytes: view.data() },
        )
    };
    Ok(weights.tensors().into_iter().map(stored).collect())
}

/// The tensor of a file that holds a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TensorReference {
    /// The tensor's name in the file.
    pub(crate) name: String,
    /// How the parameter is stored in it.
    pub(crate) form: StorageForm,
}

/// How a parameter is stored in a tensor of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StorageForm {
    /// As it is in burn's layout.
    AsIs,
    /// As its transpose.
    Transposed,
    /// As one of three equal parts, side by side in the last dimension: 0, 1 or 2.
    Third(usize),
    /// As its transpose, whose rows belong to heads of this width; within a head, a row of the first half and one of the
    /// second take turns.
    Interleaved(usize),
    /// With 1 added to each value.
    OnePlus,
}

impl StorageForm {
    /// The shape of the tensor that holds a parameter of shape `shape`.
    pub(crate) fn stored_shape(self, shape: &[usize]) -> Vec<usize> {
        let mut stored = shape.to_vec();
        match (self, stored.last_mut()) {
            (Self::Transposed | Self::Interleaved(_), _) => stored.reverse(),
            (Self::Third(_), Some(width)) => *width = width.saturating_mul(3),
            _ => {}
        }
        stored
    }
}

/// Calls `job` with every chunk of `values` and its number, on all processors if there is enough to do.
fn for_each_chunk<T: Send>(values: &mut [T], size: usize, job: impl Fn(usize, &mut [T]) + Sync) {
    const WORTH_IT: usize = 1 << 16;
    if values.len() < WORTH_IT {
        values.chunks_mut(size).enumerate().for_each(|(index, chunk)| job(index, chunk));
    } else {
        values.par_chunks_mut(size).enumerate().for_each(|(index, chunk)| job(index, chunk));
    }
}

impl StoredTensor<'_> {
    /// Says why this tensor cannot hold, in this form, a parameter of shape `shape`.
    pub(crate) fn check(&self, form: StorageForm, shape: &[usize]) -> Result<(), String> {
        let expected = form.stored_shape(shape);
        if self.shape != expected {
            return Err(format!("its shape is {:?}, but the configuration asks for {expected:?}", self.shape));
        }
        match self.encoding {
            Encoding::Plain(Dtype::F64 | Dtype::F32 | Dtype::F16 | Dtype::BF16) => Ok(()),
            Encoding::Plain(other) => Err(format!("it holds {other:?} values, not F64, F32, F16 or BF16")),
            Encoding::Blocks(_) if matches!(form, StorageForm::Third(_)) => Err("its rows cannot be cut".to_string()),
            Encoding::Blocks(kind) => match kind.bad_scale(self.bytes) {
                Some((block, scale)) => Err(format!("the scale of block {block} is {scale}")),
                None => Ok(()),
            },
        }
    }

    /// The values of a parameter of shape `shape`, in burn's layout.
    ///
    /// # Panics
    /// If [`check`](Self::check) fails.
    #[expect(
        unsafe_code,
        reason = "the values are written once: zeros would have to be written before them by one thread"
    )]
    pub(crate) fn values(&self, form: StorageForm, shape: &[usize]) -> Vec<f32> {
        let n = shape.iter().product();
        let mut values = Vec::with_capacity(n);
        let places = &mut values.spare_capacity_mut()[..n];
        match form {
            StorageForm::AsIs | StorageForm::OnePlus => self.columns(1, 0, places, shape),
            StorageForm::Third(third) => self.columns(3, third, places, shape),
            StorageForm::Transposed => self.transpose(places, [shape[1], shape[0]], |row| row),
            StorageForm::Interleaved(head_dim) => {
                self.transpose(places, [shape[1], shape[0]], |row| interleaved_row(row, head_dim));
            }
        }
        // SAFETY: the capacity is at least `n`, and both functions write all of the `n` places: `for_each_chunk` hands out each
        // of them once, and every chunk is written from its first place to its last.
        unsafe { values.set_len(n) };
        if form == StorageForm::OnePlus {
            values.iter_mut().for_each(|value| *value -= 1.0);
        }
        values
    }

    /// Writes some rows of a matrix one after the other: columns of the parameter, where that is stored as its transpose.
    ///
    /// # Panics
    /// If there are not as many, or `out` is not as long as they are.
    pub(crate) fn rows(&self, form: StorageForm, rows: Range<usize>, out: &mut [f32]) {
        let width = self.shape[1];
        assert_eq!(out.len(), rows.len() * width, "rows of {width} values");
        rows.zip(out.chunks_exact_mut(width)).for_each(|(row, out)| self.decode(self.row(form, row), out));
    }

    /// The bytes of such a row.
    ///
    /// # Panics
    /// If there are not as many.
    pub(crate) fn row(&self, form: StorageForm, row: usize) -> &[u8] {
        let width = self.shape[1];
        let row = match form {
            StorageForm::Interleaved(head_dim) => interleaved_row(row, head_dim),
            _ => row,
        };
        &self.bytes[self.bytes_of(row * width)..][..self.bytes_of(width)]
    }

    /// Cuts every row into `parts` parts and takes the one with index `part`.
    fn columns(&self, parts: usize, part: usize, places: &mut [MaybeUninit<f32>], shape: &[usize]) {
        const PIECE: usize = 1024;
        let width = shape.last().copied().unwrap_or(1);
        let bytes = self.bytes_of(width);
        for_each_chunk(places, width, |row, places| {
            let bytes = &self.bytes[(row * parts + part) * bytes..][..bytes];
            let mut piece = [0.0; PIECE];
            for (places, bytes) in places.chunks_mut(PIECE).zip(bytes.chunks(self.bytes_of(PIECE))) {
                let piece = &mut piece[..places.len()];
                self.decode(bytes, piece);
                places.iter_mut().zip(piece).for_each(|(place, value)| _ = place.write(*value));
            }
        });
    }

    /// The transpose of a `rows` x `cols` matrix, tile by tile so that reads and writes stay in the cache. `stored` says
    /// which row of the file is a row of the matrix.
    fn transpose(
        &self,
        places: &mut [MaybeUninit<f32>],
        [rows, cols]: [usize; 2],
        stored: impl Fn(usize) -> usize + Sync,
    ) {
        const TILE: usize = 64;
        // A band of the result is `tile_width` columns of the matrix: whole blocks.
        let [block, _] = self.encoding.piece();
        let tile_width = TILE.max(block);
        for_each_chunk(places, tile_width * rows, |index, band| {
            let (col0, width) = (index * tile_width, band.len() / rows);
            let mut tile = vec![0.0; TILE * tile_width];
            for row0 in (0..rows).step_by(TILE) {
                let height = TILE.min(rows - row0);
                for (row, line) in tile.chunks_exact_mut(tile_width).take(height).enumerate() {
                    let start = self.bytes_of(stored(row0 + row) * cols + col0);
                    self.decode(&self.bytes[start..][..self.bytes_of(width)], &mut line[..width]);
                }
                for (col, line) in band.chunks_exact_mut(rows).enumerate() {
                    for (row, place) in line[row0..row0 + height].iter_mut().enumerate() {
                        place.write(tile[row * tile_width + col]);
                    }
                }
            }
        });
    }

    /// The bytes of this many values, which fill whole blocks.
    fn bytes_of(&self, values: usize) -> usize {
        let [block, bytes] = self.encoding.piece();
        values / block * bytes
    }

    /// Turns stored values that are next to each other into 32-bit floats.
    fn decode(&self, bytes: &[u8], values: &mut [f32]) {
        match self.encoding {
            Encoding::Plain(dtype) => decode_plain(dtype, bytes, values),
            Encoding::Blocks(kind) => kind.dequantize(bytes, values),
        }
    }
}

/// The row of a file that holds a row of a weight whose heads, of width `head_dim`, are interleaved: row `r` of a head in
/// the file is row `⌊r / 2⌋ + (r mod 2) head_dim / 2`.
fn interleaved_row(row: usize, head_dim: usize) -> usize {
    let (head, row, half) = (row / head_dim, row % head_dim, head_dim / 2);
    head * head_dim + 2 * (row % half) + row / half
}

/// Turns numbers that are next to each other into 32-bit floats.
fn decode_plain(dtype: Dtype, bytes: &[u8], values: &mut [f32]) {
    match dtype {
        Dtype::F64 => {
            let (words, _) = bytes.as_chunks::<8>();
            values.iter_mut().zip(words).for_each(|(value, word)| *value = f64::from_le_bytes(*word) as f32);
        }
        Dtype::F32 => {
            let (words, _) = bytes.as_chunks::<4>();
            values.iter_mut().zip(words).for_each(|(value, word)| *value = f32::from_le_bytes(*word));
        }
        Dtype::BF16 => {
            // The upper half of an f32.
            let (words, _) = bytes.as_chunks::<2>();
            values.iter_mut().zip(words).for_each(|(value, &[low, high])| {
                *value = f32::from_le_bytes([0, 0, low, high]);
            });
        }
        Dtype::F16 => {
            // The processor converts several at once, from a place that is aligned.
            let mut aligned = [f16::ZERO; 256];
            let size = size_of::<f16>();
            for (values, bytes) in values.chunks_mut(aligned.len()).zip(bytes.chunks(aligned.len() * size)) {
                let aligned = &mut aligned[..values.len()];
                let (words, _) = bytes.as_chunks::<2>();
                aligned.iter_mut().zip(words).for_each(|(half, word)| *half = f16::from_le_bytes(*word));
                aligned.convert_to_f32_slice(values);
            }
        }
        other => unreachable!("a tensor of type {other:?} passed the check"),
    }
}

#[cfg(test)]
mod tests;
