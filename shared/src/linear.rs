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
    /// What appendix E adds to the layer; models of the chapters have none.
    pub low_rank: Option<LowRank>,
    /// Which code computes it.
    #[module(skip)]
    pub kernels: Kernels,
}

/// A low-rank addition to a linear layer, `scale · (x A) B`. Appendix E makes, trains and merges it.
#[derive(Module, Debug)]
pub struct LowRank {
    /// `[d_in, rank]`.
    pub a: Param<Tensor<2>>,
    /// `[rank, d_out]`.
    pub b: Param<Tensor<2>>,
    /// Strength of the addition.
    pub scale: f64,
}

impl Linear {
    /// A lazy layer; [`torch_init`](crate::init::torch_init) draws its values, or a loader sets them.
    pub fn new(d_in: usize, d_out: usize, bias: bool, device: &Device) -> Self {
        let layer = LinearConfig::new(d_in, d_out).with_bias(bias).init(device);
        Self::from_params(layer.weight, layer.bias)
    }

    /// A layer with these parameters, `[d_in, d_out]` and `[d_out]`.
    pub fn from_params(weight: Param<Tensor<2>>, bias: Option<Param<Tensor<1>>>) -> Self {
        Self { weight, bias, low_rank: None, kernels: Kernels::Plain }
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
        let y = self.product(x.clone(), self.weight.val(), self.bias.as_ref().map(Param::val));
        let Some(LowRank { a, b, scale }) = &self.low_rank else { return y };
        // From left to right: x A is thin, A B would be as large as the weight.
        let thin = self.product(x, a.val(), None); // [..., rank]
        y + self.product(thin, b.val(), None) * *scale
    }

    fn product<const D: usize>(&self, x: Tensor<D>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<D> {
        if self.kernels.fuse(&x) { kernels::linear(x, weight, bias) } else { linear(x, weight, bias) }
    }
}

/// The layer without a low-rank addition: merge it first, if there is one.
impl From<Linear> for burn::nn::Linear {
    fn from(layer: Linear) -> Self {
        Self { weight: layer.weight, bias: layer.bias }
    }
}
