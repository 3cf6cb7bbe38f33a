//! The checks of exercise 5.1: of `solutions/ex5_1.rs`, or with the feature `my-solutions` of your file in
//! `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex5_1.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex5_1.rs", allow(unused))]
mod ex5_1;
mod exercise;

use exercise::{LOGITS, WORDS};
use shared::rng::TorchRng;

const PIZZA: usize = 6;

// 中文：每个词都有计数
#[test]
fn ex5_1_counts_every_word() {
    for (temperature, expected) in [
        (1.0, [73, 0, 0, 582, 2, 0, 0, 343, 0]),
        (0.1, [0, 0, 0, 985, 0, 0, 0, 15, 0]),
        (5.0, [165, 75, 42, 239, 71, 46, 32, 227, 103]),
    ] {
        let found = ex5_1::count_draws(&LOGITS, temperature, 1000, &mut TorchRng::new(123));
        assert_eq!(found.len(), 9, "a count for every word, also for one that was never drawn");
        assert_eq!(found, expected, "counts of {WORDS:?} in 1,000 draws at temperature {temperature}");
    }
}

// 中文：抽取次数与要求相同
#[test]
fn ex5_1_draws_as_often_as_it_is_told() {
    for draws in [0, 1, 17] {
        let found = ex5_1::count_draws(&LOGITS, 5.0, draws, &mut TorchRng::new(1));
        assert_eq!(found.iter().sum::<usize>(), draws, "sum of the counts of {draws} draws");
    }
}

/// Relative 1e-5 for float32.
// 中文：不抽取也能算出概率
#[test]
fn ex5_1_knows_the_probability_without_drawing() {
    for (temperature, expected) in [(1.0, 0.0001012005), (0.1, 2.9718298e-38), (5.0, 0.04299796)] {
        let found = ex5_1::probability(&LOGITS, temperature, PIZZA);
        let close = ((found - expected) / expected).abs() < 1e-5;
        assert!(close, "the probability of pizza at temperature {temperature} is {expected:e}, not {found:e}");
    }
}

// 中文：解释期望与实际的差距
#[test]
fn ex5_1_explains_the_gap() {
    let found = ex5_1::noise(0.04299796, 1000);
    assert!((found - 6.4147).abs() < 1e-3, "noise of 1,000 draws at 0.043: √(1000 · 0.043 · 0.957), not {found}");
    let gap: f64 = 1000.0 * 0.04299796 - 32.0;
    assert!(gap < 2.0 * found, "43 expected hits and 32 found ones lie within two standard deviations");
}
