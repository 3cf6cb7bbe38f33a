//! A model whose matrices stay in the file until they are asked for: for weights in a few bits, which can be made column by
//! column, without all of them in 32 bits.

use std::ops::Range;
use std::path::Path;

use bonus_llama::{LlamaConfig, LlamaModel};
use burn::tensor::Device;

use super::fill::{self, Format, FoundParameters, Source};
use super::table::llama_parameters;
use super::{folder_config, gguf_config};
use crate::CheckpointError;
use crate::gguf::{BlockType, GgufFile};
use crate::load::{ByPath, replace_parameters};
use crate::shards::Shards;
use crate::stored::{Encoding, StorageForm, StoredTensor};

/// A model whose matrices are still in the file.
pub struct LlamaColumns<'a> {
    /// Its sizes.
    pub config: LlamaConfig,
    /// The model. Of its parameters only the norms have values.
    pub model: LlamaModel,
    /// What in the files was not used, one sentence each.
    pub warnings: Vec<String>,
    found: ByPath<'a>,
}

/// A matrix in a file: the weight of a linear layer, or the token embedding, whose columns are the vectors of the tokens.
#[derive(Clone, Copy)]
pub struct LlamaMatrix<'a> {
    stored: &'a StoredTensor<'a>,
    form: StorageForm,
}

impl<'a> LlamaColumns<'a> {
    /// The matrix at a path in the model, as [`llama_parameters`] says it.
    ///
    /// # Panics
    /// If there is no such matrix.
    pub fn matrix(&self, path: &str) -> LlamaMatrix<'a> {
        let found = self.found.get(path).filter(|(stored, _)| stored.shape.len() == 2);
        let &(stored, form) = found.unwrap_or_else(|| panic!("the model has no matrix {path}"));
        LlamaMatrix { stored, form }
    }
}

impl<'a> LlamaMatrix<'a> {
    /// Writes the values of some columns, one after the other.
    ///
    /// # Panics
    /// If there are not as many, or `out` is not as long as they are.
    pub fn read(&self, columns: Range<usize>, out: &mut [f32]) {
        self.stored.rows(self.form, columns, out);
    }

    /// The bytes of a column, if several of its values are stored together.
    ///
    /// # Panics
    /// If there are not as many.
    pub fn blocks(&self, column: usize) -> Option<(BlockType, &'a [u8])> {
        match self.stored.encoding {
            Encoding::Plain(_) => None,
            Encoding::Blocks(kind) => Some((kind, self.stored.row(self.form, column))),
        }
    }
}

/// Opens a model as [`load_llama`](super::load_llama) does, but reads only its norms; `build` makes something of it.
///
/// # Errors
/// As [`load_llama`](super::load_llama).
pub fn with_llama_columns<T>(
    path: &Path,
    device: &Device,
    build: impl FnOnce(LlamaColumns<'_>) -> T,
) -> Result<T, CheckpointError> {
    if path.is_dir() {
        let config = folder_config(path)?;
        let shards = Shards::open(path)?;
        let source = Source { path: &shards.path, format: Format::HuggingFace, tensors: shards.tensors()? };
        return Ok(build(source.columns(config, device)?));
    }
    let file = GgufFile::open(path)?;
    let gguf = file.read()?;
    let config = gguf_config(path, &gguf)?;
    let source = Source { path, format: Format::Gguf, tensors: fill::stored_tensors(&gguf) };
    Ok(build(source.columns(config, device)?))
}

impl Source<'_> {
    fn columns(&self, config: LlamaConfig, device: &Device) -> Result<LlamaColumns<'_>, CheckpointError> {
        let FoundParameters { found, warnings } = self.find(config.n_layers, llama_parameters(&config))?;
        let norms = found.iter().filter(|(_, (stored, _))| stored.shape.len() == 1);
        let norms = norms.map(|(path, place)| (path.clone(), *place)).collect();
        let model = replace_parameters(LlamaModel::new(&config, device), norms);
        Ok(LlamaColumns { config, model, warnings, found })
    }
}
