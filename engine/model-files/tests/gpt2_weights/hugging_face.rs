//! Folders in Hugging Face's form that the tests write.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use half::{bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;
use tempfile::TempDir;

use crate::golden::golden;

/// Tensors by name: type, shape and bytes.
pub type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

/// The golden tensors, named as in the files that OpenAI's models have at Hugging Face: without `transformer.`.
pub fn golden_tensors() -> Tensors {
    let bytes = fs::read(golden("gpt2-tiny-hf/model.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let owned = |view: TensorView| (view.dtype(), view.shape().to_vec(), view.data().to_vec());
    let name = |name: String| name.strip_prefix("transformer.").unwrap().to_string();
    file.tensors().into_iter().map(|(long, view)| (name(long), owned(view))).collect()
}

pub fn golden_config() -> Value {
    serde_json::from_str(&fs::read_to_string(golden("gpt2-tiny-hf/config.json")).unwrap()).unwrap()
}

pub fn to_floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks(4).map(|word| f32::from_le_bytes(word.try_into().unwrap())).collect()
}

pub fn to_bytes(values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    values.into_iter().flat_map(f32::to_le_bytes).collect()
}

pub fn to_double(bytes: &[u8]) -> Vec<u8> {
    to_floats(bytes).into_iter().flat_map(|value| f64::from(value).to_le_bytes()).collect()
}

pub fn to_half(bytes: &[u8]) -> Vec<u8> {
    to_floats(bytes).into_iter().flat_map(|value| f16::from_f32(value).to_le_bytes()).collect()
}

pub fn to_bfloat(bytes: &[u8]) -> Vec<u8> {
    to_floats(bytes).into_iter().flat_map(|value| bf16::from_f32(value).to_le_bytes()).collect()
}

pub fn write_hugging_face(folder: &Path, config: &Value, tensors: &Tensors) {
    fs::write(folder.join("config.json"), config.to_string()).unwrap();
    let views = tensors
        .iter()
        .map(|(name, (dtype, shape, bytes))| (name, TensorView::new(*dtype, shape.clone(), bytes).unwrap()));
    fs::write(folder.join("model.safetensors"), safetensors::serialize(views, None).unwrap()).unwrap();
}

pub fn hugging_face(config: &Value, tensors: &Tensors) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_hugging_face(folder.path(), config, tensors);
    folder
}

/// The golden folder with other tensors, or with another configuration.
pub fn with_tensors(change: impl FnOnce(&mut Tensors)) -> TempDir {
    let mut tensors = golden_tensors();
    change(&mut tensors);
    hugging_face(&golden_config(), &tensors)
}

pub fn with_config(field: &str, value: Value) -> TempDir {
    let mut config = golden_config();
    config[field] = value;
    hugging_face(&config, &golden_tensors())
}
