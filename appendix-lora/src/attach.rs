//! LoRA for every linear layer of a model (section E.4).
//!
//! The book replaces each linear layer by a `LinearWithLoRA`. burn can attach a value to a parameter, which then takes part
//! in what the parameter's `val()` returns. So here the layers stay what they are, and the weight of each gets a
//! [`LoraLayer`].

use std::collections::HashMap;

use burn::module::{Module, ModuleVisitor, Param, Reparameterizer};
use burn::tensor::{Device, Tensor};
use shared::rng::TorchRng;

use crate::{LoraLayer, LoraSettings};

/// Stops the training of every parameter that the model has now. The order matters: first freeze, then [`attach_lora`],
/// so that A and B alone are trained.
pub fn freeze<M: Module>(model: M) -> M {
    model.no_grad()
}

/// Attaches a fresh [`LoraLayer`] to every linear layer of the model (the book's `replace_linear_with_lora`); in a GPT
/// these are six in each block, and the output layer. Embeddings and norms get none. The values of A are drawn from `rng`
/// in the order of the model's fields, which is the order in which the book visits the layers.
///
/// The model computes the same as before until it is trained, because every B is 0.
///
/// # Panics
/// If the rank is 0.
pub fn attach_lora<M: Module>(model: M, settings: &LoraSettings, rng: &mut TorchRng, device: &Device) -> M {
    attach_layers(model, |_, [d_in, d_out]| Some(LoraLayer::new(d_in, d_out, settings, rng, device)))
}

/// Attaches what `layer_for` returns for the weight of each linear layer, given the weight's path, for example
/// `trf_blocks.0.att.w_query.weight`, and its shape, `[d_in, d_out]`.
///
/// The model must not have LoRA layers yet.
pub fn attach_layers<M: Module>(model: M, layer_for: impl FnMut(&str, [usize; 2]) -> Option<LoraLayer>) -> M {
    let weights = linear_weights(&model).into_iter().collect();
    model.apply_reparameterization(Attach { weights, layer_for })
}

/// Gets every parameter of a model in turn, and decides what to attach to it.
struct Attach<F> {
    /// Paths and shapes of the weights of linear layers.
    weights: HashMap<String, [usize; 2]>,
    layer_for: F,
}

impl<F: FnMut(&str, [usize; 2]) -> Option<LoraLayer>> Reparameterizer for Attach<F> {
    type Reparam = LoraLayer;

    fn reparameterize<const D: usize>(
        &mut self,
        path: &str,
        param: Param<Tensor<D>>,
    ) -> (Param<Tensor<D>>, Option<LoraLayer>) {
        let layer = self.weights.get(path).and_then(|shape| (self.layer_for)(path, *shape));
        (param, layer)
    }
}

/// The weights of all linear layers of a model, in the order of its fields: path and shape, `[d_in, d_out]`. A linear layer
/// is a [`shared::Linear`] or a `burn::nn::Linear`. Lazy parameters stay lazy.
pub fn linear_weights(model: &impl Module) -> Vec<(String, [usize; 2])> {
    let mut visitor = LinearWeights::default();
    model.visit(&mut visitor);
    visitor.found
}

#[derive(Default)]
struct LinearWeights {
    /// The fields on the way to the current parameter.
    path: Vec<String>,
    /// The types that hold these fields.
    holders: Vec<String>,
    found: Vec<(String, [usize; 2])>,
}

impl ModuleVisitor for LinearWeights {
    fn enter_module(&mut self, field: &str, holder: &str) {
        self.path.push(field.to_string());
        self.holders.push(holder.to_string());
    }

    fn exit_module(&mut self, _field: &str, _holder: &str) {
        self.path.pop();
        self.holders.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let last = |names: &[String], name: &str| names.last().is_some_and(|last| last == name);
        if last(&self.holders, "Struct:Linear") && last(&self.path, "weight") {
            let shape = param.lazy_shape();
            self.found.push((self.path.join("."), [shape[0], shape[1]]));
        }
    }
}
