//! Generation with a key-value cache gives the ids that the book's generation gives.

use burn::tensor::{Device, Int, Tensor};
use ch04_gpt::bonus::{
    AttentionKind, GptCache, HybridGptConfig, HybridGptModel, generate_text_cached, generate_text_windowed,
};
use ch04_gpt::{GptModel, generate_text_simple};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};

const CONTEXT: usize = 24;

/// Logits around 1 after sums of up to 128 float32 products in three blocks, in another order.
const ROUNDING: f32 = 1e-5;

fn config(qkv_bias: bool) -> GptConfig {
    GptConfig {
        vocab_size: 211,
        context_length: CONTEXT,
        emb_dim: 32,
        n_heads: 4,
        n_layers: 3,
        drop_rate: 0.1,
        qkv_bias,
    }
}

fn built(config: &GptConfig) -> GptModel {
    torch_init(GptModel::new(config, &Device::flex()), &mut TorchRng::new(123))
}

fn model(qkv_bias: bool) -> GptModel {
    built(&config(qkv_bias))
}

fn prompt(batch: usize, tokens: usize, rng: &mut TorchRng) -> Tensor<2, Int> {
    let ids = rng.randint(0, 211, batch * tokens);
    Tensor::from_data(burn::tensor::TensorData::new(ids, [batch, tokens]), &Device::flex())
}

fn ids(tensor: Tensor<2, Int>) -> Vec<i64> {
    tensor.into_data().iter::<i64>().collect()
}

#[test]
fn random_prompts_of_every_length_up_to_the_context_and_beyond_it() {
    let model = model(false);
    let mut rng = TorchRng::new(7);
    for tokens in 1..=CONTEXT + 4 {
        let prompt = prompt(1, tokens, &mut rng);
        let expected = ids(generate_text_simple(&model, prompt.clone(), 12, CONTEXT));
        assert_eq!(ids(generate_text_cached(&model, prompt, 12, CONTEXT)), expected, "a prompt of {tokens} tokens");
    }
}

#[test]
fn a_smaller_window_than_the_model_s() {
    let model = model(true);
    let prompt = prompt(1, 5, &mut TorchRng::new(1));
    for window in [1, 2, 7, CONTEXT] {
        let expected = ids(generate_text_simple(&model, prompt.clone(), 15, window));
        assert_eq!(ids(generate_text_cached(&model, prompt.clone(), 15, window)), expected, "a window of {window}");
    }
}

#[test]
fn several_rows_at_once() {
    let model = model(true);
    let prompt = prompt(3, 6, &mut TorchRng::new(2));
    let expected = ids(generate_text_simple(&model, prompt.clone(), 10, CONTEXT));
    assert_eq!(ids(generate_text_cached(&model, prompt, 10, CONTEXT)), expected);
}

#[test]
fn logits_in_pieces_equal_those_in_one_pass() {
    let model = model(true);
    let all = prompt(1, 20, &mut TorchRng::new(3));
    let expected = model.forward(all.clone(), &mut Mode::Eval).slice([0..1, 19..20]).flatten::<1>(0, 2);
    let mut cache = GptCache::new(&model);
    for (from, to) in [(0, 3), (3, 4), (4, 11)] {
        model.forward_cached(all.clone().slice([0..1, from..to]), &mut cache);
        assert_eq!(cache.tokens(), to);
    }
    let found = model.forward_cached(all.slice([0..1, 11..20]), &mut cache).flatten::<1>(0, 1);
    let difference: f32 = (found - expected).abs().max().into_scalar();
    assert!(difference < ROUNDING, "{difference}");
}

#[test]
#[should_panic(expected = "25 tokens do not fit into a context of 24")]
fn more_than_the_context_at_once_is_refused() {
    let model = model(false);
    model.forward_cached(prompt(1, 25, &mut TorchRng::new(4)), &mut GptCache::new(&model));
}

#[test]
#[should_panic(expected = "the prompt is empty: give the model at least one token to continue")]
fn an_empty_prompt_is_refused() {
    generate_text_cached(&model(false), prompt(1, 0, &mut TorchRng::new(4)), 1, CONTEXT);
}

#[test]
#[should_panic(expected = "the cache is for 2 blocks, but the model has 3")]
fn the_cache_of_another_model_is_refused() {
    let smaller = built(&GptConfig { n_layers: 2, ..config(false) });
    model(false).forward_cached(prompt(1, 3, &mut TorchRng::new(4)), &mut GptCache::new(&smaller));
}

#[test]
#[should_panic(expected = "the cache is for a batch of 2, not 1: begin with a new one")]
fn the_cache_of_another_batch_is_refused() {
    let model = model(false);
    let mut cache = GptCache::new(&model);
    model.forward_cached(prompt(2, 3, &mut TorchRng::new(4)), &mut cache);
    model.forward_cached(prompt(1, 1, &mut TorchRng::new(4)), &mut cache);
}

// ---- A cache with a window (section 5.2 of the chapter's numbers)

/// A window that holds all of the text drops nothing, even where the text outgrows the context.
#[test]
fn a_window_as_wide_as_the_text_changes_nothing() {
    let model = model(true);
    let prompt = prompt(2, 6, &mut TorchRng::new(5));
    let expected = ids(generate_text_simple(&model, prompt.clone(), 25, CONTEXT));
    for window in [CONTEXT, CONTEXT + 20] {
        assert_eq!(ids(generate_text_windowed(&model, prompt.clone(), 25, CONTEXT, window)), expected);
    }
}

/// Test (b) there: a context of 10, a window of 20, five tokens and ten more. The reference stops at the end of the
/// context; here the text goes on as it does without a cache.
#[test]
fn a_window_wider_than_the_context() {
    let model = built(&GptConfig { context_length: 10, ..config(false) });
    let prompt = prompt(1, 5, &mut TorchRng::new(6));
    let expected = ids(generate_text_simple(&model, prompt.clone(), 10, 10));
    assert_eq!(expected.len(), 15);
    assert_eq!(ids(generate_text_windowed(&model, prompt, 10, 10, 20)), expected);
}

/// Test (c) there: a window of 4 reads a prompt of ten tokens in pieces of 4, 4 and 2.
#[test]
fn a_prompt_longer_than_the_window() {
    let model = built(&GptConfig { context_length: 20, ..config(false) });
    let prompt = prompt(1, 10, &mut TorchRng::new(6));
    let out = ids(generate_text_windowed(&model, prompt.clone(), 2, 20, 4));
    assert_eq!(out.len(), 12);
    assert_eq!(out[..10], ids(prompt.clone()));

    let mut cache = GptCache::with_window(&model, 4);
    cache.next_logits(&model, &prompt, 20);
    assert_eq!((cache.tokens(), cache.kept()), (10, 4));
}

/// Read one by one, each token sees itself and the three before it: sliding-window attention in every layer.
#[test]
fn one_token_at_a_time_sees_exactly_the_window() {
    let model = model(false);
    let sliding =
        HybridGptConfig { base: config(false), attention: vec![AttentionKind::SlidingWindow(4); 3], experts: None };
    let sliding = HybridGptModel::new(&sliding, &mut TorchRng::new(123), &Device::flex());
    let all = prompt(1, 12, &mut TorchRng::new(7));
    let expected = sliding.forward(all.clone(), &mut Mode::Eval); // [1, 12, vocab_size]

    let mut cache = GptCache::with_window(&model, 4);
    for token in 0..12 {
        let found = model.forward_cached(all.clone().slice([0..1, token..token + 1]), &mut cache);
        let expected = expected.clone().slice([0..1, token..token + 1]).squeeze_dim::<2>(1);
        let difference: f32 = (found - expected).abs().max().into_scalar();
        assert!(difference < ROUNDING, "token {token}: {difference}");
    }
    assert_eq!((cache.tokens(), cache.kept()), (12, 4));
}

#[test]
#[should_panic(expected = "5 tokens at once do not fit into a window of 4")]
fn more_than_the_window_at_once_is_refused() {
    let model = model(false);
    model.forward_cached(prompt(1, 5, &mut TorchRng::new(4)), &mut GptCache::with_window(&model, 4));
}

#[test]
#[should_panic(expected = "a window of 0 tokens has no room for a new one")]
fn a_window_of_nothing_is_refused() {
    GptCache::with_window(&model(false), 0);
}
