//! Folders in OpenAI's form that the tests write: TensorFlow checkpoints.

use std::fs;

use safetensors::Dtype;
use tempfile::TempDir;

use crate::golden::{error, golden};
use crate::hugging_face::{Tensors, golden_tensors};

/// An entry of a TensorFlow checkpoint's index.
pub struct Entry {
    pub name: String,
    pub dtype: u64,
    pub shape: Vec<u64>,
    pub shard: u64,
    pub offset: u64,
    pub size: u64,
    pub checksum: u32,
    pub slices: bool,
}

/// A TensorFlow checkpoint to be written.
pub struct Checkpoint {
    pub header: Vec<u8>,
    pub entries: Vec<Entry>,
    pub data: Vec<u8>,
    pub compression: u8,
}

pub fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

pub fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

pub fn number_field(field: u64, number: u64) -> Vec<u8> {
    [varint(field << 3), varint(number)].concat()
}

pub fn bytes_field(field: u64, bytes: &[u8]) -> Vec<u8> {
    [&varint(field << 3 | 2), &varint(bytes.len() as u64), bytes].concat()
}

impl Entry {
    fn message(&self) -> Vec<u8> {
        let shape: Vec<u8> = self.shape.iter().flat_map(|size| bytes_field(2, &number_field(1, *size))).collect();
        let mut message = [number_field(1, self.dtype), bytes_field(2, &shape), number_field(3, self.shard)].concat();
        message.extend([number_field(4, self.offset), number_field(5, self.size)].concat());
        message.push(6 << 3 | 5);
        message.extend(self.checksum.to_le_bytes());
        if self.slices {
            message.extend(bytes_field(7, &[]));
        }
        message
    }
}

impl Checkpoint {
    /// The tensors of a Hugging Face file under OpenAI's names.
    pub fn of(tensors: &Tensors) -> Self {
        let header = [number_field(1, 1), bytes_field(3, &number_field(1, 1))].concat();
        let mut checkpoint = Self { header, entries: Vec::new(), data: Vec::new(), compression: 0 };
        for (name, (dtype, shape, bytes)) in tensors {
            let parts: Vec<&str> = name.split('.').collect();
            let name = match parts.as_slice() {
                ["wte" | "wpe", "weight"] => format!("model/{}", parts[0]),
                ["ln_f", "weight"] => "model/ln_f/g".to_string(),
                ["ln_f", "bias"] => "model/ln_f/b".to_string(),
                ["h", b, norm @ ("ln_1" | "ln_2"), "weight"] => format!("model/h{b}/{norm}/g"),
                ["h", b, norm @ ("ln_1" | "ln_2"), "bias"] => format!("model/h{b}/{norm}/b"),
                ["h", b, part, layer, "weight"] => format!("model/h{b}/{part}/{layer}/w"),
                ["h", b, part, layer, "bias"] => format!("model/h{b}/{part}/{layer}/b"),
                _ => panic!("{name}"),
            };
            let dtype = match dtype {
                Dtype::F32 => 1,
                Dtype::BF16 => 14,
                Dtype::F16 => 19,
                other => panic!("{other:?}"),
            };
            let mut shape: Vec<u64> = shape.iter().map(|size| *size as u64).collect();
            if name.ends_with("/w") {
                shape.insert(0, 1);
            }
            let (offset, size, checksum) = (checkpoint.data.len() as u64, bytes.len() as u64, masked_crc(bytes));
            checkpoint.data.extend(bytes);
            checkpoint.entries.push(Entry { name, dtype, shape, shard: 0, offset, size, checksum, slices: false });
        }
        checkpoint.entries.sort_by(|a, b| a.name.cmp(&b.name));
        checkpoint
    }

    pub fn golden() -> Self {
        Self::of(&golden_tensors())
    }

    pub fn entry(&mut self, name: &str) -> &mut Entry {
        self.entries.iter_mut().find(|entry| entry.name == name).unwrap()
    }

    fn index(&self) -> Vec<u8> {
        let mut file = Vec::new();
        let mut block = |entries: Vec<(&str, Vec<u8>)>| {
            let offset = file.len() as u64;
            let mut bytes = Vec::new();
            for (key, value) in entries {
                bytes.extend([varint(0), varint(key.len() as u64), varint(value.len() as u64)].concat());
                bytes.extend(key.as_bytes());
                bytes.extend(value);
            }
            bytes.extend([0, 0, 0, 0, 1, 0, 0, 0]); // one start, at 0
            let place = [varint(offset), varint(bytes.len() as u64)].concat();
            bytes.push(self.compression);
            bytes.extend(masked_crc(&bytes).to_le_bytes());
            file.extend(bytes);
            place
        };
        let entries = self.entries.iter().map(|entry| (entry.name.as_str(), entry.message()));
        // Two data blocks: the header and the first tensors, then the rest.
        let mut first: Vec<_> = [("", self.header.clone())].into_iter().chain(entries).collect();
        let second = first.split_off(first.len() / 2);
        let last_keys = [first.last().unwrap().0, "n"];
        let places = [block(first), block(second)];
        let index = block(last_keys.into_iter().zip(places).collect());
        let mut footer = [varint(0), varint(0), index].concat();
        footer.resize(40, 0);
        footer.extend(0xdb47_7524_8b80_fb57_u64.to_le_bytes());
        file.extend(footer);
        file
    }

    pub fn write(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in ["checkpoint", "hparams.json"] {
            fs::copy(golden("gpt2-tiny-openai").join(file), folder.path().join(file)).unwrap();
        }
        fs::write(folder.path().join("model.ckpt.index"), self.index()).unwrap();
        fs::write(folder.path().join("model.ckpt.data-00000-of-00001"), &self.data).unwrap();
        folder
    }
}

/// What is said about the golden checkpoint after a change.
pub fn checkpoint_error(change: impl FnOnce(&mut Checkpoint)) -> String {
    let mut checkpoint = Checkpoint::golden();
    change(&mut checkpoint);
    error(checkpoint.write().path())
}

/// A copy of the golden checkpoint in which a file can be changed.
pub fn openai_copy() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["checkpoint", "hparams.json", "model.ckpt.index", "model.ckpt.data-00000-of-00001"] {
        fs::copy(golden("gpt2-tiny-openai").join(file), folder.path().join(file)).unwrap();
    }
    folder
}
