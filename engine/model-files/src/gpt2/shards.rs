//! Weights in several files, as Hugging Face saves large models; `model.safetensors.index.json` says which tensor is
//! where.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::Path;

use serde::Deserialize;

use crate::folder::read_json;
use crate::stored::MappedFile;
use crate::{CheckpointError, WEIGHTS_FILE};

pub(super) const INDEX_FILE: &str = "model.safetensors.index.json";
/// The weights, or their index, in PyTorch's format.
const PICKLE_FILES: [&str; 2] = ["pytorch_model.bin", "pytorch_model.bin.index.json"];

#[derive(Deserialize)]
struct Index {
    /// The file of every tensor.
    weight_map: BTreeMap<String, String>,
}

/// The files with the weights: `model.safetensors`, or those that the index names.
pub(super) fn open(folder: &Path) -> Result<Vec<MappedFile>, CheckpointError> {
    let has = |file: &str| folder.join(file).is_file();
    if has(WEIGHTS_FILE) || !has(INDEX_FILE) {
        if let Some(pickle) = PICKLE_FILES.into_iter().find(|file| has(file) && !has(WEIGHTS_FILE)) {
            return Err(CheckpointError::Pickle { path: folder.join(pickle) });
        }
        return Ok(vec![MappedFile::open(folder, WEIGHTS_FILE)?]);
    }
    let index: Index = read_json(folder, INDEX_FILE)?;
    // The index may come from anywhere, so it cannot lead out of the folder.
    let is_inside = |file: &str| Path::new(file).file_name() == Some(OsStr::new(file));
    if let Some((tensor, file)) = index.weight_map.iter().find(|(_, file)| !is_inside(file)) {
        let reason = format!("its file is said to be {file:?}, which is not the name of a file in this folder");
        return Err(CheckpointError::BadTensor { path: folder.join(INDEX_FILE), tensor: tensor.clone(), reason });
    }
    let files: BTreeSet<&String> = index.weight_map.values().collect();
    files.into_iter().map(|file| MappedFile::open(folder, file)).collect()
}
