//! The checks of exercise L.3: of `solutions/exl_3.rs`, or with the feature `my-solutions` of your file in
//! `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/exl_3.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/exl_3.rs", allow(unused))]
mod exl_3;

use bonus_llama::feed_forward::Activation;
use bonus_llama::{GatedFeedForward, LlamaConfig};
use burn::module::Param;
use burn::tensor::{Device, Tensor};
use exl_3::{Adapter, Adapters, forward_with, merge, unmerge};
use shared::Linear;
use shared::init::{randn, torch_init};
use shared::rng::TorchRng;

fn values<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().iter().collect()
}

fn check(found: &[f32], expected: &[f32], message: &str) {
    assert_eq!(found.len(), expected.len(), "number of values: {message}");
    let far = found.iter().zip(expected).position(|(found, expected)| (found - expected).abs() > 2e-5);
    if let Some(i) = far {
        panic!("{message}: value {i} is {}, but should be {}", found[i], expected[i]);
    }
}

fn matrix<const R: usize, const C: usize>(rows: [[f32; C]; R]) -> Tensor<2> {
    Tensor::from_floats(rows, &Device::flex())
}

/// Two numbers in, three inside, two out. The rows here are those of PyTorch.
fn small() -> GatedFeedForward {
    let linear = |weight: Tensor<2>| Linear::from_params(Param::from_tensor(weight.transpose()), None);
    GatedFeedForward {
        gate: linear(matrix([[0.5, 1.0], [-1.0, 0.25], [2.0, 0.0]])),
        up: linear(matrix([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])),
        down: linear(matrix([[1.0, 2.0, 3.0], [-1.0, 0.5, 0.0]])),
        activation: Activation::Silu,
    }
}

fn small_adapters() -> Adapters {
    let gate = Adapter { a: matrix([[1.0, 1.0]]), b: matrix([[1.0], [-1.0], [0.5]]), alpha: 2.0 };
    let up =
        Adapter { a: matrix([[1.0, 0.0], [0.0, 1.0]]), b: matrix([[1.0, 1.0], [0.0, -1.0], [3.0, 0.0]]), alpha: 1.0 };
    let down = Adapter { a: matrix([[1.0, 1.0, 0.0]]), b: matrix([[0.5], [-1.0]]), alpha: 4.0 };
    Adapters { gate: Some(gate), up: Some(up), down: Some(down) }
}

fn one_token() -> Tensor<3> {
    matrix([[1.0, -2.0]]).unsqueeze()
}

/// One adapter at a time, then all three, with the results for the input [1, -2].
fn cases() -> [(Adapters, [f32; 2], &'static str); 5] {
    let all = small_adapters();
    let none = Adapters::default();
    [
        (none.clone(), [-4.463868, 0.547277], "no adapter"),
        (Adapters { gate: all.gate.clone(), ..none.clone() }, [-3.540687, -0.208637], "an adapter of the gate"),
        (Adapters { up: all.up.clone(), ..none.clone() }, [3.052849, 0.273638], "an adapter of rank 2 of up"),
        (Adapters { down: all.down.clone(), ..none }, [-3.916591, -0.547277], "an adapter of down"),
        (all, [-0.302220, 1.345786], "all three adapters"),
    ]
}

/// A network of the size of a small Llama, and adapters of rank 4 whose values are as large as the weights.
fn large() -> (GatedFeedForward, Adapters, Tensor<3>) {
    let (device, mut rng) = (Device::flex(), TorchRng::new(123));
    let config = LlamaConfig::preset("tiny").unwrap();
    let ff = torch_init(GatedFeedForward::new(&config, &device), &mut rng);
    let mut adapter = |d_in: usize, d_out: usize| {
        let a = randn([4, d_in], &mut rng, &device) * 0.1;
        Some(Adapter { a, b: randn([d_out, 4], &mut rng, &device) * 0.1, alpha: 8.0 })
    };
    let (width, hidden) = (config.emb_dim, config.hidden_dim);
    let adapters = Adapters { gate: adapter(width, hidden), up: adapter(width, hidden), down: adapter(hidden, width) };
    (ff, adapters, randn([2, 3, width], &mut rng, &device))
}

// 中文：适配器在旁边
#[test]
fn exl_3_adapters_beside_the_weights() {
    for (adapters, expected, message) in cases() {
        check(&values(forward_with(&small(), &adapters, one_token())), &expected, message);
    }
}

// 中文：适配器已合并
#[test]
fn exl_3_merged_adapters() {
    for (adapters, expected, message) in cases() {
        check(&values(merge(small(), &adapters).forward(one_token())), &expected, message);
    }
}

// 中文：两种形式结果一致
#[test]
fn exl_3_both_forms_agree() {
    let (ff, adapters, x) = large();
    let beside = values(forward_with(&ff, &adapters, x.clone()));
    let plain = values(ff.forward(x.clone()));
    assert!(beside.iter().zip(&plain).any(|(a, b)| (a - b).abs() > 0.01), "the adapters must change something");
    check(&values(merge(ff, &adapters).forward(x)), &beside, "merged and side by side");
}

// 中文：没有适配器的矩阵不变
#[test]
fn exl_3_matrices_without_an_adapter_stay() {
    let (ff, adapters, _) = large();
    let merged = merge(ff.clone(), &Adapters { up: None, ..adapters });
    assert_eq!(values(merged.up.weight.val()), values(ff.up.weight.val()), "up has no adapter");
    assert_ne!(values(merged.gate.weight.val()), values(ff.gate.weight.val()), "gate has one");
}

// 中文：取出之后恢复原来的权重
#[test]
fn exl_3_unmerging_brings_the_weights_back() {
    let (ff, adapters, _) = large();
    let back = unmerge(merge(ff.clone(), &adapters), &adapters);
    for (name, found, expected) in [("gate", back.gate, ff.gate), ("up", back.up, ff.up), ("down", back.down, ff.down)]
    {
        check(&values(found.weight.val()), &values(expected.weight.val()), name);
    }
}
