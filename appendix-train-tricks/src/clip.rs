//! Gradient clipping: gradients whose norm is too large are scaled down (section D.3).

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor};

/// Scales all gradients by one factor so that their joint L2 norm is at most `max_norm`, as PyTorch's
/// `clip_grad_norm_` does, and returns the norm before that, `[1]`:
///
/// ```text
/// norm = √(Σ g²)   over every value of every parameter
/// g = g · min(1, max_norm / (norm + 1e-6))
/// ```
///
/// Norm and factor stay on the device, so that nothing has to wait for it.
///
/// One factor for all gradients keeps the direction of the step. burn's own clipping (`burn::grad_clipping`) takes the norm
/// of each tensor separately, which changes the direction.
///
/// Parameters without a gradient are skipped; without any gradient the norm is 0.
pub fn clip_grad_norm(model: &impl Module, gradients: &mut Gradients, max_norm: f64) -> Tensor<1> {
    let norm = grad_norm(model, gradients);
    let factor = ((norm.clone() + 1e-6).recip() * max_norm).clamp_max(1.0);
    model.visit(&mut ScaleGradients { gradients, factor });
    norm
}

/// The L2 norm of all gradients together, `[1]`.
pub fn grad_norm(model: &impl Module, gradients: &Gradients) -> Tensor<1> {
    // Row by row: in one long sum of 32-bit numbers, the last of the 38 million terms of an embedding would be lost.
    let mut squares = Collect { gradients, of: |gradient| gradient.square().sum_dim(1).sum(), found: Vec::new() };
    model.visit(&mut squares);
    squares.all().map_or_else(|| Tensor::zeros([1], &Device::default()), |squares| squares.sum().sqrt())
}

/// The largest value (not the largest absolute value) in the gradients; `None` if there is no gradient.
pub fn find_highest_gradient(model: &impl Module, gradients: &Gradients) -> Option<f32> {
    let mut maxima = Collect { gradients, of: |gradient| gradient.max(), found: Vec::new() };
    model.visit(&mut maxima);
    Some(maxima.all()?.max().into_scalar())
}

/// Computes one number of every gradient. They stay on the device until all are there, so that the host waits only once.
struct Collect<'a> {
    gradients: &'a Gradients,
    /// From the gradient as a matrix, `[rows, last dimension]`, to `[1]`.
    of: fn(Tensor<2>) -> Tensor<1>,
    found: Vec<Tensor<1>>,
}

impl Collect<'_> {
    /// The numbers of all parameters, `[parameters]`.
    fn all(self) -> Option<Tensor<1>> {
        if self.found.is_empty() { None } else { Some(Tensor::cat(self.found, 0)) }
    }
}

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = param.val().grad(self.gradients) {
            let width = gradient.dims()[D - 1] as i32;
            self.found.push((self.of)(gradient.reshape([-1, width])));
        }
    }
}

struct ScaleGradients<'a> {
    gradients: &'a mut Gradients,
    /// `[1]`.
    factor: Tensor<1>,
}

impl ModuleVisitor for ScaleGradients<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let weight = param.val();
        if let Some(gradient) = weight.grad_remove(self.gradients) {
            weight.grad_replace(self.gradients, gradient * self.factor.clone().unsqueeze());
        }
    }
}
