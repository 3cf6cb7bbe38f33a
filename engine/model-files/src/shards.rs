//! Weights in Hugging Face's form: one file, or several, as large models are saved; then `model.safetensors.index.json` says
//! which tensor is where.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::folder::read_json;
use crate::mapped::MappedFile;
use crate::stored::{StoredTensors, read_safetensors};
use crate::{CheckpointError, WEIGHTS_FILE};

pub(crate) const INDEX_FILE: &str = "model.safetensors.index.json";
/// The weights, or their index, in PyTorch's format.
const PICKLE_FILES: [&str; 2] = ["pytorch_model.bin", "pytorch_model.bin.index.json"];

#[derive(Deserialize)]
struct Index {
    /// The file of every tensor.
    weight_map: BTreeMap<String, String>,
}

/// The files that `model.safetensors.index.json` names.
///
/// # Errors
/// If it is missing, of another form, or names a file outside of the folder.
pub fn weight_files(folder: &Path) -> Result<BTreeSet<String>, CheckpointError> {
    Ok(read_index(folder)?.into_values().collect())
}

/// The file of every tensor.
fn read_index(folder: &Path) -> Result<BTreeMap<String, String>, CheckpointError> {
    let Index { weight_map: places } = read_json(folder, INDEX_FILE)?;
    // The index may come from anywhere, so it cannot lead out of the folder; a backslash does on some systems.
    let is_inside = |file: &str| Path::new(file).file_name() == Some(OsStr::new(file)) && !file.contains('\\');
    if let Some((tensor, file)) = places.iter().find(|(_, file)| !is_inside(file)) {
        let reason = format!("its file is said to be {file:?}, which is not the name of a file in this folder");
        return Err(CheckpointError::BadTensor { path: folder.join(INDEX_FILE), tensor: tensor.clone(), reason });
    }
    Ok(places)
}

/// The files with the weights of a model.
pub(crate) struct Shards {
    /// What errors about a tensor name: the file, or the index of several.
    pub(crate) path: PathBuf,
    /// The files by their names.
    files: BTreeMap<String, MappedFile>,
    /// The file of every tensor, if an index says so.
    places: BTreeMap<String, String>,
}

impl Shards {
    /// Opens `model.safetensors`, or the files that the index names.
    ///
    /// # Errors
    /// If there is neither, the index is of another form, or one of the files is missing or outside of the folder.
    pub(crate) fn open(folder: &Path) -> Result<Self, CheckpointError> {
        let has = |file: &str| folder.join(file).is_file();
        if has(WEIGHTS_FILE) || !has(INDEX_FILE) {
            if let Some(pickle) = PICKLE_FILES.into_iter().find(|file| has(file) && !has(WEIGHTS_FILE)) {
                return Err(CheckpointError::Pickle { path: folder.join(pickle) });
            }
            let file = MappedFile::open(folder, WEIGHTS_FILE)?;
            let (path, files) = (file.path.clone(), BTreeMap::from([(WEIGHTS_FILE.to_string(), file)]));
            return Ok(Self { path, files, places: BTreeMap::new() });
        }
        let places = read_index(folder)?;
        let names: BTreeSet<&String> = places.values().collect();
        let open = |name: &String| Ok((name.clone(), MappedFile::open(folder, name)?));
        let files: BTreeMap<_, _> = names.into_iter().map(open).collect::<Result<_, CheckpointError>>()?;
        let path = match files.first_key_value() {
            Some((_, file)) if files.len() == 1 => file.path.clone(),
            _ => folder.join(INDEX_FILE),
        };
        Ok(Self { path, files, places })
    }

    /// The tensors of all files. Where two files have a tensor, the index decides.
    ///
    /// # Errors
    /// If a file is damaged, lacks a tensor that the index says it has, or shares one with another file that the index does
    /// not mention.
    pub(crate) fn tensors(&self) -> Result<StoredTensors<'_>, CheckpointError> {
        let mut tensors = StoredTensors::new();
        let bad = |tensor: &str, reason| {
            let (path, tensor) = (self.path.clone(), tensor.to_string());
            CheckpointError::BadTensor { path, tensor, reason }
        };
        for (file_name, file) in &self.files {
            let stored = read_safetensors(file)?;
            let here = |(_, place): &(&String, &String)| *place == file_name;
            if let Some((name, _)) = self.places.iter().filter(here).find(|(name, _)| !stored.contains_key(*name)) {
                return Err(bad(name, format!("it is missing in {file_name}, where the index says it is")));
            }
            for (name, tensor) in stored {
                match self.places.get(&name) {
                    Some(place) if place != file_name => {}
                    None if tensors.contains_key(&name) => {
                        return Err(bad(
                            &name,
                            "it is in two files, and the index does not say which counts".to_string(),
                        ));
                    }
                    _ => _ = tensors.insert(name, tensor),
                }
            }
        }
        Ok(tensors)
    }
}
