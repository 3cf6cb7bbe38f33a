//! Checks of the exercises: on `solutions/`, or with the feature `my-solutions` on your files in `exercises/`.

mod common;

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex3_1.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex3_1.rs", allow(unused))]
mod ex3_1;
#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex3_2.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex3_2.rs", allow(unused))]
mod ex3_2;
#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex3_3.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex3_3.rs", allow(unused))]
mod ex3_3;

use burn::module::Module;
use burn::tensor::{Device, Tensor, s};
use ch03_attention::running_example::{batch, inputs};
use ch03_attention::{MultiHeadAttentionConfig, SelfAttentionV2, SelfAttentionV2Config};
use common::{assert_close, values};
use shared::Mode;
use shared::init::torch_init;
use shared::rng::TorchRng;

/// Half a unit of the fourth decimal, and a little for the order of the sums.
const DIGITS_4: f32 = 5.1e-5;

fn device() -> Device {
    Device::flex()
}

fn v2(d_in: usize, d_out: usize, seed: u64) -> SelfAttentionV2 {
    torch_init(SelfAttentionV2Config::new(d_in, d_out).init(&device()), &mut TorchRng::new(seed))
}

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

#[test]
fn ex3_1_square_matrices_are_not_turned() {
    let v2 = v2(3, 3, 5);
    let v1 = ex3_1::v1_with_weights_of(&v2);
    let (found, expected) = (values(v1.forward(inputs(&device()))), values(v2.forward(inputs(&device()))));
    let equal = found.iter().zip(&expected).all(|(f, e)| (f - e).abs() < 1e-6);
    assert!(equal, "with 3 columns in and out the results differ: in burn a weight is already [d_in, d_out]");
}

#[test]
fn ex3_1_weights_as_pytorch_prints_them() {
    let weight = ex3_1::pytorch_weight(&v2(3, 2, 789).w_query);
    assert_eq!(weight.dims(), [2, 3], "PyTorch prints one row per output and one column per input");
    assert_close(&values(weight), &[0.3161, 0.4568, 0.5118, -0.1683, -0.3379, -0.0918], DIGITS_4);
}

#[test]
fn ex3_2_the_config_fits_the_running_example() {
    let config = ex3_2::two_columns_from_two_heads();
    assert_eq!(config.num_heads, 2, "num_heads: there are still two heads");
    assert_eq!(config.d_in, 3, "d_in: a token of the running example has 3 numbers");
    assert!(config.context_length >= 6, "context_length: the sentence has 6 tokens");
}

#[test]
fn ex3_2_context_vectors_have_two_columns() {
    let config = ex3_2::two_columns_from_two_heads();
    let wrapper = torch_init(config.init(&device()), &mut TorchRng::new(123));
    let context = wrapper.forward(batch(&device()), &mut Mode::Eval);
    assert_eq!(context.dims(), [2, 6, 2], "the context vectors of two texts, 6 tokens each, need 2 columns");
    #[rustfmt::skip]
    let item = [
        -0.573988, 0.221605,
        -0.731986, 0.015525,
        -0.777365, -0.054602,
        -0.697865, -0.081738,
        -0.653845, -0.095701,
        -0.642381, -0.106454,
    ];
    assert_close(&values(context), &[item, item].concat(), 1.5e-6);
}

#[test]
fn ex3_3_the_sizes_are_those_of_gpt2() {
    let config = ex3_3::gpt2_small_attention();
    assert_eq!(config.num_heads, 12, "num_heads");
    assert_eq!((config.d_in, config.d_out), (768, 768), "d_in and d_out");
    assert_eq!(config.context_length, 1024, "context_length");
    assert_eq!((config.dropout, config.qkv_bias), (0.0, false), "dropout and qkv_bias keep their defaults");
    assert_eq!(config.init(&device()).num_params(), 2_360_064, "the module has 2.36 million parameters");
}

#[test]
fn ex3_3_parameters_are_counted_right() {
    let gpt2 = MultiHeadAttentionConfig::new(768, 768, 1024, 12);
    assert_eq!(ex3_3::parameter_count(&gpt2), 2_360_064, "the smallest GPT-2");
    for config in [
        MultiHeadAttentionConfig::new(768, 768, 1024, 12).with_qkv_bias(true),
        MultiHeadAttentionConfig::new(5, 12, 8, 3),
        MultiHeadAttentionConfig::new(5, 12, 80, 4).with_qkv_bias(true),
    ] {
        let expected = config.init(&device()).num_params();
        assert_eq!(ex3_3::parameter_count(&config), expected, "with these sizes: {config}");
    }
}

/// Zeros attend to zeros, and only the bias of the output projection is left.
#[test]
fn ex3_3_zeros_give_the_output_bias() {
    let attention = torch_init(ex3_3::gpt2_small_attention().init(&device()), &mut TorchRng::new(123));
    let context = attention.forward(Tensor::zeros([1, 1024, 768], &device()), &mut Mode::Eval);
    assert_eq!(context.dims(), [1, 1024, 768], "as many and as wide context vectors as inputs");
    for token in [0, 511, 1023] {
        let row = values(context.clone().slice(s![.., token..token + 1, ..]));
        let first = [0.0283, -0.0345, -0.0180, -0.0239, 0.0316, -0.0067, -0.0183, -0.0209];
        assert_close(&row[..8], &first, DIGITS_4);
        assert_close(&row[765..], &[0.0291, -0.0310, 0.0356], DIGITS_4);
    }
}
