//! What several test files need.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

/// All parameters of a model, one after the other.
pub fn parameter_values(model: &impl Module) -> Vec<Vec<f32>> {
    let mut all = ParameterValues(Vec::new());
    model.visit(&mut all);
    all.0
}

struct ParameterValues(Vec<Vec<f32>>);

impl ModuleVisitor for ParameterValues {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(param.val().into_data().iter::<f32>().collect());
    }
}
