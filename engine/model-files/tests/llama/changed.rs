//! Golden models with changes.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use model_files::gguf::{GgufFile, Value as GgufValue};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde_json::{Map, Value};
use tempfile::TempDir;

use crate::golden::{error, golden, golden_json};
use crate::writer::{Writer, array, string};

/// Tensors by name: type, shape and bytes.
pub type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

pub fn to_bytes(values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    values.into_iter().flat_map(f32::to_le_bytes).collect()
}

/// A golden folder with one file of weights, another configuration and other tensors.
pub fn folder(
    name: &str,
    change_config: impl FnOnce(&mut Map<String, Value>),
    change_tensors: impl FnOnce(&mut Tensors),
) -> TempDir {
    let mut config: Map<String, Value> = golden_json(&format!("{name}/config.json"));
    change_config(&mut config);
    let bytes = fs::read(golden(&format!("{name}/model.safetensors"))).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let owned = |view: TensorView| (view.dtype(), view.shape().to_vec(), view.data().to_vec());
    let mut tensors: Tensors = file.tensors().into_iter().map(|(name, view)| (name, owned(view))).collect();
    change_tensors(&mut tensors);

    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.json"), Value::from(config).to_string()).unwrap();
    let views = tensors
        .iter()
        .map(|(name, (dtype, shape, bytes))| (name, TensorView::new(*dtype, shape.clone(), bytes).unwrap()));
    fs::write(folder.path().join("model.safetensors"), safetensors::serialize(views, None).unwrap()).unwrap();
    folder
}

/// What is said about a golden folder with another value of a field (`null` removes nothing: it is written).
pub fn config_error(name: &str, field: &str, value: Value) -> String {
    let folder = folder(name, |config| _ = config.insert(field.to_string(), value), |_| {});
    error(folder.path())
}

/// The parts of a GGUF file.
pub struct Parts {
    /// Type and bytes of every value.
    pub metadata: BTreeMap<String, (u32, Vec<u8>)>,
    /// Dimensions, the fastest first; type; bytes.
    pub tensors: BTreeMap<String, (Vec<usize>, u32, Vec<u8>)>,
}

impl Parts {
    pub fn of(golden_file: &str) -> Self {
        let file = GgufFile::open(&golden(golden_file)).unwrap();
        let gguf = file.read().unwrap();
        let value = |value: &GgufValue| match value {
            GgufValue::Whole(number) => (4, u32::try_from(*number).unwrap().to_le_bytes().to_vec()),
            GgufValue::Float(number) => (6, (*number as f32).to_le_bytes().to_vec()),
            GgufValue::String(text) => (8, string(text)),
            other => panic!("{other}"),
        };
        let tensors = gguf.tensors().iter().map(|tensor| {
            let dimensions = tensor.shape().iter().rev().copied().collect();
            (tensor.name.to_string(), (dimensions, tensor.block_type.id(), tensor.bytes.to_vec()))
        });
        let metadata = gguf.metadata().iter().map(|(key, found)| (key.to_string(), value(found)));
        Self { metadata: metadata.collect(), tensors: tensors.collect() }
    }

    pub fn whole(&mut self, key: &str, value: u32) {
        self.metadata.insert(key.to_string(), (4, value.to_le_bytes().to_vec()));
    }

    pub fn float(&mut self, key: &str, value: f32) {
        self.metadata.insert(key.to_string(), (6, value.to_le_bytes().to_vec()));
    }

    pub fn text(&mut self, key: &str, value: &str) {
        self.metadata.insert(key.to_string(), (8, string(value)));
    }

    /// An array of elements of a type.
    pub fn array(&mut self, key: &str, kind: u32, elements: &[Vec<u8>]) {
        self.metadata.insert(key.to_string(), (9, array(kind, elements)));
    }

    /// The file, in a folder of its own.
    pub fn write(self) -> (TempDir, PathBuf) {
        let mut writer = Writer::default();
        for (key, (kind, value)) in self.metadata {
            writer = writer.entry(&key, kind, &value);
        }
        for (name, (dimensions, kind, bytes)) in self.tensors {
            writer = writer.tensor(&name, &dimensions, kind, &bytes);
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.gguf");
        fs::write(&path, writer.file()).unwrap();
        (folder, path)
    }
}

/// What is said about a golden GGUF file after a change.
pub fn gguf_error(golden_file: &str, change: impl FnOnce(&mut Parts)) -> String {
    let mut parts = Parts::of(golden_file);
    change(&mut parts);
    let (_folder, path) = parts.write();
    error(&path).strip_prefix("model.gguf: ").unwrap().to_string()
}
