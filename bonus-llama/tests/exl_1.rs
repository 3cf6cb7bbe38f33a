//! The checks of exercise L.1: of `solutions/exl_1.rs`, or with the feature `my-solutions` of your file in
//! `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/exl_1.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/exl_1.rs", allow(unused))]
mod exl_1;

use bonus_llama::Rope;
use burn::tensor::{Device, Tensor, s};
use exl_1::{Layout, frequencies, rotate};
use shared::init::randn;
use shared::rng::TorchRng;

fn check(found: Tensor<4>, expected: &[f32], tolerance: f32, message: &str) {
    let found: Vec<f32> = found.into_data().iter().collect();
    assert_eq!(found.len(), expected.len(), "number of values: {message}");
    let far = found.iter().zip(expected).position(|(found, expected)| (found - expected).abs() > tolerance);
    if let Some(i) = far {
        panic!("{message}: value {i} is {}, but should be {}", found[i], expected[i]);
    }
}

/// 1 to 8, a head of one token.
fn head() -> Tensor<4> {
    Tensor::<1>::from_floats([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], &Device::flex()).reshape([1, 1, 1, 8])
}

// 中文：每一对的频率
#[test]
fn exl_1_frequencies_of_the_pairs() {
    for (found, expected) in frequencies(8, 10_000.0).into_iter().zip([1.0, 0.1, 0.01, 0.001]) {
        let close = (found - expected).abs() < 1e-9f64;
        assert!(close, "with base 10,000 and 8 numbers a frequency is {expected}, not {found}");
    }
    assert_eq!(frequencies(64, 100_000.0).len(), 32, "one frequency for each pair of a head of width 64");
}

// 中文：前后两半成对
#[test]
fn exl_1_halves() {
    let expected = [-1.695593, 0.137552, 2.788682, 3.975982, -4.808842, 6.323059, 7.086837, 8.011964];
    check(rotate(head(), 3, 10_000.0, Layout::Halves), &expected, 2e-6, "1 to 8 at position 3");
}

// 中文：相邻的数成对
#[test]
fn exl_1_neighbours() {
    let expected = [-1.272233, -1.838865, 1.683929, 4.707907, 4.817777, 6.147278, 6.975969, 8.020964];
    check(rotate(head(), 3, 10_000.0, Layout::Neighbours), &expected, 2e-6, "1 to 8 at position 3");
}

// 中文：位置 0 不旋转
#[test]
fn exl_1_position_0_turns_nothing() {
    let expected: Vec<f32> = head().into_data().iter().collect();
    for layout in [Layout::Halves, Layout::Neighbours] {
        check(rotate(head(), 0, 10_000.0, layout), &expected, 0.0, "the first token of a text stays as it is");
    }
}

// 中文：多个词元，从中间的位置开始
#[test]
fn exl_1_several_tokens_from_the_middle_of_a_text() {
    let device = Device::flex();
    let x: Tensor<4> = randn([2, 3, 5, 16], &mut TorchRng::new(123), &device);
    let expected = Rope::new(16, 100_000.0, None).rotation(700..705, &device).apply(x.clone());
    let expected: Vec<f32> = expected.into_data().iter().collect();
    let found = rotate(x, 700, 100_000.0, Layout::Halves);
    assert_eq!(found.dims(), [2, 3, 5, 16], "the shape stays");
    check(found, &expected, 1e-5, "two texts, three heads, positions 700 to 704");
}

// 中文：分数只取决于距离
#[test]
fn exl_1_scores_depend_on_the_distance() {
    let device = Device::flex();
    let [query, key] = [1, 2].map(|seed| randn([1, 1, 1, 16], &mut TorchRng::new(seed), &device));
    for layout in [Layout::Halves, Layout::Neighbours] {
        let score = |q: usize, k: usize| -> f32 {
            let [q, k] = [(&query, q), (&key, k)].map(|(x, at)| rotate(Tensor::clone(x), at, 10_000.0, layout));
            (q * k).sum().into_scalar()
        };
        let (near, far) = (score(9, 4), score(509, 504));
        assert!((near - far).abs() < 1e-4, "five tokens apart, the score is {near} at the start and {far} later on");
        assert!((near - score(9, 5)).abs() > 1e-3, "four tokens apart, it must differ from {near}");
    }
}

// 中文：一种布局是另一种布局重新排列的结果
#[test]
fn exl_1_each_layout_is_the_other_one_reordered() {
    let x: Tensor<4> = randn([1, 2, 4, 8], &mut TorchRng::new(5), &Device::flex());
    // [0, 4, 1, 5, …]: halves become neighbours.
    let reorder = |x: Tensor<4>| {
        let halves = vec![x.clone().slice(s![.., .., .., ..4]), x.slice(s![.., .., .., 4..])];
        Tensor::stack::<5>(halves, 4).reshape([1, 2, 4, 8])
    };
    let expected: Vec<f32> = reorder(rotate(x.clone(), 10, 10_000.0, Layout::Halves)).into_data().iter().collect();
    let found = rotate(reorder(x), 10, 10_000.0, Layout::Neighbours);
    check(found, &expected, 1e-5, "rotating neighbours is rotating halves, in another order");
}
