//! The moments of the optimizer in a file.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use ch05_pretrain::AdamW;
use ch05_pretrain::adamw::Moments;
use model_files::inspect::{Parameter, parameters};
use model_files::{FileError, sync_file};
use safetensors::{Dtype, SafeTensors, View};

use super::RunError;

/// Writes the moments of every parameter of `model` that has some; returns the steps of each.
pub(super) fn save(path: &Path, model: &impl Module, optimizer: &AdamW) -> Result<BTreeMap<String, u32>, FileError> {
    let (mut tensors, mut parameter_steps) = (Vec::new(), BTreeMap::new());
    for (Parameter { name, .. }, moments) in parameters(model).into_iter().zip(&optimizer.moments) {
        let Some(Moments { steps, first, second }) = moments else { continue };
        tensors.push((format!("{name}.exp_avg"), MomentToWrite::new(first)));
        tensors.push((format!("{name}.exp_avg_sq"), MomentToWrite::new(second)));
        parameter_steps.insert(name, *steps);
    }
    safetensors::serialize_to_file(tensors, None, path)
        .map_err(|e| FileError::write(path)(io::Error::other(e.to_string())))?;
    sync_file(path).map_err(FileError::write(path))?;
    Ok(parameter_steps)
}

/// The moments of every parameter that has had steps. The file must hold those and no others: a run that goes on with
/// new moments would not be the same run.
pub(super) fn load(
    path: &Path,
    model: &impl Module,
    parameter_steps: &BTreeMap<String, u32>,
    device: &Device,
) -> Result<Vec<Option<Moments>>, RunError> {
    let bytes = fs::read(path).map_err(FileError::read(path))?;
    let damaged = |reason: String| RunError::Damaged { path: path.into(), reason };
    let file = SafeTensors::deserialize(&bytes).map_err(|e| damaged(e.to_string()))?;
    let mut unused: BTreeSet<&str> = file.names().into_iter().collect();
    let mut read = |name: String, size: usize| {
        let bad = |reason: String| damaged(format!("tensor {name}: {reason}"));
        let view = file.tensor(&name).map_err(|_| bad("it is missing".to_string()))?;
        if view.dtype() != Dtype::F32 || view.shape() != [size] {
            return Err(bad(format!("it is {:?} {:?}, not F32 [{size}]", view.dtype(), view.shape())));
        }
        unused.remove(name.as_str());
        let (words, _) = view.data().as_chunks::<4>();
        let values: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
        Ok(Tensor::<1>::from_data(TensorData::new(values, [size]), device))
    };
    let mut all = Vec::new();
    for parameter in parameters(model) {
        let (name, size) = (&parameter.name, parameter.num_values());
        all.push(match parameter_steps.get(name) {
            None | Some(0) => None,
            Some(&steps) => {
                let first = read(format!("{name}.exp_avg"), size)?;
                let second = read(format!("{name}.exp_avg_sq"), size)?;
                Some(Moments { steps, first, second })
            }
        });
    }
    match unused.first() {
        Some(name) => Err(damaged(format!("tensor {name}: the run has no such moments"))),
        None => Ok(all),
    }
}

/// A moment that becomes bytes only when it is written.
struct MomentToWrite<'a> {
    values: &'a Tensor<1>,
    shape: [usize; 1],
}

impl<'a> MomentToWrite<'a> {
    fn new(values: &'a Tensor<1>) -> Self {
        Self { values, shape: values.dims() }
    }
}

impl View for MomentToWrite<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let values = self.values.to_data();
        values.iter::<f32>().flat_map(f32::to_le_bytes).collect::<Vec<u8>>().into()
    }

    fn data_len(&self) -> usize {
        self.shape[0] * size_of::<f32>()
    }
}
