//! A sorted table of keys and values, the format of the index of a TensorFlow checkpoint (and of LevelDB's files).
//!
//! ```text
//! file    data block ... | other blocks | index block | footer of 48 bytes
//! block   entry ... | where every n-th entry starts, 4 bytes each | their count, 4 bytes
//! entry   bytes shared with the key before | bytes of its own | length of the value | own part of the key | value
//! footer  place of a block not needed here | place of the index block | padding | magic number, 8 bytes
//! ```
//!
//! The values of the index block are the places (offset and length) of the data blocks. Every block is followed by a
//! byte that tells how it is compressed and a checksum of 4 bytes.

use super::wire::{Reader, little_endian, masked_crc};

const FOOTER: usize = 48;
const MAGIC: u64 = 0xdb47_7524_8b80_fb57;
/// Keys share their beginnings, so a short file can hold many long ones. Names of tensors are never this long.
const LONGEST_KEY: usize = 256;

/// Keys and values, sorted by key.
pub(super) type Entries<'a> = Vec<(Vec<u8>, &'a [u8])>;

/// All entries of a table.
///
/// # Errors
/// What is wrong with the file.
pub(super) fn entries(file: &[u8]) -> Result<Entries<'_>, String> {
    let (blocks, footer) = file
        .len()
        .checked_sub(FOOTER)
        .map(|length| file.split_at(length))
        .ok_or(format!("it has {} bytes, less than its last part needs", file.len()))?;
    if little_endian(&footer[FOOTER - 8..]) != MAGIC {
        return Err("it does not end in the format's magic number".to_string());
    }
    let mut footer = Reader(footer);
    let _meta_index = (footer.varint()?, footer.varint()?);
    let mut index = Vec::new();
    read_block(blocks, &mut footer, &mut index)?;

    let mut entries = Vec::new();
    for (_, place) in index {
        read_block(blocks, &mut Reader(place), &mut entries)?;
    }
    Ok(entries)
}

/// Adds the entries of the block whose place comes next in `place`. They must be larger than all before: no block can
/// be read twice.
fn read_block<'a>(blocks: &'a [u8], place: &mut Reader, entries: &mut Entries<'a>) -> Result<(), String> {
    let (offset, length) = (place.varint()?, place.varint()?);
    let damaged = |reason: String| format!("the block at byte {offset}: {reason}");

    let mut rest = Reader(blocks);
    rest.bytes(offset).map_err(damaged)?;
    let start = rest.0;
    let block = rest.bytes(length).map_err(damaged)?;
    let compression = rest.bytes(1).map_err(damaged)?[0];
    let checksum = rest.bytes(4).map_err(damaged)?;
    if little_endian(checksum) != u64::from(masked_crc(&start[..block.len() + 1])) {
        return Err(damaged("its checksum is wrong".to_string()));
    }
    if compression != 0 {
        return Err(damaged(format!("it is compressed (method {compression}), which this program does not read")));
    }
    read_entries(block, entries).map_err(damaged)
}

fn read_entries<'a>(block: &'a [u8], entries: &mut Entries<'a>) -> Result<(), String> {
    // The starts help to search. All entries are wanted here, so they are only cut off.
    let starts = block.split_last_chunk::<4>().and_then(|(rest, count)| {
        let bytes = usize::try_from(u32::from_le_bytes(*count)).ok()?.checked_mul(4)?;
        rest.len().checked_sub(bytes)
    });
    let mut rest = Reader(&block[..starts.ok_or("it is too short for its list of starts")?]);

    let mut key = Vec::new();
    while !rest.is_empty() {
        let (shared, own, length) = (rest.varint()?, rest.varint()?, rest.varint()?);
        match usize::try_from(shared) {
            Ok(shared) if shared <= key.len() => key.truncate(shared),
            _ => return Err(format!("a key shares {shared} bytes with one of {}", key.len())),
        }
        key.extend_from_slice(rest.bytes(own)?);
        if key.len() > LONGEST_KEY {
            return Err(format!("a key has {} bytes, more than {LONGEST_KEY}", key.len()));
        }
        if entries.last().is_some_and(|(last, _)| *last >= key) {
            return Err("its keys are not sorted".to_string());
        }
        entries.push((key.clone(), rest.bytes(length)?));
    }
    Ok(())
}
