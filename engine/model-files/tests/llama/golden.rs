//! The small models and the numbers that transformers computes from them.

use std::fs;
use std::path::{Path, PathBuf};

use bonus_llama::{LlamaModel, generate_greedy};
use burn::tensor::{Device, Int, Tensor, TensorData, s};
use model_files::{LoadedLlama, load_llama};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use shared::{Mode, cross_entropy};
use testkit::assert_close;

/// The originals sum in another order; specification, section 7.
pub const TOLERANCE: f64 = 1e-4;

pub fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/real").join(name)
}

pub fn golden_json<T: DeserializeOwned>(name: &str) -> T {
    serde_json::from_str(&fs::read_to_string(golden(name)).unwrap()).unwrap()
}

pub fn load(path: &Path) -> LoadedLlama {
    load_llama(path, &Device::flex()).unwrap_or_else(|error| panic!("{error}"))
}

/// What is said about a folder or file that is refused, without the folder's path.
pub fn error(path: &Path) -> String {
    let text = load_llama(path, &Device::flex()).unwrap_err().to_string();
    assert!(!text.contains('\n'), "{text}");
    let folder = if path.is_dir() { path } else { path.parent().unwrap() };
    text.replace(&format!("{}/", folder.display()), "")
}

#[derive(Deserialize)]
pub struct Expected {
    ids: Vec<i64>,
    logits_last: Vec<f64>,
    logits_argmax_all_positions: Vec<i64>,
    hidden_embed_pos0: Vec<f64>,
    loss: f64,
    greedy_new_ids: Vec<i64>,
}

pub fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

pub fn ids<const D: usize>(tensor: Tensor<D, Int>) -> Vec<i64> {
    tensor.into_data().iter::<i64>().collect()
}

/// Embedding, logits, loss and greedy text are those of the original.
pub fn assert_golden(model: &LlamaModel, expected: &str) {
    let expected: Expected = golden_json(expected);
    let tokens = expected.ids.len();
    let input = Tensor::<2, Int>::from_data(TensorData::new(expected.ids, [1, tokens]), &Device::flex());
    let embedded = model.embed(input.clone()).slice(s![0, 0, ..]);
    assert_close(&floats(embedded), &expected.hidden_embed_pos0, TOLERANCE);

    let logits = model.forward(input.clone(), &mut Mode::Eval); // [1, tokens, vocab_size]
    assert_close(&floats(logits.clone().slice(s![0, -1, ..])), &expected.logits_last, TOLERANCE);
    assert_eq!(ids(logits.clone().argmax(2)), expected.logits_argmax_all_positions);

    let targets = input.clone().slice(s![.., 1..]).flatten(0, 1);
    let loss = cross_entropy(logits.slice(s![.., ..-1, ..]).flatten(0, 1), targets).into_scalar::<f64>();
    assert_close(&[loss], &[expected.loss], TOLERANCE);

    let written = generate_greedy(model, input, expected.greedy_new_ids.len());
    assert_eq!(ids(written)[tokens..], expected.greedy_new_ids);
}
