//! The layer that every model is mostly made of.

use burn::module::{Module, Param};
use burn::nn::LinearConfig;
use burn::tensor::module::linear;
use burn::tensor::{Device, FloatDType, Tensor};
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
        match self.kernels {
            Kernels::Mixed(half) => {
                let y = linear(x.cast(half), weight.cast(half), None).cast(FloatDType::F32);
                match bias {
                    Some(bias) => y + bias.unsqueeze(),
                    None => y,
                }
            }
            kernels if kernels.fuse(&x) => kernels::linear(x, weight, bias),
            _ => linear(x, weight, bias),
        }
    }
}

/// The layer without a low-rank addition: merge it first, if there is one.
impl From<Linear> for burn::nn::Linear {
    fn from(layer: Linear) -> Self {
        Self { weight: layer.weight, bias: layer.bias }
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::tensor::DType;

    use super::*;
    use crate::init::{randn, torch_init};
    use crate::rng::TorchRng;

    /// Every value may be off by `bound` times that of `sums`.
    fn assert_near(found: &Tensor<2>, exact: &Tensor<2>, sums: Tensor<2>, bound: f32) {
        assert_eq!(found.dtype(), DType::F32);
        let excess: f32 = ((found.clone() - exact.clone()).abs() - sums * bound).max().into_scalar();
        assert!(excess <= 0.0, "{excess} more than rounding explains");
        let change: f32 = (found.clone() - exact.clone()).abs().max().into_scalar();
        assert!(change > 0.0, "the factors must have fewer digits");
    }

    /// 16 bits keep 8 (bfloat16) or 11 binary digits. A sum of n products, each factor and each sum rounded, is off by at
    /// most n + 2 roundings of the sum of the products' sizes.
    #[test]
    fn mixed_precision_is_off_by_rounding_and_keeps_parameters_and_gradients_in_32_bits() {
        let (rows, d_in, d_out) = (15, 48, 20);
        let device = Device::flex().autodiff();
        let mut rng = TorchRng::new(1);
        let exact = torch_init(Linear::new(d_in, d_out, true, &device), &mut rng);
        let x = randn([rows, d_in], &mut rng, &device).require_grad();
        let dy = randn([rows, d_out], &mut rng, &device);
        let run = |layer: &Linear| {
            let y = layer.forward(x.clone());
            let gradients = (y.clone() * dy.clone()).sum().backward();
            let (weight, bias) = (layer.weight.val(), layer.bias.as_ref().unwrap().val());
            let [weight, input] = [weight.grad(&gradients).unwrap(), x.grad(&gradients).unwrap()];
            (y.inner(), weight, input, bias.grad(&gradients).unwrap())
        };
        let [size_x, size_w, size_dy] = [x.clone(), exact.weight.val(), dy.clone()].map(|t| t.inner().abs());
        let (y, weight, input, bias) = run(&exact);
        for (half, digits) in [(FloatDType::BF16, 8), (FloatDType::F16, 11)] {
            let mixed = exact.clone().with_kernels(Kernels::Mixed(half));
            let found = run(&mixed);
            let bound = |n: usize| (n + 2) as f32 * 2f32.powi(-digits);
            assert_near(&found.0, &y, size_x.clone().matmul(size_w.clone()), bound(d_in));
            assert_near(&found.1, &weight, size_x.clone().transpose().matmul(size_dy.clone()), bound(rows));
            assert_near(&found.2, &input, size_dy.clone().matmul(size_w.clone().transpose()), bound(d_out));
            assert_eq!(found.3.to_data(), bias.to_data());
            assert_eq!(mixed.weight.val().dtype(), DType::F32);
            assert_eq!(mixed.num_params(), exact.num_params());
        }
    }
}
