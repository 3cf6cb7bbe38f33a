//! The checks of exercise L.2: of `solutions/exl_2.rs`, or with the feature `my-solutions` of your file in
//! `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/exl_2.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/exl_2.rs", allow(unused))]
mod exl_2;

use burn::module::Param;
use burn::tensor::{Device, Tensor, s};
use ch03_attention::{MultiHeadAttention, MultiHeadAttentionConfig};
use exl_2::{from_multi_head, pool_heads};
use shared::init::{randn, torch_init};
use shared::rng::TorchRng;
use shared::{Linear, Mode};

const HEADS: usize = 6;

/// Width 24 in six heads, with biases.
fn multi_head() -> MultiHeadAttention {
    let config = MultiHeadAttentionConfig::new(24, 24, 8, HEADS).with_qkv_bias(true);
    torch_init(MultiHeadAttention::new(&config, &Device::flex()), &mut TorchRng::new(123))
}

fn inputs() -> Tensor<3> {
    randn([2, 5, 24], &mut TorchRng::new(456), &Device::flex())
}

fn values<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().iter().collect()
}

fn check<const D: usize>(found: Tensor<D>, expected: Tensor<D>, message: &str) {
    assert_eq!(found.dims(), expected.dims(), "shape: {message}");
    let (found, expected) = (values(found), values(expected));
    let far = found.iter().zip(&expected).position(|(found, expected)| (found - expected).abs() > 1e-5);
    if let Some(i) = far {
        panic!("{message}: value {i} is {}, but should be {}", found[i], expected[i]);
    }
}

/// The same columns for both heads of each of three groups.
fn with_equal_pairs(projection: &Linear) -> Linear {
    let twice = |x: Tensor<2>| {
        let [rows, _] = x.dims();
        let first = x.reshape([rows, 3, 2, 4]).slice(s![.., .., ..1, ..]);
        first.repeat_dim(2, 2).reshape([rows, 24])
    };
    let bias = projection.bias.as_ref().unwrap().val().unsqueeze_dim::<2>(0);
    let weight = Param::from_tensor(twice(projection.weight.val()));
    Linear::from_params(weight, Some(Param::from_tensor(twice(bias).squeeze_dim::<1>(0))))
}

// 中文：相邻的头取平均
#[test]
fn exl_2_neighbouring_heads_are_averaged() {
    let device = Device::flex();
    let weight = Tensor::<2>::from_floats([[1.0, 2.0, 3.0, 4.0, 50.0, 60.0, 70.0, 80.0]], &device);
    let bias = Tensor::<1>::from_floats([0.0, 1.0, 1.0, 2.0, 5.0, 5.0, 7.0, 7.0], &device);
    let projection = Linear::from_params(Param::from_tensor(weight), Some(Param::from_tensor(bias)));
    let pooled = pool_heads(&projection, 4, 2);
    assert_eq!(values(pooled.weight.val()), [2.0, 3.0, 60.0, 70.0], "four heads of width 2 become two");
    let bias = pooled.bias.expect("a projection with a bias keeps it");
    assert_eq!(values(bias.val()), [0.5, 1.5, 6.0, 6.0], "the bias is averaged like the weight");
    let one = pool_heads(&Linear { bias: None, ..projection }, 4, 1);
    assert_eq!(values(one.weight.val()), [31.0, 36.5], "all four heads become one");
    assert!(one.bias.is_none(), "a projection without a bias gets none");
}

// 中文：只有键和值变小
#[test]
fn exl_2_only_keys_and_values_shrink() {
    let attention = multi_head();
    let grouped = from_multi_head(&attention, 2);
    assert_eq!((grouped.num_heads, grouped.num_kv_heads), (HEADS, 2), "heads of queries, heads of keys and values");
    assert_eq!(grouped.w_key.weight.dims(), [24, 8], "keys: two heads of width 4");
    assert_eq!(grouped.w_value.weight.dims(), [24, 8], "values: two heads of width 4");
    check(grouped.w_query.weight.val(), attention.w_query.weight.val(), "the queries stay");
    check(grouped.out_proj.weight.val(), attention.out_proj.weight.val(), "the output projection stays");
}

// 中文：组数等于头数时结果不变
#[test]
fn exl_2_as_many_groups_as_heads_change_nothing() {
    let attention = multi_head();
    let found = from_multi_head(&attention, HEADS).forward(inputs());
    check(found, attention.forward(inputs(), &mut Mode::Eval), "six groups of one head");
}

// 中文：同组的头相同时没有损失
#[test]
fn exl_2_groups_of_equal_heads_lose_nothing() {
    let mut attention = multi_head();
    attention.w_key = with_equal_pairs(&attention.w_key);
    attention.w_value = with_equal_pairs(&attention.w_value);
    let found = from_multi_head(&attention, 3).forward(inputs());
    check(found, attention.forward(inputs(), &mut Mode::Eval), "three groups of two equal heads");
}

// 中文：未来仍然被遮住
#[test]
fn exl_2_the_future_stays_hidden() {
    let grouped = from_multi_head(&multi_head(), 1);
    let beginning = grouped.forward(inputs().slice(s![.., ..3, ..]));
    check(beginning, grouped.forward(inputs()).slice(s![.., ..3, ..]), "later tokens must not matter");
}
