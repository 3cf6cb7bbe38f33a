//! Damaged and made-up files of GPT-2: thousands of changes to both golden folders.

mod fuzz;

use std::ops::Range;
use std::path::Path;

use burn::tensor::Device;
use fuzz::{Change, Dice, change_safetensors, change_text, damage, fuzz, overwrite};
use model_files::{CheckpointError, open_model};

fn open(folder: &Path) -> Result<(), CheckpointError> {
    open_model(folder, &Device::flex()).map(|_| ())
}

fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// A change of the index. Random damage would end at the checksum of its block, so most changes repair it.
fn change_index(bytes: &mut Vec<u8>, dice: &mut Dice) {
    let footer = bytes.len() - 48;
    // A checksum stands behind every place at which it fits what is before; the first fit of each block is the block.
    let mut blocks: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    for end in 0..footer - 3 {
        if end > start && bytes[end..end + 4] == masked_crc(&bytes[start..end]).to_le_bytes() {
            blocks.push(start..end);
            start = end + 4;
        }
    }
    assert_eq!(start, footer, "the blocks were found");
    if dice.below(8) == 0 {
        return damage(bytes, dice);
    }
    let block = blocks[dice.pick(&[0, 0, 0, 0, 1, 2]).min(blocks.len() - 1)].clone();
    overwrite(&mut bytes[block], dice);
    for block in blocks {
        let checksum = masked_crc(&bytes[block.clone()]).to_le_bytes();
        bytes[block.end..block.end + 4].copy_from_slice(&checksum);
    }
}

#[test]
fn changed_files_of_hugging_face() {
    let changes: [Change; 2] = [("model.safetensors", change_safetensors, 15), ("config.json", change_text, 5)];
    fuzz("gpt2-tiny-hf", &changes, 40_000, open);
}

#[test]
fn changed_files_of_openai() {
    let changes: [Change; 4] = [
        ("model.ckpt.index", change_index, 13),
        ("model.ckpt.data-00000-of-00001", damage, 2),
        ("hparams.json", change_text, 3),
        ("checkpoint", change_text, 2),
    ];
    fuzz("gpt2-tiny-openai", &changes, 40_000, open);
}
