//! The checks of exercise 3.3: of `solutions/ex3_3.rs`, or with the feature `my-solutions` of your file in
//! `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex3_3.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex3_3.rs", allow(unused))]
mod ex3_3;

use burn::module::Module;
use burn::tensor::{Device, Tensor, s};
use ch03_attention::{MultiHeadAttention, MultiHeadAttentionConfig};
use shared::Mode;
use shared::init::torch_init;
use shared::rng::TorchRng;
use testkit::{assert_close, values};

/// Half a unit of the fourth decimal, and a little for the order of the sums.
const DIGITS_4: f32 = 5.1e-5;

fn device() -> Device {
    Device::flex()
}

// 中文：各个尺寸与 GPT-2 相同
#[test]
fn ex3_3_the_sizes_are_those_of_gpt2() {
    let config = ex3_3::gpt2_small_attention();
    assert_eq!(config.num_heads, 12, "num_heads");
    assert_eq!((config.d_in, config.d_out), (768, 768), "d_in and d_out");
    assert_eq!(config.context_length, 1024, "context_length");
    assert_eq!((config.dropout, config.qkv_bias), (0.0, false), "dropout and qkv_bias keep their defaults");
    assert_eq!(
        MultiHeadAttention::new(&config, &device()).num_params(),
        2_360_064,
        "the module has 2.36 million parameters"
    );
}

// 中文：参数个数正确
#[test]
fn ex3_3_parameters_are_counted_right() {
    let gpt2 = MultiHeadAttentionConfig::new(768, 768, 1024, 12);
    assert_eq!(ex3_3::parameter_count(&gpt2), 2_360_064, "the smallest GPT-2");
    for config in [
        MultiHeadAttentionConfig::new(768, 768, 1024, 12).with_qkv_bias(true),
        MultiHeadAttentionConfig::new(5, 12, 8, 3),
        MultiHeadAttentionConfig::new(5, 12, 80, 4).with_qkv_bias(true),
    ] {
        let expected = MultiHeadAttention::new(&config, &device()).num_params();
        assert_eq!(ex3_3::parameter_count(&config), expected, "with these sizes: {config}");
    }
}

/// Zeros attend to zeros, and only the bias of the output projection is left.
// 中文：全零输入得到输出投影的偏置
#[test]
fn ex3_3_zeros_give_the_output_bias() {
    let attention =
        torch_init(MultiHeadAttention::new(&ex3_3::gpt2_small_attention(), &device()), &mut TorchRng::new(123));
    let context = attention.forward(Tensor::zeros([1, 1024, 768], &device()), &mut Mode::Eval);
    assert_eq!(context.dims(), [1, 1024, 768], "as many and as wide context vectors as inputs");
    for token in [0, 511, 1023] {
        let row = values(context.clone().slice(s![.., token..token + 1, ..]));
        let first = [0.0283, -0.0345, -0.0180, -0.0239, 0.0316, -0.0067, -0.0183, -0.0209];
        assert_close(&row[..8], &first, DIGITS_4);
        assert_close(&row[765..], &[0.0291, -0.0310, 0.0356], DIGITS_4);
    }
}
