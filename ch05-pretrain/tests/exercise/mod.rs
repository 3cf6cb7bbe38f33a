//! What the checks of several exercises need: the toy vocabulary of section 5.3, small models, a text.
#![allow(dead_code, reason = "no file needs all of it")]

use burn::tensor::Device;
use ch04_gpt::GptModel;
use model_files::save_model;
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, data};
use tempfile::TempDir;

pub const WORDS: [&str; 9] = ["closer", "every", "effort", "forward", "inches", "moves", "pizza", "toward", "you"];
#[expect(clippy::approx_constant, reason = "6.28 is a logit, not 2π")]
pub const LOGITS: [f32; 9] = [4.51, 0.89, -1.90, 6.75, 1.63, -1.62, -1.89, 6.28, 1.79];

/// A model that trains in a moment, with GPT-2's vocabulary.
pub fn tiny() -> GptConfig {
    GptConfig { context_length: 16, emb_dim: 8, n_heads: 2, n_layers: 1, ..GptConfig::preset("tiny").unwrap() }
}

/// The beginning of the embedded story.
pub fn text() -> String {
    data::find("lamp").unwrap().text().unwrap().chars().take(3000).collect()
}

/// A folder with a model of this size, its values drawn from `seed`.
pub fn model_folder(config: &GptConfig, seed: u64) -> (TempDir, GptModel) {
    let folder = tempfile::tempdir().unwrap();
    let model = torch_init(GptModel::new(config, &Device::flex()), &mut TorchRng::new(seed));
    save_model(folder.path(), config, &model).unwrap();
    (folder, model)
}
