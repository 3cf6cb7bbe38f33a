//! The weights of a model for the fast decoder.

use std::ops::Range;
use std::path::Path;

use bonus_llama::LlamaConfig;
use burn::tensor::Device;
use fast::llama_decoder::{LlamaFile, llama_weights, llama_weights_from_file};
use kernels::decode::llama::LlamaWeights;
use kernels::decode::{Blocks, Columns, Precision};
use model_files::gguf::BlockType;
use model_files::llama::LlamaMatrix;
use model_files::{LlamaColumns, LoadedLlama, load_llama, with_llama_columns};

use crate::PretrainedError;

/// A model that only generates text.
pub struct Weights {
    /// Its sizes.
    pub config: LlamaConfig,
    /// Its weights, for the CPU.
    pub weights: LlamaWeights,
    /// What in the files was not used, one sentence each.
    pub warnings: Vec<String>,
}

/// Opens a model in a folder or in a GGUF file for generation. In fewer than 32 bits its weights are made straight from the
/// file, which takes less time and memory than [`open`](crate::open); blocks of 4 bits are kept as they are.
///
/// # Errors
/// As [`open`](crate::open).
pub fn weights(path: &Path, precision: Precision) -> Result<Weights, PretrainedError> {
    let device = Device::flex();
    let (config, weights, warnings) = if precision == Precision::F32 {
        let LoadedLlama { config, model, warnings } = load_llama(path, &device)?;
        (config, llama_weights(&model, precision), warnings)
    } else {
        with_llama_columns(path, &device, |stored| {
            let weights = llama_weights_from_file(&stored.model, precision, &Stored(&stored));
            (stored.config, weights, stored.warnings)
        })?
    };
    Ok(Weights { config, weights: weights.expect("a model from a file is in 32 bits and on the CPU"), warnings })
}

struct Stored<'s>(&'s LlamaColumns<'s>);

impl LlamaFile for Stored<'_> {
    fn columns(&self, path: &str) -> Box<dyn Columns + '_> {
        Box::new(StoredMatrix(self.0.matrix(path)))
    }
}

struct StoredMatrix<'s>(LlamaMatrix<'s>);

impl Columns for StoredMatrix<'_> {
    fn fill(&self, columns: Range<usize>, out: &mut [f32]) {
        self.0.read(columns, out);
    }

    fn blocks(&self, column: usize) -> Option<Blocks<'_>> {
        let (kind, bytes) = self.0.blocks(column)?;
        match kind {
            BlockType::Q4_0 => Some(Blocks::Q4_0(bytes)),
            BlockType::Q4_1 => Some(Blocks::Q4_1(bytes)),
            BlockType::Q8_0 => Some(Blocks::Q8_0(bytes)),
            _ => None,
        }
    }
}
