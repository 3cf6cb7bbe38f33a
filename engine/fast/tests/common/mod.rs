//! What two of the tests share.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};
use testkit::values;

/// All gradients with the paths of their parameters.
pub fn gradients_of(model: &impl Module, gradients: &Gradients) -> Vec<(String, Vec<f32>)> {
    let mut collect = Collect { path: Vec::new(), gradients, found: Vec::new() };
    model.visit(&mut collect);
    collect.found
}

struct Collect<'a> {
    path: Vec<String>,
    gradients: &'a Gradients,
    found: Vec<(String, Vec<f32>)>,
}

impl ModuleVisitor for Collect<'_> {
    fn enter_module(&mut self, field: &str, _holder: &str) {
        self.path.push(field.to_string());
    }

    fn exit_module(&mut self, _field: &str, _holder: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = param.val().grad(self.gradients) {
            self.found.push((self.path.join("."), values(gradient)));
        }
    }
}
