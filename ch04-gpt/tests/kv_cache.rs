//! Generation with a key-value cache gives the ids that the book's generation gives.

use burn::tensor::{Device, Int, Tensor};
use ch04_gpt::{GptCache, GptModel, generate_text_cached, generate_text_simple};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};

const CONTEXT: usize = 24;

fn model(qkv_bias: bool) -> GptModel {
    let config = GptConfig {
        vocab_size: 211,
        context_length: CONTEXT,
        emb_dim: 32,
        n_heads: 4,
        n_layers: 3,
        drop_rate: 0.1,
        qkv_bias,
    };
    torch_init(GptModel::new(&config, &Device::flex()), &mut TorchRng::new(123))
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
    assert!(difference < 1e-5, "{difference}");
}

#[test]
#[should_panic(expected = "25 tokens do not fit into a context of 24")]
fn more_than_the_context_at_once_is_refused() {
    let model = model(false);
    model.forward_cached(prompt(1, 25, &mut TorchRng::new(4)), &mut GptCache::new(&model));
}
