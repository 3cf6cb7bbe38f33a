//! Each idea with numbers small enough for a sheet of paper: `tests/golden/micro.json`, computed with 64 bits.
//!
//! Our operations use 32 bits, so a handful of sums and products are off by 1e-6 ([`FLOAT32`]). What stays on the
//! host in 64 bits is compared relatively, within 1e-9.

mod common;

use bonus_llama::attention::{attention_weights, share};
use bonus_llama::feed_forward::{Activation, GatedFeedForward};
use bonus_llama::gemma3::{embedding_factor, score_factor, usual_full_layers};
use bonus_llama::rope_scaling::slow_down;
use bonus_llama::{Family, Gemma3Config, LlamaConfig, RmsNorm, Rope, RopeScaling};
use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use ch04_gpt::bonus::KvCache;
use ch04_gpt::bonus::sliding_window::window_mask;
use common::{json, numbers};
use serde_json::Value;
use shared::Linear;
use testkit::{assert_close, assert_near, assert_relatively_close, values};

const FLOAT32: f32 = 1e-6;

fn micro(part: &str) -> Value {
    json("micro.json")[part].clone()
}

/// A tensor with all numbers of `value`.
fn tensor<const D: usize>(value: &Value, shape: [usize; D]) -> Tensor<D> {
    Tensor::from_data(TensorData::new(numbers(value), shape), &Device::flex())
}

#[test]
fn rms_norm() {
    let golden = micro("rmsnorm");
    let x: Tensor<2> = tensor(&golden["x"], [1, 4]);
    let norm =
        |one_plus: bool, eps: f64| RmsNorm { weight: Param::from_tensor(tensor(&golden["w"], [4])), eps, one_plus };
    let check = |norm: RmsNorm, x: &Tensor<2>, expected: &str| {
        assert_close(&values(norm.forward(x.clone())), &numbers(&golden[expected]), FLOAT32);
    };
    check(norm(false, 1e-5), &x, "llama");
    check(norm(true, 1e-5), &x, "gemma_one_plus_w");
    check(norm(false, 0.5), &x, "big_eps_0.5");
    check(norm(false, 1e-6), &x.zeros_like(), "zero_vector_eps_1e-6");
}

#[test]
fn a_new_norm_scales_by_one() {
    let device = Device::flex();
    let x: Tensor<2> = tensor(&micro("rmsnorm")["x"], [1, 4]);
    let [llama, gemma] = [RmsNorm::new(4, 1e-5, &device), RmsNorm::one_plus(4, 1e-5, &device)];
    let y = values(llama.forward(x.clone()));
    assert_eq!(y, values(gemma.forward(x)));
    let mean_square = y.iter().map(|y| y * y).sum::<f32>() / 4.0;
    assert_near(mean_square, 1.0, 1e-5);
}

#[test]
fn rope_tables() {
    let golden = micro("rope_tables");
    let rope = Rope::new(8, 10_000.0, None);
    let frequencies: Vec<f32> = rope.frequencies.iter().map(|&f| f as f32).collect();
    assert_close(&frequencies, &numbers(&golden["inv_freq"]), 1e-9);
    for (row, position) in numbers(&golden["positions"]).into_iter().enumerate() {
        let position = position as usize;
        let rotation = rope.rotation(position..position + 1, &Device::flex());
        // Rounded once from 64 bits.
        assert_close(&values(rotation.cos), &numbers(&golden["cos_half"][row]), 1e-7);
        assert_close(&values(rotation.sin), &numbers(&golden["sin_half"][row]), 1e-7);
    }
}

/// A head of width 8 at a position, rotated.
fn rotated(x: Tensor<4>, position: usize) -> Vec<f32> {
    let rope = Rope::new(8, 10_000.0, None);
    values(rope.rotation(position..position + 1, &x.device()).apply(x))
}

#[test]
fn rope_turns_the_pairs_of_both_halves() {
    let golden = micro("rope_apply");
    let x: Tensor<4> = tensor(&golden["x"], [1, 1, 1, 8]);
    // Values up to 8, where neighbours in 32 bits are 5e-7 apart.
    assert_close(&rotated(x.clone(), 3), &numbers(&golden["half_split"]), 2e-6);
    assert_eq!(rotated(x, 0), numbers(&golden["half_split_position_0"]));
}

/// What a loader does with the rows of Meta's layout: our rotation of the reordered rows is theirs, reordered.
#[test]
fn rope_of_neighbours_is_ours_after_reordering() {
    let golden = micro("permute");
    let half_of_neighbour: Vec<usize> =
        numbers(&golden["gguf_row_from_hf_row"]).iter().map(|&row| row as usize).collect();
    let neighbours = numbers(&golden["x_perm"]);
    let (mut halves, mut expected) = (vec![0.0; 8], vec![0.0; 8]);
    let turned = numbers(&golden["interleaved_of_x_perm"]);
    for (neighbour, &half) in half_of_neighbour.iter().enumerate() {
        halves[half] = neighbours[neighbour];
        expected[half] = turned[neighbour];
    }
    let x = Tensor::<1>::from_floats(halves.as_slice(), &Device::flex()).reshape([1, 1, 1, 8]);
    assert_close(&rotated(x, 3), &expected, 2e-6);
}

#[test]
fn rope_sees_distances_only_and_keeps_lengths() {
    let golden = micro("rope_apply");
    let query: Tensor<4> = tensor(&golden["x"], [1, 1, 1, 8]);
    let key = query.clone().flip([3]);
    let score = |q: usize, k: usize| -> f32 {
        rotated(query.clone(), q).iter().zip(rotated(key.clone(), k)).map(|(q, k)| q * k).sum()
    };
    // Sums of eight products up to 64.
    assert_near(score(5, 2), score(1003, 1000), 1e-4);
    assert!((score(5, 2) - score(5, 3)).abs() > 1.0);
    let (before, after) = (values(query.clone()), rotated(query, 777));
    for pair in 0..4 {
        assert_near(before[pair].hypot(before[pair + 4]), after[pair].hypot(after[pair + 4]), 2e-6);
    }
}

#[test]
fn rope_scaling() {
    for (part, factor) in [("llama3_scaling_llama3.1-8b", 8.0), ("llama3_scaling_llama3.2-1b", 32.0)] {
        let golden = micro(part);
        let scaling =
            RopeScaling { factor, low_freq_factor: 1.0, high_freq_factor: 4.0, original_context_length: 8192 };
        let head_dim = golden["head_dim"].as_u64().unwrap() as usize;
        let plain = Rope::new(head_dim, 500_000.0, None);
        let scaled = Rope::new(head_dim, 500_000.0, Some(&scaling));
        let expected = golden["inv_freq_scaled"].as_array().unwrap();
        let bands = golden["band"].as_array().unwrap();
        assert_eq!(scaled.frequencies.len(), expected.len());
        for (i, (&found, expected)) in scaled.frequencies.iter().zip(expected).enumerate() {
            assert_relatively_close(found, expected.as_f64().unwrap(), 1e-9, &format!("{part}, frequency {i}"));
            let slower = plain.frequencies[i] / found;
            let band = if slower == 1.0 {
                "high"
            } else if slower > factor - 1e-9 {
                "low"
            } else {
                "mid"
            };
            assert_eq!(bands[i], band, "{part}, frequency {i}");
        }
        // GGUF files state the quotients in 32 bits.
        let from_gguf = plain.divided_by(&numbers(&golden["gguf_rope_freqs"]));
        for (&found, &expected) in from_gguf.frequencies.iter().zip(&scaled.frequencies) {
            assert_relatively_close(found, expected, 1e-7, part);
        }
    }
}

#[test]
fn rope_scaling_has_no_jumps() {
    let scaling = RopeScaling { factor: 8.0, low_freq_factor: 1.0, high_freq_factor: 4.0, original_context_length: 64 };
    // One and four turns in the original context.
    for (turns, expected) in [(1.0, 1.0 / 8.0), (4.0, 1.0)] {
        let frequency = turns * std::f64::consts::TAU / 64.0;
        for nearby in [frequency * (1.0 - 1e-9), frequency, frequency * (1.0 + 1e-9)] {
            assert_relatively_close(slow_down(nearby, &scaling), nearby * expected, 1e-8, "at a limit");
        }
    }
}

#[test]
#[should_panic(expected = "3 divisors for 4 frequencies")]
fn rope_with_divisors_of_another_model() {
    Rope::new(8, 10_000.0, None).divided_by(&[1.0; 3]);
}

#[test]
fn activations() {
    let golden = micro("activations");
    let x: Tensor<1> = tensor(&golden["x"], [7]);
    assert_close(&values(Activation::Silu.forward(x.clone())), &numbers(&golden["silu"]), FLOAT32);
    // The other form of GELU is 4e-4 away at -3.
    assert_close(&values(Activation::Gelu.forward(x)), &numbers(&golden["gelu_tanh"]), FLOAT32);
}

#[test]
fn gated_feed_forward() {
    let golden = micro("gated_ff");
    // PyTorch keeps a row for each output, we a column.
    let linear = |name: &str, [d_out, d_in]: [usize; 2]| {
        Linear::from_params(Param::from_tensor(tensor::<2>(&golden[name], [d_out, d_in]).transpose()), None)
    };
    for (activation, expected) in [(Activation::Silu, "swiglu"), (Activation::Gelu, "geglu")] {
        let ff = GatedFeedForward {
            gate: linear("gate_W", [3, 2]),
            up: linear("up_W", [3, 2]),
            down: linear("down_W", [2, 3]),
            activation,
        };
        let x: Tensor<2> = tensor(&golden["x"], [1, 2]);
        assert_close(&values(ff.gate.forward(x.clone())), &numbers(&golden["gate"]), FLOAT32);
        assert_close(&values(ff.up.forward(x.clone())), &numbers(&golden["up"]), FLOAT32);
        assert_close(&values(ff.forward(x)), &numbers(&golden[expected]), FLOAT32);
    }
}

/// Two query heads share one head of keys and values, three tokens of width 2: weights and contexts.
fn shared_attention(window: Option<usize>, factor: f64) -> [Vec<f32>; 2] {
    let golden = micro("gqa");
    let queries: Tensor<4> = tensor(&golden["q"], [1, 2, 3, 2]);
    let keys = share(tensor(&golden["k"], [1, 1, 3, 2]), 2);
    let mask = window_mask(3, 3, window, &keys.device());
    let weights = attention_weights(queries, keys, mask, factor);
    let context = weights.clone().matmul(share(tensor(&golden["v"], [1, 1, 3, 2]), 2));
    [weights, context].map(values)
}

#[test]
fn grouped_query_attention() {
    let golden = micro("gqa");
    for (expected, window, head_dim) in
        [(&golden, None, 2.0), (&golden["window_2"], Some(2), 2.0), (&golden["query_pre_attn_scalar_8"], None, 8.0f64)]
    {
        let [weights, context] = shared_attention(window, head_dim.powf(-0.5));
        assert_close(&weights, &numbers(&expected["weights"]), FLOAT32);
        assert_close(&context, &numbers(&expected["context"]), FLOAT32);
    }
}

#[test]
fn grouped_query_attention_of_one_token_with_a_cache() {
    let golden = micro("gqa");
    let expected = &golden["one_step_with_cache_q_row_2"];
    let [keys, values_] = ["k", "v"].map(|name| tensor::<4>(&golden[name], [1, 1, 3, 2]));
    let mut cache = KvCache::default();
    cache.extend(keys.clone().narrow(2, 0, 2), values_.clone().narrow(2, 0, 2));
    let (keys, all_values) = cache.extend(keys.narrow(2, 2, 1), values_.narrow(2, 2, 1));
    let query = tensor::<4>(&golden["q"], [1, 2, 3, 2]).narrow(2, 2, 1);
    let mask = window_mask(1, 3, None, &Device::flex());
    let weights = attention_weights(query, share(keys, 2), mask, 0.5f64.sqrt());
    assert_close(&values(weights.clone()), &numbers(&expected["weights"]), FLOAT32);
    assert_close(&values(weights.matmul(share(all_values, 2))), &numbers(&expected["context"]), FLOAT32);
}

#[test]
fn neighbouring_query_heads_share() {
    let heads = Tensor::<1>::from_floats([0.0, 1.0], &Device::flex()).reshape([1, 2, 1, 1]);
    assert_eq!(values(share(heads, 6)), [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
}

#[test]
fn a_window_holds_the_token_itself() {
    let golden = micro("sliding_mask");
    let hidden: Vec<bool> = window_mask(6, 6, Some(3), &Device::flex()).into_data().iter().collect();
    let allowed: Vec<bool> = numbers(&golden["allowed"]).iter().map(|&allowed| allowed == 0.0).collect();
    assert_eq!(hidden, allowed);
}

#[test]
fn gemma_s_factors() {
    let gemma = Gemma3Config { query_scale: 8.0, window: 3, local_rope_base: 10_000.0, full_layers: vec![] };
    let config = |emb_dim| LlamaConfig {
        emb_dim,
        head_dim: 2,
        family: Family::Gemma3(gemma.clone()),
        ..LlamaConfig::preset("tiny").unwrap()
    };
    for (width, factors) in micro("embed_scale").as_object().unwrap() {
        let factor = embedding_factor(&config(width.parse().unwrap()));
        assert_eq!(factor, factors["f32"].as_f64().unwrap() as f32, "{width}");
    }
    assert_eq!(score_factor(&config(64)), 8f64.powf(-0.5), "whatever the width of a head");
    let llama = LlamaConfig { family: Family::Llama, ..config(64) };
    assert_eq!((embedding_factor(&llama), score_factor(&llama)), (1.0, 2f64.powf(-0.5)));
    let full: Vec<usize> = (0..18).filter(|&layer| usual_full_layers(18)[layer]).collect();
    assert_eq!(full, [5, 11, 17]);
}
