//! The tensors of a GGUF file.

use std::collections::BTreeSet;

use super::block::BlockType;
use super::cursor::Cursor;

/// The format allows no longer names.
const LONGEST_NAME: usize = 63;
/// Fewest bytes that the description of a tensor takes: an empty name and one dimension.
pub(super) const LEAST_BYTES: usize = 32;

/// A tensor in the file: rows of whole blocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GgufTensor<'a> {
    /// For example `blk.0.attn_q.weight`.
    pub name: &'a str,
    sizes: [usize; 4],
    dimensions: usize,
    /// How its values are stored.
    pub block_type: BlockType,
    /// Its blocks.
    pub bytes: &'a [u8],
}

impl GgufTensor<'_> {
    /// Its shape, the slowest axis first as everywhere else; in the file it is the other way round.
    pub fn shape(&self) -> &[usize] {
        &self.sizes[..self.dimensions]
    }

    /// Its values, in the order of the file, which is row-major.
    ///
    /// # Errors
    /// If the scale of a block is not a number, or infinite.
    pub fn values(&self) -> Result<Vec<f32>, String> {
        if let Some((block, scale)) = self.block_type.bad_scale(self.bytes) {
            return Err(format!("the scale of block {block} is {scale}"));
        }
        let mut values = vec![0.0; self.shape().iter().product()];
        self.block_type.dequantize(self.bytes, &mut values);
        Ok(values)
    }
}

/// What the file says about a tensor.
struct Info<'a> {
    name: &'a str,
    sizes: [usize; 4],
    dimensions: usize,
    block_type: BlockType,
    bytes: usize,
    offset: u64,
}

/// The tensors, in the order of their descriptions, which come next at `cursor`. Their data begins at the next multiple
/// of `alignment` after the last description.
///
/// # Errors
/// What is wrong with them.
pub(super) fn read<'a>(
    cursor: &mut Cursor<'a>,
    file: &'a [u8],
    count: usize,
    alignment: usize,
) -> Result<Vec<GgufTensor<'a>>, String> {
    let mut infos = Vec::new();
    for index in 0..count {
        infos.push(Info::read(cursor, index)?);
    }
    if infos.is_empty() {
        return Ok(Vec::new());
    }
    let start = cursor.position.checked_next_multiple_of(alignment).filter(|&start| start <= file.len());
    let Some(start) = start else {
        return Err(format!("its data would begin beyond its end, at a multiple of {alignment}"));
    };
    if let Some(Info { name, offset, .. }) = infos.iter().find(|info| !info.offset.is_multiple_of(alignment as u64)) {
        return Err(format!("tensor {name}: it begins at byte {offset} of the data, not at a multiple of {alignment}"));
    }
    let tensors: Vec<_> = infos.iter().map(|info| info.find(&file[start..])).collect::<Result<_, _>>()?;
    check_names(&tensors)?;
    check_overlaps(&infos)?;
    Ok(tensors)
}

impl<'a> Info<'a> {
    fn read(cursor: &mut Cursor<'a>, index: usize) -> Result<Self, String> {
        let name = cursor.string().map_err(|reason| format!("the name of tensor {index}: {reason}"))?;
        if name.is_empty() {
            return Err(format!("tensor {index} has no name"));
        }
        if name.len() > LONGEST_NAME {
            return Err(format!("the name of tensor {index} has {} bytes, more than {LONGEST_NAME}", name.len()));
        }
        Self::read_after_name(name, cursor).map_err(|reason| format!("tensor {name}: {reason}"))
    }

    fn read_after_name(name: &'a str, cursor: &mut Cursor<'a>) -> Result<Self, String> {
        let count = cursor.u32()?;
        let dimensions = usize::try_from(count).ok().filter(|count| (1..=4).contains(count));
        let dimensions = dimensions.ok_or_else(|| format!("it has {count} dimensions, but must have 1 to 4"))?;
        let mut sizes = [1; 4];
        // The fastest axis comes first in the file.
        for size in sizes[..dimensions].iter_mut().rev() {
            let stored = cursor.u64()?;
            *size = usize::try_from(stored).map_err(|_| format!("one of its dimensions is {stored}"))?;
        }
        let shape = &sizes[..dimensions];
        if shape.contains(&0) {
            return Err(format!("its shape is {shape:?}, but no dimension can be 0"));
        }
        let block_type = BlockType::from_id(cursor.u32()?)?;
        let (row, block) = (shape[dimensions - 1], block_type.block_values());
        if !row.is_multiple_of(block) {
            let name = block_type.name();
            return Err(format!("its rows of {row} values are not whole blocks of {name}, which have {block}"));
        }
        let values = shape.iter().try_fold(1_usize, |product, size| product.checked_mul(*size));
        let bytes = values.and_then(|values| block_type.bytes_of(values));
        let bytes = bytes.ok_or_else(|| format!("its shape is {shape:?}, which is too large"))?;
        Ok(Self { name, sizes, dimensions, block_type, bytes, offset: cursor.u64()? })
    }

    /// The tensor in the data.
    fn find(&self, data: &'a [u8]) -> Result<GgufTensor<'a>, String> {
        let &Self { name, sizes, dimensions, block_type, bytes, offset } = self;
        let start = usize::try_from(offset).ok();
        let range = start.and_then(|start| Some(start..start.checked_add(bytes)?));
        let found = range.and_then(|range| data.get(range)).ok_or_else(|| {
            format!("tensor {name}: it should be {bytes} bytes at byte {offset} of the data, which has {}", data.len())
        });
        Ok(GgufTensor { name, sizes, dimensions, block_type, bytes: found? })
    }
}

fn check_names(tensors: &[GgufTensor]) -> Result<(), String> {
    let mut names = BTreeSet::new();
    match tensors.iter().find(|tensor| !names.insert(tensor.name)) {
        Some(twice) => Err(format!("two tensors are named {}", twice.name)),
        None => Ok(()),
    }
}

/// Fails if two tensors share bytes.
fn check_overlaps(infos: &[Info]) -> Result<(), String> {
    let mut by_offset: Vec<&Info> = infos.iter().collect();
    by_offset.sort_by_key(|info| info.offset);
    let overlaps = |pair: &&[&Info]| pair[0].offset + pair[0].bytes as u64 > pair[1].offset;
    match by_offset.windows(2).find(overlaps) {
        Some(pair) => Err(format!("tensors {} and {} overlap", pair[0].name, pair[1].name)),
        None => Ok(()),
    }
}
