//! The contents of a GGUF file: header, metadata and tensors.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::cursor::Cursor;
use super::tensors::{self, GgufTensor};
use super::value::Value;

const MAGIC: &[u8] = b"GGUF";
const ALIGNMENT_KEY: &str = "general.alignment";
const USUAL_ALIGNMENT: usize = 32;
/// Fewest bytes that an entry of the metadata takes: an empty key, the type and a value of one byte.
const LEAST_ENTRY: usize = 13;

/// The contents of a GGUF file. Texts, arrays and tensors stay in the file.
#[derive(Clone, Debug)]
pub struct Gguf<'a> {
    metadata: BTreeMap<&'a str, Value<'a>>,
    tensors: Vec<GgufTensor<'a>>,
}

impl<'a> Gguf<'a> {
    /// The contents of a whole file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(file: &'a [u8]) -> Result<Self, String> {
        let mut cursor = Cursor::new(file);
        if cursor.bytes(MAGIC.len() as u64)? != MAGIC {
            return Err("it does not begin with GGUF".to_string());
        }
        match cursor.u32()? {
            2 | 3 => {}
            1 => return Err("it is of version 1, which is obsolete; versions 2 and 3 are read".to_string()),
            swapped if (1..=3).contains(&swapped.swap_bytes()) => {
                return Err("it is big-endian, which this program does not read".into());
            }
            other => return Err(format!("it is of version {other}, but versions 2 and 3 are read")),
        }
        let tensors = cursor.count("tensors", tensors::LEAST_BYTES)?;
        let entries = cursor.count("entries of metadata", LEAST_ENTRY)?;
        let metadata = read_metadata(&mut cursor, entries)?;
        let alignment = alignment(&metadata)?;
        let tensors = tensors::read(&mut cursor, file, tensors, alignment)?;
        Ok(Self { metadata, tensors })
    }

    /// The metadata, sorted by key.
    pub fn metadata(&self) -> &BTreeMap<&'a str, Value<'a>> {
        &self.metadata
    }

    /// The tensors, in the order of the file. No two have the same name.
    pub fn tensors(&self) -> &[GgufTensor<'a>] {
        &self.tensors
    }

    /// The value of a key; `None` if there is none.
    pub fn value(&self, key: &str) -> Option<Value<'a>> {
        self.metadata.get(key).copied()
    }
}

fn read_metadata<'a>(cursor: &mut Cursor<'a>, count: usize) -> Result<BTreeMap<&'a str, Value<'a>>, String> {
    let mut metadata = BTreeMap::new();
    for index in 0..count {
        let key = cursor.string().map_err(|reason| format!("the key of entry {index} of the metadata: {reason}"))?;
        if key.is_empty() {
            return Err(format!("entry {index} of the metadata has no key"));
        }
        let Entry::Vacant(entry) = metadata.entry(key) else {
            return Err(format!("the metadata has {key} twice"));
        };
        let value = Value::read(cursor).map_err(|reason| format!("the value of {key} in the metadata: {reason}"))?;
        entry.insert(value);
    }
    Ok(metadata)
}

fn alignment(metadata: &BTreeMap<&str, Value>) -> Result<usize, String> {
    match metadata.get(ALIGNMENT_KEY) {
        None => Ok(USUAL_ALIGNMENT),
        Some(value) => {
            let number = if let Value::Whole(number) = value { usize::try_from(*number).ok() } else { None };
            number
                .filter(|number| number.is_power_of_two())
                .ok_or_else(|| format!("{ALIGNMENT_KEY} is {value}, but must be a power of two"))
        }
    }
}
