//! The numbers of section 5.3, each test named after the number's id, and the rules of `generate`.

#![expect(clippy::approx_constant, clippy::excessive_precision, reason = "the specification's digits; 6.28 is a logit")]

use burn::tensor::{Device, Int, Tensor};
use ch04_gpt::{GptModel, generate_text_simple};
use ch05_pretrain::generate::{choose_token, softmax_with_temperature, top_k_filter};
use ch05_pretrain::tokens::tensor_to_ids;
use ch05_pretrain::{GenerateError, GenerateOptions, generate};
use shared::GptConfig;
use shared::init::torch_init;
use shared::rng::TorchRng;

/// The toy vocabulary: closer, every, effort, forward, inches, moves, pizza, toward, you.
const LOGITS: [f32; 9] = [4.51, 0.89, -1.90, 6.75, 1.63, -1.62, -1.89, 6.28, 1.79];

fn logits() -> Tensor<1> {
    Tensor::from_floats(LOGITS, &Device::flex())
}

fn probabilities(temperature: f64) -> Vec<f32> {
    softmax_with_temperature(logits(), temperature).into_data().iter::<f32>().collect()
}

fn draws(temperature: f64, n: usize) -> Vec<usize> {
    let (probabilities, mut rng) = (probabilities(temperature), TorchRng::new(123));
    (0..n).map(|_| rng.multinomial(&probabilities)).collect()
}

fn counts(temperature: f64) -> [usize; 9] {
    let mut counts = [0; 9];
    draws(temperature, 1000).into_iter().for_each(|id| counts[id] += 1);
    counts
}

#[test]
fn n5_3_argmax_and_multinomial_1() {
    let mut rng = TorchRng::new(123);
    assert_eq!(choose_token(logits().unsqueeze(), 0.0, None, &mut rng), Ok(vec![3]));
    assert_eq!(rng, TorchRng::new(123), "the most likely token costs no draw");
    assert_eq!(choose_token(logits().unsqueeze(), 1.0, None, &mut rng), Ok(vec![3]));
}

#[test]
fn n5_3_counts() {
    assert_eq!(counts(1.0), [73, 0, 0, 582, 2, 0, 0, 343, 0]);
    assert_eq!(counts(0.1), [0, 0, 0, 985, 0, 0, 0, 15, 0]);
    assert_eq!(counts(5.0), [165, 75, 42, 239, 71, 46, 32, 227, 103]);
}

#[test]
fn n5_3_draws() {
    assert_eq!(draws(1.0, 20), [3, 3, 7, 7, 7, 7, 3, 3, 3, 7, 3, 7, 7, 3, 7, 7, 3, 7, 3, 3]);
    assert_eq!(draws(0.1, 20), [3; 20]);
    assert_eq!(draws(5.0, 20), [1, 0, 7, 7, 0, 7, 2, 7, 2, 7, 8, 8, 5, 5, 7, 5, 3, 5, 0, 1]);
}

/// Relative 1e-5: eight digits are known, float32 has seven.
#[test]
fn n5_3_probas() {
    let close = |found: Vec<f32>, expected: [f32; 9]| {
        for (f, e) in found.iter().zip(expected) {
            assert!(((f - e) / e).abs() < 1e-5, "{f} is not {e}");
        }
    };
    close(
        probabilities(1.0),
        [
            0.060907055,
            0.0016312533,
            0.00010019361,
            0.572_120_01,
            0.0034190028,
            0.00013256911,
            0.0001012005,
            0.357_576_37,
            0.0040122359,
        ],
    );
    let cold = probabilities(0.1);
    assert!((cold[3] - 0.990_986_65).abs() < 1e-6 && (cold[7] - 0.009013325).abs() < 1e-7);
    close(
        probabilities(5.0),
        [
            0.154_648_17,
            0.074974842,
            0.042912047,
            0.242_052_02,
            0.086934291,
            0.045383681,
            0.04299796,
            0.220_335_78,
            0.089761183,
        ],
    );
}

#[test]
fn n5_3_topk() {
    let (top, positions) = logits().topk_with_indices(3, 0);
    assert_eq!(top.into_data().iter::<f32>().collect::<Vec<_>>(), [6.75, 6.28, 4.51]);
    assert_eq!(positions.into_data().iter::<i64>().collect::<Vec<_>>(), [3, 7, 0]);
    let masked: Vec<f32> = top_k_filter(logits().unsqueeze(), 3).into_data().iter::<f32>().collect();
    let none = f32::NEG_INFINITY;
    assert_eq!(masked, [4.51, none, none, 6.75, none, none, none, 6.28, none]);
    let kept = softmax_with_temperature(top_k_filter(logits().unsqueeze(), 3), 1.0);
    let expected = [0.0615, 0.0, 0.0, 0.5775, 0.0, 0.0, 0.0, 0.3610, 0.0];
    for (found, expected) in kept.into_data().iter::<f32>().zip(expected) {
        assert!((found - expected).abs() < 5e-5, "{found} is not {expected}");
    }
}

/// Logits equal to the last one that is kept stay as well, as in the book's code.
#[test]
fn ties_at_the_threshold_survive() {
    let logits = Tensor::<2>::from_floats([[1.0, 3.0, 2.0, 2.0]], &Device::flex());
    let kept: Vec<f32> = top_k_filter(logits, 2).into_data().iter::<f32>().collect();
    assert_eq!(kept, [f32::NEG_INFINITY, 3.0, 2.0, 2.0]);
}

/// `exp((logit - largest) / temperature)`, normalized, in 64 bits (Python). Temperatures and logits reach beyond the range of
/// 32 bits, or divided by each other leave it. 1e-6: float32 has seven digits.
#[test]
fn temperatures_at_the_edge_of_32_bits() {
    for (logits, temperature, expected) in [
        ([3e38, 0.0, -3e38], 1e39, [0.4367518169107908, 0.32355370388335947, 0.23969447920584977]),
        ([2e19, 1e19, -3e19], 5e19, [0.45732888405528543, 0.37442922164689685, 0.16824189429781775]),
        ([2.0, -1.0, 0.5], 1e308, [1.0 / 3.0; 3]),
        ([1e9, 1e9 - 64.0, -1e9], 1e-30, [1.0, 0.0, 0.0]),
    ] {
        let logits = Tensor::<1>::from_floats(logits, &Device::flex());
        let found = softmax_with_temperature(logits, temperature).into_data();
        for (found, expected) in found.iter::<f64>().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "temperature {temperature}: {found} is not {expected}");
        }
    }
}

/// The three most likely of the toy vocabulary are 3, 7 and 0. Where the temperature makes all equally likely, each is drawn
/// 100 times of 300; fewer than 60 happen once in a million runs.
#[test]
fn no_temperature_leaves_the_top_k() {
    for temperature in [0.0, 1e-300, 1e-30, 1e-20, 0.1, 1.0, 1e19, 1e38, 1e39, 1e300, f64::MAX] {
        let (mut counts, mut rng) = ([0; 9], TorchRng::new(123));
        for _ in 0..300 {
            counts[choose_token(logits().unsqueeze(), temperature, Some(3), &mut rng).unwrap()[0] as usize] += 1;
        }
        let top = [counts[3], counts[7], counts[0]];
        assert_eq!(top.iter().sum::<i32>(), 300, "temperature {temperature}: {counts:?}");
        if temperature > 1e10 {
            assert!(top.iter().all(|&count| count > 60), "temperature {temperature}: {counts:?}");
        }
        if temperature < 1e-10 {
            assert_eq!(top[0], 300, "temperature {temperature}: {counts:?}");
        }
    }
}

/// A model that has diverged has no next token, not even token 0.
#[test]
fn logits_that_are_not_finite_are_an_error() {
    let choose = |logits: [f32; 4], temperature, top_k| {
        let logits = Tensor::<2>::from_floats([logits], &Device::flex());
        choose_token(logits, temperature, top_k, &mut TorchRng::new(123))
    };
    for nan in [[f32::NAN; 4], [1.0, 2.0, f32::NAN, 0.5]] {
        for (temperature, top_k) in [(0.0, None), (0.0, Some(2)), (0.8, None), (0.8, Some(2)), (1e39, Some(1))] {
            assert_eq!(choose(nan, temperature, top_k), Err(GenerateError::NotFinite), "{temperature}, {top_k:?}");
        }
    }
    let infinite = [1.0, 2.0, f32::INFINITY, 0.5];
    assert_eq!(choose(infinite, 0.8, None), Err(GenerateError::NotFinite));
    assert_eq!(choose(infinite, 0.0, None), Ok(vec![2]));
    // A token can be ruled out.
    assert_eq!(choose([f32::NEG_INFINITY, 2.0, 1.0, f32::NEG_INFINITY], 1e-9, None), Ok(vec![1]));
}

#[test]
fn a_model_of_not_a_numbers_generates_nothing() {
    let mut broken = model();
    broken.out_head.weight = broken.out_head.weight.map(|weight| weight * f32::NAN);
    let error = generate(&broken, prompt(), &GenerateOptions::greedy(3, 16), &mut TorchRng::new(1)).unwrap_err();
    assert!(error.to_string().contains("logits are not finite numbers"), "{error}");
}

fn model() -> GptModel {
    let config = GptConfig {
        vocab_size: 211,
        context_length: 16,
        emb_dim: 32,
        n_heads: 4,
        n_layers: 2,
        drop_rate: 0.1,
        qkv_bias: false,
    };
    torch_init(GptModel::new(&config, &Device::flex()), &mut TorchRng::new(123))
}

fn prompt() -> Tensor<2, Int> {
    Tensor::from_ints([[5, 60, 7]], &Device::flex())
}

fn write(options: &GenerateOptions, seed: u64) -> Vec<u32> {
    tensor_to_ids(generate(&model(), prompt(), options, &mut TorchRng::new(seed)).unwrap())
}

/// What exercise 5.3 asks for.
#[test]
fn temperature_0_and_top_k_1_are_deterministic_and_equal_greedy() {
    let greedy = tensor_to_ids(generate_text_simple(&model(), prompt(), 12, 16));
    let top_1 = GenerateOptions { temperature: 1.0, top_k: Some(1), ..GenerateOptions::greedy(12, 16) };
    for seed in [1, 2] {
        assert_eq!(write(&GenerateOptions::greedy(12, 16), seed), greedy);
        assert_eq!(write(&top_1, seed), greedy);
    }
}

/// Divided by it, the logits leave the range of 32 bits.
#[test]
fn next_to_0_is_0() {
    let greedy = write(&GenerateOptions::greedy(12, 16), 1);
    for temperature in [1e-9, 1e-31, 1e-40, f64::MIN_POSITIVE] {
        assert_eq!(write(&GenerateOptions { temperature, ..GenerateOptions::greedy(12, 16) }, 1), greedy);
    }
}

#[test]
fn writing_ends_before_the_end_token() {
    let all = write(&GenerateOptions::greedy(12, 16), 1);
    let end = all[3 + 4];
    let first = all[3..].iter().position(|&id| id == end).unwrap();
    let options = GenerateOptions { eos_id: Some(end), ..GenerateOptions::greedy(12, 16) };
    assert_eq!(write(&options, 1), all[..3 + first]);
}

#[test]
fn options_that_do_not_fit_are_named() {
    let try_with = |options: GenerateOptions| {
        generate(&model(), prompt(), &options, &mut TorchRng::new(1)).unwrap_err().to_string()
    };
    let good = GenerateOptions::greedy(1, 16);
    let of = |temperature| try_with(GenerateOptions { temperature, ..good.clone() });
    assert_eq!(of(-1.0), "the temperature is -1, but must be at least 0 and finite");
    assert!(of(f64::NAN).contains("NaN"));
    for top_k in [0, 212] {
        let error = try_with(GenerateOptions { top_k: Some(top_k), ..good.clone() });
        assert!(error.contains(&format!("top-k is {top_k}")) && error.contains("at most 211"), "{error}");
    }
    let context = try_with(GenerateOptions { context_size: 17, ..good.clone() });
    assert_eq!(context, "the context size is 17, but must be at least 1 and at most 16");
    let empty = prompt().slice([0..1, 0..0]);
    let error = generate(&model(), empty, &good, &mut TorchRng::new(1)).unwrap_err();
    assert_eq!(error, GenerateError::EmptyPrompt);
}
