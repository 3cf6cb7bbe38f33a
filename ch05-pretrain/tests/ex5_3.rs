//! The checks of exercise 5.3: of `solutions/ex5_3.rs`, or with the feature `my-solutions` of your file in
//! `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex5_3.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex5_3.rs", allow(unused))]
mod ex5_3;
mod exercise;

use burn::tensor::Device;
use ch04_gpt::{GptModel, generate_text_simple};
use ch05_pretrain::tokens::{ids_to_tensor, tensor_to_ids};
use ch05_pretrain::{GenerateOptions, generate};
use exercise::tiny;
use shared::GptConfig;
use shared::init::torch_init;
use shared::rng::TorchRng;

fn small_model() -> GptModel {
    let config = GptConfig { vocab_size: 211, context_length: 16, emb_dim: 32, n_heads: 4, ..tiny() };
    torch_init(GptModel::new(&config, &Device::flex()), &mut TorchRng::new(123))
}

/// 30 ids of the small model, with this seed.
fn write(options: &GenerateOptions, seed: u64) -> Vec<u32> {
    let prompt = ids_to_tensor(&[5, 60, 7], &Device::flex());
    tensor_to_ids(generate(&small_model(), prompt, options, &mut TorchRng::new(seed)).expect("options that fit"))
}

// 中文：两组设置都给出贪心生成的文本
#[test]
fn ex5_3_both_settings_give_the_greedy_text() {
    let prompt = ids_to_tensor(&[5, 60, 7], &Device::flex());
    let greedy = tensor_to_ids(generate_text_simple(&small_model(), prompt, 30, 16));
    for (which, options) in ex5_3::deterministic_settings(30, 16).iter().enumerate() {
        for seed in 0..4 {
            let found = write(options, seed);
            assert_eq!(found, greedy, "setting {} with seed {seed} gives another text than greedy", which + 1);
        }
    }
}

// 中文：两组设置是两种不同的方法
#[test]
fn ex5_3_the_settings_are_two_different_ways() {
    let [first, second] = ex5_3::deterministic_settings(30, 16);
    assert_eq!(first.temperature, 0.0, "temperature of the first setting");
    assert!(second.temperature > 0.0, "the second setting has a temperature above 0");
    for options in [first, second] {
        assert_eq!((options.max_new_tokens, options.context_size), (30, 16), "tokens and context are those asked for");
        assert_eq!(options.eos_id, None, "the settings have no end token");
    }
}

// 中文：分清随机与确定
#[test]
fn ex5_3_tells_chance_from_certainty() {
    for (temperature, top_k, expected) in [
        (0.0, None, true),
        (0.0, Some(25), true),
        (1.0, Some(1), true),
        (5.0, Some(1), true),
        (0.0, Some(1), true),
        (1.0, None, false),
        (0.3, Some(2), false),
        (1.5, Some(50), false),
    ] {
        let options = GenerateOptions { temperature, top_k, ..GenerateOptions::greedy(30, 16) };
        let found = ex5_3::is_deterministic(&options);
        assert_eq!(found, expected, "is temperature {temperature} with top-k {top_k:?} deterministic?");
        let same = (1..6).all(|seed| write(&options, seed) == write(&options, 0));
        assert_eq!(same, expected, "six seeds, temperature {temperature}, top-k {top_k:?}");
    }
}
