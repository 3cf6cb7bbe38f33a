//! Linear layers whose products are in 16 bits.

use burn::module::Module;
use burn::tensor::{DType, Device, FloatDType, Tensor};
use fast::Operations;
use shared::Linear;
use shared::init::{randn, torch_init};
use shared::rng::TorchRng;

/// Every value may be off by `bound` times that of `sums`.
fn assert_off_by_rounding(found: &Tensor<2>, exact: &Tensor<2>, sums: Tensor<2>, bound: f32) {
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
    let layer = torch_init(Linear::new(d_in, d_out, true, &device), &mut rng);
    let x = randn([rows, d_in], &mut rng, &device).require_grad();
    let dy = randn([rows, d_out], &mut rng, &device);
    let run = |operations: &Operations| {
        let y = operations.linear(&layer, x.clone());
        let gradients = (y.clone() * dy.clone()).sum().backward();
        let (weight, bias) = (layer.weight.val(), layer.bias.as_ref().unwrap().val());
        let [weight, input] = [weight.grad(&gradients).unwrap(), x.grad(&gradients).unwrap()];
        (y.inner(), weight, input, bias.grad(&gradients).unwrap())
    };
    let [size_x, size_w, size_dy] = [x.clone(), layer.weight.val(), dy.clone()].map(|t| t.inner().abs());
    let (y, weight, input, bias) = run(&Operations::LESSON);
    for (half, digits) in [(FloatDType::BF16, 8), (FloatDType::F16, 11)] {
        let found = run(&Operations::mixed(half));
        let bound = |n: usize| (n + 2) as f32 * 2f32.powi(-digits);
        assert_off_by_rounding(&found.0, &y, size_x.clone().matmul(size_w.clone()), bound(d_in));
        assert_off_by_rounding(&found.1, &weight, size_x.clone().transpose().matmul(size_dy.clone()), bound(rows));
        assert_off_by_rounding(&found.2, &input, size_dy.clone().matmul(size_w.clone().transpose()), bound(d_out));
        assert_eq!(found.3.to_data(), bias.to_data());
        assert_eq!(layer.weight.val().dtype(), DType::F32);
        assert_eq!(layer.num_params(), d_in * d_out + d_out);
    }
}
