//! The small GPT-2 and the numbers that PyTorch computes from it.

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Int, Tensor, TensorData, s};
use ch04_gpt::{GptModel, generate_text_simple};
use ch05_pretrain::tokens::tensor_to_ids;
use model_files::open_model;
use serde::Deserialize;
use shared::{GptConfig, Mode, cross_entropy};
use testkit::assert_close;

/// PyTorch sums in another order.
pub const EXACT: f64 = 1e-4;

pub fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

pub fn open(folder: &Path) -> (GptConfig, GptModel) {
    open_model(folder, &Device::flex()).unwrap()
}

pub fn error(folder: &Path) -> String {
    let text = open_model(folder, &Device::flex()).unwrap_err().to_string();
    assert!(!text.contains('\n'), "{text}");
    text.replace(&format!("{}/", folder.display()), "").replace(&folder.display().to_string(), "FOLDER")
}

#[derive(Deserialize)]
pub struct Expected {
    ids: Vec<Vec<i64>>,
    mean_next_token_loss: f64,
    logits_row0_last_position: Vec<f64>,
    logits_row1_position3: Vec<f64>,
    greedy_from_first_4_ids: Vec<u32>,
}

pub fn expected() -> Expected {
    serde_json::from_str(&fs::read_to_string(golden("gpt2-tiny-hf/expected.json")).unwrap()).unwrap()
}

pub fn golden_ids() -> Tensor<2, Int> {
    let ids = expected().ids;
    let shape = [ids.len(), ids[0].len()];
    Tensor::from_data(TensorData::new(ids.concat(), shape), &Device::flex())
}

pub fn logits(model: &GptModel) -> Tensor<3> {
    model.forward(golden_ids(), &mut Mode::Eval)
}

pub fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

/// Loss, logits and (unless weights were rounded) the greedy text are those of the original.
pub fn assert_golden(model: &GptModel, tolerance: f64) {
    let expected = expected();
    let logits = logits(model); // [2, 24, 211]
    let of_last = logits.clone().slice(s![0, -1, ..]);
    assert_close(&floats(of_last), &expected.logits_row0_last_position, tolerance);
    let of_position3 = logits.clone().slice(s![1, 3, ..]);
    assert_close(&floats(of_position3), &expected.logits_row1_position3, tolerance);

    let targets = golden_ids().slice(s![.., 1..]).flatten(0, 1);
    let loss = cross_entropy(logits.slice(s![.., ..-1, ..]).flatten(0, 1), targets).into_scalar::<f64>();
    assert_close(&[loss], &[expected.mean_next_token_loss], tolerance);

    if tolerance <= EXACT {
        let all = &expected.greedy_from_first_4_ids;
        let start = golden_ids().slice(s![0..1, ..4]);
        let written = generate_text_simple(model, start, all.len() - 4, model.context_length());
        assert_eq!(&tensor_to_ids(written), all);
    }
}
