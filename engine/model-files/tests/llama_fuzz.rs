//! Damaged and made-up files of Llama, Qwen3 and Gemma 3: thousands of changes to golden folders and GGUF files.

mod fuzz;

use std::path::Path;

use burn::tensor::Device;
use fuzz::{Change, Dice, change_safetensors, change_text, damage, fuzz, overwrite};
use model_files::{CheckpointError, load_llama};

fn open_folder(folder: &Path) -> Result<(), CheckpointError> {
    load_llama(folder, &Device::flex()).map(|_| ())
}

/// A change of a GGUF file, most often of what is before the data.
fn change_gguf(bytes: &mut Vec<u8>, dice: &mut Dice) {
    // The last name in the file is that of its last tensor; 33 bytes at most follow before the data.
    let last_name = bytes.windows(7).rposition(|name| name == b".weight").unwrap();
    let data = (last_name + 40).min(bytes.len());
    match dice.below(8) {
        0 => damage(bytes, dice),
        1 => {
            // A part that is put in or taken out moves all that follows.
            let mut front = bytes[..data].to_vec();
            damage(&mut front, dice);
            bytes.splice(..data, front);
        }
        _ => overwrite(&mut bytes[..data], dice),
    }
}

fn fuzz_gguf(folder: &str, file: &'static str) {
    let changes: [Change; 1] = [(file, change_gguf, 20)];
    fuzz(folder, &changes, 10_000, |folder| load_llama(&folder.join(file), &Device::flex()).map(|_| ()));
}

#[test]
fn changed_folders() {
    let changes: [Change; 2] = [("model.safetensors", change_safetensors, 12), ("config.json", change_text, 8)];
    fuzz("real/gemma3", &changes, 10_000, open_folder);
}

#[test]
fn changed_folders_with_several_files() {
    let changes: [Change; 4] = [
        ("model-00001-of-00002.safetensors", change_safetensors, 5),
        ("model-00002-of-00002.safetensors", change_safetensors, 4),
        ("model.safetensors.index.json", change_text, 5),
        ("config.json", change_text, 6),
    ];
    fuzz("real/llama3-untied", &changes, 10_000, open_folder);
}

#[test]
fn changed_gguf_files() {
    fuzz_gguf("real/llama3-untied", "llama3-untied-bf16.gguf");
    fuzz_gguf("real/qwen3", "qwen3-mixed.gguf");
    fuzz_gguf("real/gemma3", "gemma3-q8_0-q4_0.gguf");
}
