//! Four small models against transformers: a Llama with a tied head, a Llama 3 with scaled rotation and a head of its
//! own, a Qwen3 and a Gemma 3. The weights are random; `tests/golden` has them with the numbers.

mod common;

use bonus_llama::{LlamaCache, LlamaModel, generate_greedy};
use burn::module::Module;
use burn::tensor::{Tensor, s};
use common::{Expected, MODELS, config, load};
use shared::{Mode, cross_entropy};
use testkit::{assert_close, assert_near, values};

/// Both compute in float32, in another order; float32 is within 3e-5 of float64 in all four.
const FLOAT32: f32 = 1e-4;

/// The last position, `[width]`.
fn last(x: Tensor<3>) -> Vec<f32> {
    values(x.slice(s![.., -1.., ..]))
}

fn ids<const D: usize>(x: Tensor<D, burn::tensor::Int>) -> Vec<u32> {
    x.into_data().iter().collect()
}

#[test]
fn logits_and_loss() {
    for name in MODELS {
        let (model, expected) = (load(name), Expected::of(name));
        let logits = model.forward(expected.ids(), &mut Mode::Eval);
        assert_close(&last(logits.clone()), &expected.logits_last, FLOAT32);
        assert_eq!(ids(logits.clone().argmax(2)), expected.logits_argmax_all_positions, "{name}");
        let predicted = logits.slice(s![0, ..-1, ..]).squeeze_dim::<2>(0);
        let targets = expected.ids().slice(s![.., 1..]).flatten(0, 1);
        assert_near(cross_entropy(predicted, targets).into_scalar::<f32>(), expected.loss, FLOAT32);
    }
}

#[test]
fn vectors_on_the_way() {
    for name in MODELS {
        let (model, expected) = (load(name), Expected::of(name));
        let embedded = model.embed(expected.ids());
        assert_close(&values(embedded.clone().slice(s![.., 0, ..])), &expected.hidden_embed_pos0, 1e-6);
        let rotations = model.rotations(0..expected.ids.len(), &embedded.device());
        let mut x = embedded;
        for (layer, block) in model.blocks.iter().enumerate() {
            x = block.forward(x, rotations.of(block));
            if layer == 0 {
                assert_close(&last(x.clone()), &expected.hidden_after_block0_last_pos, FLOAT32);
            }
        }
        assert_close(&last(model.final_norm.forward(x)), &expected.hidden_final_norm_last_pos, FLOAT32);
    }
}

#[test]
fn twenty_tokens_with_a_cache() {
    for name in MODELS {
        let (model, expected) = (load(name), Expected::of(name));
        let text = ids(generate_greedy(&model, expected.ids(), 20));
        assert_eq!(text[expected.ids.len()..], expected.greedy_new_ids, "{name}");
    }
}

#[test]
fn parameters_are_counted_once() {
    for name in MODELS {
        let (model, expected) = (load(name), Expected::of(name));
        assert_eq!(model.num_params(), expected.n_parameters_unique, "{name}");
        assert_eq!(config(name).num_params(), expected.n_parameters_unique, "{name}");
    }
}

/// The tokens in pieces of these lengths, and what is left at once.
fn in_pieces(model: &LlamaModel, expected: &Expected, lengths: &[usize]) -> Vec<f32> {
    let mut cache = LlamaCache::new(model);
    let mut pieces = Vec::new();
    for &length in lengths {
        let from = cache.tokens();
        pieces.push(model.forward_cached(expected.ids().slice(s![.., from..from + length]), &mut cache));
    }
    let rest = expected.ids().slice(s![.., cache.tokens()..]);
    pieces.push(model.forward_cached(rest, &mut cache));
    assert_eq!(cache.tokens(), expected.ids.len());
    values(Tensor::cat(pieces, 1))
}

#[test]
fn the_cache_changes_nothing_however_the_text_is_cut() {
    for name in MODELS {
        let (model, expected) = (load(name), Expected::of(name));
        let whole = values(model.forward(expected.ids(), &mut Mode::Eval));
        for lengths in [[1; 10].as_slice(), &[7, 1, 6], &[5, 5], &[]] {
            assert_close(&in_pieces(&model, &expected, lengths), &whole, FLOAT32);
        }
    }
}

#[test]
fn layers_with_a_window_forget() {
    let (model, expected) = (load("gemma3"), Expected::of("gemma3"));
    let mut cache = LlamaCache::new(&model);
    model.forward_cached(expected.ids(), &mut cache);
    let kept: Vec<usize> = cache.blocks.iter().map(|block| block.kept()).collect();
    assert_eq!(kept, [4, 4, 24, 4], "a window of 5 is the token itself and 4 before it");
    assert_eq!(cache.tokens(), 24);
}

#[test]
#[should_panic(expected = "129 tokens do not fit into a context of 128")]
fn a_text_that_outgrows_the_context() {
    generate_greedy(&load("llama-tied"), Expected::of("llama-tied").ids(), 200);
}

#[test]
#[should_panic(expected = "the cache is for 3 blocks, but the model has 2")]
fn a_cache_of_another_model() {
    let mut cache = LlamaCache::new(&load("llama-tied"));
    load("llama3-untied").forward_cached(Expected::of("llama3-untied").ids(), &mut cache);
}

#[test]
#[should_panic(expected = "the prompt is empty")]
fn an_empty_prompt() {
    generate_greedy(&load("qwen3"), Expected::of("qwen3").ids().slice(s![.., ..0]), 1);
}
