//! Adapters that the `peft` library wrote for models of Hugging Face, and the numbers that it computes with them.
//!
//! `appendix-lora/peft/make_golden.py` has made `tests/golden/peft`.

mod gpt2;
mod llama;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Int, Tensor, TensorData, s};
use ch04_gpt::generate_text_simple;
use ch05_pretrain::tokens::tensor_to_ids;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;
use serde_json::Value;
use shared::{LanguageModel, Mode};
use tempfile::TempDir;
use testkit::assert_close;

/// PyTorch sums in another order.
const TOLERANCE: f64 = 1e-4;

#[derive(Deserialize)]
struct Expected {
    ids: Vec<i64>,
    /// After the last of the ids.
    logits: Vec<f64>,
    /// From the first four ids on.
    greedy: Vec<u32>,
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn peft(case: &str) -> PathBuf {
    golden("peft").join(case)
}

fn expected(case: &str) -> Expected {
    serde_json::from_str(&fs::read_to_string(peft(case).join("expected.json")).unwrap()).unwrap()
}

fn ids(ids: &[i64]) -> Tensor<2, Int> {
    Tensor::from_data(TensorData::new(ids.to_vec(), [1, ids.len()]), &Device::flex())
}

fn assert_as_peft(model: &impl LanguageModel, expected: &Expected) {
    let logits = model.forward(ids(&expected.ids), &mut Mode::Eval).slice(s![0, -1, ..]);
    assert_close(&logits.into_data().iter::<f64>().collect::<Vec<_>>(), &expected.logits, TOLERANCE);
    let new = expected.greedy.len() - 4;
    let written = generate_text_simple(model, ids(&expected.ids[..4]), new, model.context_length());
    assert_eq!(tensor_to_ids(written), expected.greedy);
}

/// Tensors by name: type, shape and bytes.
type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

fn tensors(folder: &Path) -> Tensors {
    let bytes = fs::read(folder.join("adapter_model.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let owned = |view: TensorView| (view.dtype(), view.shape().to_vec(), view.data().to_vec());
    file.tensors().into_iter().map(|(name, view)| (name, owned(view))).collect()
}

fn config(folder: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.join("adapter_config.json")).unwrap()).unwrap()
}

fn adapter(config: &Value, tensors: &Tensors) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("adapter_config.json"), config.to_string()).unwrap();
    let views = tensors
        .iter()
        .map(|(name, (dtype, shape, bytes))| (name, TensorView::new(*dtype, shape.clone(), bytes).unwrap()));
    fs::write(folder.path().join("adapter_model.safetensors"), safetensors::serialize(views, None).unwrap()).unwrap();
    folder
}
