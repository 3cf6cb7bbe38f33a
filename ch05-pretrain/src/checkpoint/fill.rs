//! A model whose parameters come from a file.

use std::collections::{BTreeSet, HashMap};

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};
use ch04_gpt::GptModel;
use shared::{GptConfig, Linear};

use super::Head;
use super::names::{Place, parameters};
use super::stored::{Part, Source, StoredTensor, StoredTensors};

/// A tensor and what is wrong with it.
pub(crate) type BadTensor = (String, String);

/// The model that `config` and `head` describe, with the values of `tensors`. `source` says where a parameter is, given
/// its name in the book's model. Every tensor must be of use.
///
/// The tensors are compared with the configuration before anything is made in memory, so that a configuration with
/// absurd sizes ends in an error. Then they are converted one by one, each straight into its parameter.
///
/// # Errors
/// The first tensor that is missing or does not fit, or that the model does not have.
pub(crate) fn fill_model(
    config: &GptConfig,
    head: Head,
    tensors: &StoredTensors,
    source: impl Fn(&str) -> Source,
    device: &Device,
) -> Result<GptModel, BadTensor> {
    let mut unused: BTreeSet<&str> = tensors.keys().map(String::as_str).collect();
    let mut found = HashMap::new();
    for (name, shape) in parameters(config, head) {
        let Source { tensor, part } = source(&name);
        let Some(stored) = tensors.get(&tensor) else { return Err((tensor, "it is missing".into())) };
        if let Err(reason) = stored.check(part, &shape) {
            return Err((tensor, reason));
        }
        unused.remove(tensor.as_str());
        found.insert(name, (stored, part));
    }
    if let Some(name) = unused.first() {
        return Err((name.to_string(), "there is no such tensor in this model".into()));
    }
    let mut model = GptModel::new(config, device);
    model.out_head = Linear::new(config.emb_dim, head.outputs, head.bias, device);
    Ok(model.map(&mut Fill { place: Place::default(), found }))
}

/// Gives every parameter its values.
struct Fill<'a> {
    place: Place,
    found: HashMap<String, (&'a StoredTensor<'a>, Part)>,
}

impl ModuleMapper for Fill<'_> {
    fn enter_module(&mut self, field: &str, _holder: &str) {
        self.place.enter(field);
    }

    fn exit_module(&mut self, _field: &str, _holder: &str) {
        self.place.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, shape, device) = (param.id, param.lazy_shape(), param.lazy_device());
        let (stored, part) = self.found[&self.place.book_name()];
        let values = stored.values(part, &shape.iter().copied().collect::<Vec<_>>());
        param.transform_for_load(Tensor::from_data(TensorData::new(values, shape), &device), id)
    }
}
