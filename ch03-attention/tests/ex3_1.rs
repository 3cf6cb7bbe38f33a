//! The checks of exercise 3.1: of `solutions/ex3_1.rs`, or with the feature `my-solutions` of your file in
//! `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex3_1.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex3_1.rs", allow(unused))]
mod ex3_1;

use burn::tensor::Device;
use ch03_attention::running_example::inputs;
use ch03_attention::{SelfAttentionV2, SelfAttentionV2Config};
use shared::init::torch_init;
use shared::rng::TorchRng;
use testkit::{assert_close, values};

/// Half a unit of the fourth decimal, and a little for the order of the sums.
const DIGITS_4: f32 = 5.1e-5;

fn device() -> Device {
    Device::flex()
}

fn v2(d_in: usize, d_out: usize, seed: u64) -> SelfAttentionV2 {
    torch_init(SelfAttentionV2::new(&SelfAttentionV2Config::new(d_in, d_out), &device()), &mut TorchRng::new(seed))
}

// 中文：两个版本给出相同的上下文向量
#[test]
fn ex3_1_both_versions_give_the_same_context_vectors() {
    let v2 = v2(3, 2, 789);
    let v1 = ex3_1::v1_with_weights_of(&v2);
    assert_eq!(v1.w_query.dims(), [3, 2], "the query matrix of SelfAttentionV1 has one row per input column");
    let (found, expected) = (values(v1.forward(inputs(&device()))), values(v2.forward(inputs(&device()))));
    let equal = found.iter().zip(&expected).all(|(f, e)| (f - e).abs() < 1e-6);
    assert!(
        equal,
        "SelfAttentionV1 gives {found:?}, SelfAttentionV2 gives {expected:?}: are all three weights copied?"
    );
}

// 中文：种子 123 得到的数值
#[test]
fn ex3_1_the_numbers_for_seed_123() {
    let v1 = ex3_1::v1_with_weights_of(&v2(3, 2, 123));
    #[rustfmt::skip]
    let expected = [
        -0.5337, -0.1051,
        -0.5323, -0.1080,
        -0.5323, -0.1079,
        -0.5297, -0.1076,
        -0.5311, -0.1066,
        -0.5299, -0.1081,
    ];
    assert_close(&values(v1.forward(inputs(&device()))), &expected, DIGITS_4);
}

// 中文：方阵没有被转置
#[test]
fn ex3_1_square_matrices_are_not_turned() {
    let v2 = v2(3, 3, 5);
    let v1 = ex3_1::v1_with_weights_of(&v2);
    let (found, expected) = (values(v1.forward(inputs(&device()))), values(v2.forward(inputs(&device()))));
    let equal = found.iter().zip(&expected).all(|(f, e)| (f - e).abs() < 1e-6);
    assert!(equal, "with 3 columns in and out the results differ: in burn a weight is already [d_in, d_out]");
}

// 中文：权重与 PyTorch 打印的一样
#[test]
fn ex3_1_weights_as_pytorch_prints_them() {
    let weight = ex3_1::pytorch_weight(&v2(3, 2, 789).w_query);
    assert_eq!(weight.dims(), [2, 3], "PyTorch prints one row per output and one column per input");
    assert_close(&values(weight), &[0.3161, 0.4568, 0.5118, -0.1683, -0.3379, -0.0918], DIGITS_4);
}
