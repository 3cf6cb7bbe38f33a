//! The checks of exercise 3.2: of `solutions/ex3_2.rs`, or with the feature `my-solutions` of your file in
//! `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex3_2.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex3_2.rs", allow(unused))]
mod ex3_2;

use burn::tensor::Device;
use ch03_attention::MultiHeadAttentionWrapper;
use ch03_attention::running_example::batch;
use shared::Mode;
use shared::init::torch_init;
use shared::rng::TorchRng;
use testkit::{assert_close, values};

fn device() -> Device {
    Device::flex()
}

// 中文：配置适合贯穿本章的例子
#[test]
fn ex3_2_the_config_fits_the_running_example() {
    let config = ex3_2::two_columns_from_two_heads();
    assert_eq!(config.num_heads, 2, "num_heads: there are still two heads");
    assert_eq!(config.d_in, 3, "d_in: a token of the running example has 3 numbers");
    assert!(config.context_length >= 6, "context_length: the sentence has 6 tokens");
}

// 中文：上下文向量有两列
#[test]
fn ex3_2_context_vectors_have_two_columns() {
    let config = ex3_2::two_columns_from_two_heads();
    let wrapper = torch_init(MultiHeadAttentionWrapper::new(&config, &device()), &mut TorchRng::new(123));
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
