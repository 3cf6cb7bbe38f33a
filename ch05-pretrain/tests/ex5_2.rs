//! The checks of exercise 5.2: of `solutions/ex5_2.rs`, or with the feature `my-solutions` of your file in
//! `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex5_2.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex5_2.rs", allow(unused))]
mod ex5_2;
mod exercise;

use ex5_2::{Kind, Settings};
use exercise::{LOGITS, WORDS};
use shared::rng::TorchRng;

/// softmax(logits / temperature) of the `top_k` largest logits, the plain way.
fn probabilities(temperature: f64, top_k: usize) -> [f64; 9] {
    let mut sorted = LOGITS;
    sorted.sort_by(|a, b| b.total_cmp(a));
    let weight = |logit: f32| if logit < sorted[top_k - 1] { 0.0 } else { (f64::from(logit) / temperature).exp() };
    let total: f64 = LOGITS.map(weight).iter().sum();
    LOGITS.map(|logit| weight(logit) / total)
}

// 中文：计算有效选择数
#[test]
fn ex5_2_measures_the_choices() {
    for (temperature, top_k) in [(1.0, 9), (0.1, 9), (5.0, 9), (1.0, 3), (5.0, 3), (2.0, 1), (100.0, 6)] {
        let entropy: f64 = probabilities(temperature, top_k).iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum();
        let found = ex5_2::effective_choices(&LOGITS, &Settings { temperature, top_k });
        let close = (found - entropy.exp()).abs() < 1e-4;
        assert!(close, "choices at temperature {temperature}, top-k {top_k}: {:.4}, not {found:.4}", entropy.exp());
    }
}

// 中文：为给定目标找到温度
#[test]
fn ex5_2_finds_the_temperature_for_a_goal() {
    for (top_k, goal) in [(9, 2.0), (9, 5.0), (9, 8.5), (3, 2.0), (6, 4.0), (2, 1.05)] {
        let found = ex5_2::temperature_for(&LOGITS, top_k, goal);
        let Some(temperature) = found else { panic!("top-k {top_k} can give {goal} choices") };
        let entropy: f64 = probabilities(temperature, top_k).iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum();
        let got = entropy.exp();
        let close = (got - goal).abs() <= 0.01;
        assert!(close, "temperature {temperature}, top-k {top_k} gives {got:.3} choices, not {goal}");
    }
}

// 中文：目标无法达到时如实说明
#[test]
fn ex5_2_says_when_a_goal_cannot_be_reached() {
    for (top_k, goal) in [(3, 3.5), (9, 10.0), (9, 0.5), (1, 2.0)] {
        let found = ex5_2::temperature_for(&LOGITS, top_k, goal);
        assert_eq!(found, None, "no temperature gives {goal} choices with top-k {top_k}");
    }
}

/// Counts of 10,000 draws with someone's settings.
fn draw_with(kind: Kind) -> [usize; 9] {
    let Settings { temperature, top_k } = ex5_2::settings_for(kind);
    assert!(temperature > 0.0 && temperature.is_finite(), "a temperature above 0, not {temperature}");
    assert!((1..=9).contains(&top_k), "a top-k from 1 to 9, not {top_k}");
    let probabilities = probabilities(temperature, top_k).map(|p| p as f32);
    let mut rng = TorchRng::new(123);
    let mut counts = [0; 9];
    (0..10_000).for_each(|_| counts[rng.multinomial(&probabilities)] += 1);
    counts
}

// 中文：重事实的设置坚持选最可能的词
#[test]
fn ex5_2_factual_settings_keep_to_the_best_word() {
    let forward = draw_with(Kind::Factual)[3];
    assert!(forward >= 9_000, "'forward' in at least 9,000 of 10,000 draws, not in {forward}: lower the temperature");
    assert!(forward < 10_000, "'forward' in every draw leaves no choice at all: raise the temperature a little");
}

// 中文：重创意的设置更大胆，但仍然合理
#[test]
fn ex5_2_creative_settings_dare_more_but_make_sense() {
    let counts = draw_with(Kind::Creative);
    for (word, count) in WORDS.into_iter().zip(counts) {
        if ["effort", "moves", "pizza"].contains(&word) {
            assert_eq!(count, 0, "'{word}' makes no sense here, but was drawn: which control cuts it off?");
        } else {
            assert!(count > 0, "'{word}' is never drawn");
            assert!(count <= 3_333, "'{word}' in {count} of 10,000 draws is more than a third: raise the temperature");
        }
    }
}
