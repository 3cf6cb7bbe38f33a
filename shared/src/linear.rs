//! The layer that every model is mostly made of.

use burn::module::{Module, Param};
use burn::nn::LinearConfig;
use burn::tensor::module::linear;
use burn::tensor::{Device, Tensor};
use kernels::Kernels;

/// `y = x W + b`, with the weight as burn keeps it: a column for each output.
///
/// The same values, names and records as `burn::nn::Linear`. The models of chapters 3 to 7 have this type, so that how
/// the product is computed is decided in one place.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[d_in, d_out]`.
    pub weight: Param<Tensor<2>>,
    /// `[d_out]`.
    pub bias: Option<Param<Tensor<1>>>,
    /// Which code computes it.
    #[module(skip)]
    pub kernels: Kernels,
}

impl Linear {
    /// A lazy layer; [`torch_init`](crate::init::torch_init) draws its values, or a loader sets them.
    pub fn new(d_in: usize, d_out: usize, bias: bool, device: &Device) -> Self {
        let layer = LinearConfig::new(d_in, d_out).with_bias(bias).init(device);
        Self::from_params(layer.weight, layer.bias)
    }

    /// A layer with these parameters, `[d_in, d_out]` and `[d_out]`.
    pub fn from_params(weight: Param<Tensor<2>>, bias: Option<Param<Tensor<1>>>) -> Self {
        Self { weight, bias, kernels: Kernels::Plain }
    }

    /// The same layer, computed by `kernels`.
    pub fn with_kernels(self, kernels: Kernels) -> Self {
        Self { kernels, ..self }
    }

    /// # Shapes
    /// - `x`: `[..., d_in]`;
    /// - result: `[..., d_out]`.
    ///
    /// # Panics
    /// If `x` is not `d_in` wide.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let (weight, bias) = (self.weight.val(), self.bias.as_ref().map(Param::val));
        if self.kernels.fuse(&x) { kernels::linear(x, weight, bias) } else { linear(x, weight, bias) }
    }
}

impl From<Linear> for burn::nn::Linear {
    fn from(layer: Linear) -> Self {
        Self { weight: layer.weight, bias: layer.bias }
    }
}
