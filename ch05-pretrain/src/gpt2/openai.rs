//! GPT-2 as OpenAI released it: `hparams.json` and a TensorFlow checkpoint.

use std::fs;
use std::path::Path;

use burn::tensor::Device;
use ch04_gpt::GptModel;
use serde::Deserialize;
use shared::GptConfig;

use super::bundle::Bundle;
use super::names;
use crate::checkpoint::{CheckpointError, Head, check_sizes, fill_model, read_json};

/// The sizes of the model.
pub(super) const HPARAMS_FILE: &str = "hparams.json";
/// Says what the other files' names begin with.
pub(super) const CHECKPOINT_FILE: &str = "checkpoint";

pub(super) fn load(folder: &Path, device: &Device) -> Result<(GptConfig, GptModel), CheckpointError> {
    let hparams: HParams = read_json(folder, HPARAMS_FILE)?;
    let config = hparams.sizes();
    check_sizes(&config)
        .map_err(|source| CheckpointError::ImpossibleConfig { path: folder.join(HPARAMS_FILE), source })?;

    let bundle = Bundle::open(folder, &prefix(folder)?)?;
    match fill_model(&config, Head::of_text(&config), &bundle.tensors()?, names::openai, device) {
        Ok(model) => Ok((config, model)),
        Err((tensor, reason)) => Err(CheckpointError::BadTensor { path: bundle.index.path.clone(), tensor, reason }),
    }
}

/// What the names of the checkpoint's files begin with: `model.ckpt`.
fn prefix(folder: &Path) -> Result<String, CheckpointError> {
    let path = folder.join(CHECKPOINT_FILE);
    let text = fs::read_to_string(&path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => {
            CheckpointError::NoModel { folder: folder.into(), file: CHECKPOINT_FILE.into() }
        }
        _ => CheckpointError::Io { action: "read", path: path.clone(), source },
    })?;
    let written = text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        let value = value.trim().strip_prefix('"')?.strip_suffix('"')?;
        (key.trim() == "model_checkpoint_path").then_some(value)
    });
    // It may be a path on the machine that wrote it; the files lie in this folder.
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
