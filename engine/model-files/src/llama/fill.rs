//! Tensors of files become the parameters of a model.

use std::path::Path;

use bonus_llama::{LlamaConfig, LlamaModel};
use burn::tensor::Device;
use safetensors::Dtype;

use super::LoadedLlama;
use super::metadata::ROPE_FREQS;
use super::table::{
    GGUF_BLOCK, GGUF_HEAD, HUGGING_FACE_BLOCK, HUGGING_FACE_EMBEDDING, HUGGING_FACE_HEAD, LlamaParameter,
    llama_parameters,
};
use crate::CheckpointError;
use crate::gguf::{BlockType, Gguf};
use crate::load::{BadTensor, ByPath, FoundTensors, Wanted, find_tensors, replace_parameters};
use crate::stored::{Encoding, StoredTensor, StoredTensors};

/// How the tensors of a file are named.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Format {
    HuggingFace,
    Gguf,
}

/// The tensors of a model in one or several files.
pub(super) struct Source<'a> {
    /// What errors name.
    pub(super) path: &'a Path,
    pub(super) format: Format,
    pub(super) tensors: StoredTensors<'a>,
}

/// The tensors of the parameters of a model, all of which fit.
pub(super) struct FoundParameters<'a> {
    pub(super) found: ByPath<'a>,
    /// What was not used, one sentence each.
    pub(super) warnings: Vec<String>,
}

/// The tensors of a GGUF file. Those whose values are stored one by one are not different from any others.
pub(super) fn stored_tensors<'a>(gguf: &Gguf<'a>) -> StoredTensors<'a> {
    let encoding = |kind| match kind {
        BlockType::F32 => Encoding::Plain(Dtype::F32),
        BlockType::F16 => Encoding::Plain(Dtype::F16),
        BlockType::Bf16 => Encoding::Plain(Dtype::BF16),
        blocks => Encoding::Blocks(blocks),
    };
    let stored = gguf.tensors().iter().map(|tensor| {
        let (shape, bytes) = (tensor.shape().to_vec(), tensor.bytes);
        (tensor.name.to_string(), StoredTensor { shape, encoding: encoding(tensor.block_type), bytes })
    });
    stored.collect()
}

impl Source<'_> {
    /// The model that `config`, which is valid, describes, with the values of the tensors.
    ///
    /// # Errors
    /// The first tensor that is missing or does not fit; a bias; or another number of blocks than the configuration's.
    pub(super) fn fill(&self, config: LlamaConfig, device: &Device) -> Result<LoadedLlama, CheckpointError> {
        let FoundParameters { found, warnings } = self.find(config.n_layers, llama_parameters(&config))?;
        let model = replace_parameters(LlamaModel::new(&config, device), found);
        Ok(LoadedLlama { config, model, warnings })
    }

    /// The tensors of `parameters`, of a model with this many blocks.
    ///
    /// # Errors
    /// As [`fill`](Self::fill).
    pub(super) fn find(
        &self,
        n_layers: usize,
        parameters: impl Iterator<Item = LlamaParameter>,
    ) -> Result<FoundParameters<'_>, CheckpointError> {
        let bad = |(tensor, reason): BadTensor| {
            let path = self.path.to_path_buf();
            CheckpointError::BadTensor { path, tensor, reason }
        };
        self.check_blocks(n_layers)?;
        let wanted = parameters.map(|parameter| {
            let place = match self.format {
                Format::HuggingFace => parameter.in_hugging_face(),
                Format::Gguf => parameter.in_gguf(),
            };
            Wanted { place, path: parameter.path, shape: parameter.shape }
        });
        let FoundTensors { found, unused } = find_tensors(&self.tensors, wanted).map_err(bad)?;
        let mut warnings = Vec::new();
        for name in unused {
            warnings.extend(self.warning(name).map_err(|reason| bad((name.to_string(), reason)))?);
        }
        Ok(FoundParameters { found, warnings })
    }

    /// Fails unless the file has tensors of as many blocks as the configuration says.
    fn check_blocks(&self, n_layers: usize) -> Result<(), CheckpointError> {
        let prefix = match self.format {
            Format::HuggingFace => HUGGING_FACE_BLOCK,
            Format::Gguf => GGUF_BLOCK,
        };
        let block = |name: &String| name.strip_prefix(prefix)?.split('.').next()?.parse::<usize>().ok();
        let blocks = self.tensors.keys().filter_map(block).max().map_or(0, |last| last.saturating_add(1));
        if blocks == n_layers {
            return Ok(());
        }
        let reason = format!("it has tensors of {blocks} blocks, but the configuration says {n_layers}");
        Err(CheckpointError::OtherModel { path: self.path.to_path_buf(), reason })
    }

    /// What to say about a tensor that is not a parameter of the model; `None` if it is known to be of no use.
    ///
    /// # Errors
    /// If the model would compute something else without it.
    fn warning(&self, name: &str) -> Result<Option<String>, String> {
        if name.ends_with(".bias") {
            return Err("the model has no biases".to_string());
        }
        // Frequencies that older files keep, or that have become part of the configuration.
        if name.ends_with(".rotary_emb.inv_freq") || (self.format == Format::Gguf && name == ROPE_FREQS) {
            return Ok(None);
        }
        let head = match self.format {
            Format::HuggingFace => HUGGING_FACE_HEAD,
            Format::Gguf => GGUF_HEAD,
        };
        if name == head {
            return Ok((!self.is_embedding(name)).then(|| {
                format!("{name} is ignored: the configuration says that the token embedding is the output layer, but they differ")
            }));
        }
        Ok(Some(format!("{name} is ignored: the model has no such parameter")))
    }

    /// Whether a tensor is the token embedding once more.
    fn is_embedding(&self, name: &str) -> bool {
        let of = |name| self.tensors.get(name).map(|tensor| (&tensor.shape, tensor.encoding, tensor.bytes));
        of(name) == of(HUGGING_FACE_EMBEDDING)
    }
}
