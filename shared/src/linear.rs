//! A linear layer, `y = x W + b`.

use burn::module::{Module, Param};
use burn::nn::LinearConfig;
use burn::tensor::module::linear;
use burn::tensor::{Device, Tensor};

/// `y = x W + b`, with the weight as burn keeps it: a column for each output.
///
/// The same values, names and records as `burn::nn::Linear`. It differs in how a batch is multiplied, see [`product`].
///
/// The order of the fields is the order of the random draws.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[d_in, d_out]`.
    pub weight: Param<Tensor<2>>,
    /// `[d_out]`.
    pub bias: Option<Param<Tensor<1>>>,
}

impl Linear {
    /// A lazy layer; [`torch_init`](crate::init::torch_init) draws its values, or a loader sets them.
    pub fn new(d_in: usize, d_out: usize, bias: bool, device: &Device) -> Self {
        let layer = LinearConfig::new(d_in, d_out).with_bias(bias).init(device);
        Self::from_params(layer.weight, layer.bias)
    }

    /// A layer with these parameters, `[d_in, d_out]` and `[d_out]`.
    pub fn from_params(weight: Param<Tensor<2>>, bias: Option<Param<Tensor<1>>>) -> Self {
        Self { weight, bias }
    }

    /// # Shapes
    /// - `x`: `[..., d_in]`;
    /// - result: `[..., d_out]`.
    ///
    /// # Panics
    /// If `x` is not `d_in` wide.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        product(x, self.weight.val(), self.bias.as_ref().map(Param::val))
    }
}

/// `x W + b`, all rows of the batch in one product. burn would multiply each text of the batch on its own and, in
/// training, compute a gradient of the whole weight for each.
///
/// # Shapes
/// - `x`: `[..., d_in]`; `weight`: `[d_in, d_out]`; `bias`: `[d_out]`;
/// - result: `[..., d_out]`.
pub fn product<const D: usize>(x: Tensor<D>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<D> {
    let mut shape = x.dims();
    let rows = x.reshape([-1, shape[D - 1] as i64]); // [all rows, d_in]
    let y: Tensor<2> = linear(rows, weight, bias); // [all rows, d_out]
    shape[D - 1] = y.dims()[1];
    y.reshape(shape)
}

impl From<Linear> for burn::nn::Linear {
    fn from(layer: Linear) -> Self {
        Self { weight: layer.weight, bias: layer.bias }
    }
}
