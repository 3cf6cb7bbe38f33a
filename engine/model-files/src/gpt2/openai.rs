//! GPT-2 as OpenAI released it: `hparams.json` and a TensorFlow checkpoint.

use std::path::Path;

use burn::tensor::{Device, TensorData};
use ch04_gpt::GptModel;
use ch05_pretrain::gpt2::Params;
use serde::Deserialize;
use shared::{GptConfig, text};

use super::bundle::Bundle;
use crate::folder::{missing_or_unreadable, read_json};
use crate::load::fill_model;
use crate::parameters::GptParameter;
use crate::stored::{StorageForm, StoredTensor};
use crate::{CheckpointError, HeadShape};

/// The sizes of the model.
pub(crate) const HPARAMS_FILE: &str = "hparams.json";
/// Says what the other files' names begin with.
pub(super) const CHECKPOINT_FILE: &str = "checkpoint";

pub(super) fn load(folder: &Path, device: &Device) -> Result<(GptConfig, GptModel), CheckpointError> {
    let config = read_config(folder)?;
    let bundle = Bundle::open(folder, &prefix(folder)?)?;
    let head = HeadShape::of_text(&config);
    match fill_model(&config, head, &bundle.tensors()?, GptParameter::in_openai, device) {
        Ok(model) => Ok((config, model)),
        Err((tensor, reason)) => Err(CheckpointError::BadTensor { path: bundle.index.path.clone(), tensor, reason }),
    }
}

/// The sizes and the tensors of OpenAI's release in `folder`, for
/// [`load_weights_into_gpt`](ch05_pretrain::gpt2::load_weights_into_gpt). As in the book, names lose the `model/` that
/// all of them begin with, and the matrices the first dimension, which is 1.
///
/// # Errors
/// If a file is missing or damaged.
pub fn read_gpt2_params(folder: &Path) -> Result<(GptConfig, Params), CheckpointError> {
    let config = read_config(folder)?;
    let bundle = Bundle::open(folder, &prefix(folder)?)?;
    let tensor_data = |(name, stored): (String, StoredTensor)| {
        let values = stored.values(StorageForm::AsIs, &stored.shape);
        (name.trim_start_matches("model/").to_string(), TensorData::new(values, stored.shape))
    };
    Ok((config, bundle.tensors()?.into_iter().map(tensor_data).collect()))
}

fn read_config(folder: &Path) -> Result<GptConfig, CheckpointError> {
    let config = read_json::<HParams>(folder, HPARAMS_FILE)?.sizes();
    let path = folder.join(HPARAMS_FILE);
    config.validate().map_err(|source| CheckpointError::ImpossibleConfig { path, source })?;
    Ok(config)
}

/// What the names of the checkpoint's files begin with: `model.ckpt`.
fn prefix(folder: &Path) -> Result<String, CheckpointError> {
    let path = folder.join(CHECKPOINT_FILE);
    let text = text::read(&path).map_err(|source| missing_or_unreadable(folder, CHECKPOINT_FILE, source))?;
    let written = text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        let value = value.trim().strip_prefix('"')?.strip_suffix('"')?;
        (key.trim() == "model_checkpoint_path").then_some(value)
    });
    // It may be a path on the computer that wrote it; the files are in this folder.
    let name = written.and_then(|written| Path::new(written).file_name()?.to_str());
    let name = name.filter(|name| !name.contains(char::is_control));
    name.map(str::to_string).ok_or(CheckpointError::BadCheckpointFile { path })
}

#[derive(Deserialize)]
struct HParams {
    n_vocab: usize,
    n_ctx: usize,
    n_embd: usize,
    n_head: usize,
    n_layer: usize,
}

impl HParams {
    fn sizes(&self) -> GptConfig {
        GptConfig {
            vocab_size: self.n_vocab,
            context_length: self.n_ctx,
            emb_dim: self.n_embd,
            n_heads: self.n_head,
            n_layers: self.n_layer,
            drop_rate: 0.1,
            qkv_bias: true,
        }
    }
}
