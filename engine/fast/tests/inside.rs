//! The fast look inside is that of the lessons, and so are the contributions of the tokens to a classifier's decision.

use bonus_llama::{Family, Gemma3Config, LlamaConfig, LlamaModel};
use burn::tensor::{Device, Int, Tensor, TensorData};
use ch04_gpt::GptModel;
use ch04_gpt::bonus::Inside;
use ch06_classify::Readout;
use ch06_classify::bonus::contributions::contributions;
use fast::{Inspect, accelerate, accelerate_llama};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};

/// Numbers around 1 from float32 sums of up to 384 products in three blocks, in another order.
const ROUNDING: f32 = 1e-5;

const TOKENS: usize = 20;

fn gpt(vocab_size: usize) -> GptModel {
    let config = GptConfig {
        vocab_size,
        context_length: 24,
        emb_dim: 32,
        n_heads: 4,
        n_layers: 3,
        drop_rate: 0.1,
        qkv_bias: true,
    };
    torch_init(GptModel::new(&config, &Device::flex()), &mut TorchRng::new(123))
}

fn llamas() -> [LlamaModel; 3] {
    let config =
        LlamaConfig { vocab_size: 211, context_length: 24, n_layers: 3, ..LlamaConfig::preset("tiny").unwrap() };
    let full_layers = vec![false, true, false];
    let gemma = Gemma3Config { query_scale: 9.0, window: 5, local_rope_base: 100.0, full_layers };
    [Family::Llama, Family::Qwen3, Family::Gemma3(gemma)].map(|family| {
        let config = LlamaConfig { family, ..config.clone() };
        torch_init(LlamaModel::new(&config, &Device::flex()), &mut TorchRng::new(123))
    })
}

fn ids() -> Tensor<2, Int> {
    let ids = TorchRng::new(7).randint(0, 211, 2 * TOKENS);
    Tensor::from_data(TensorData::new(ids, [2, TOKENS]), &Device::flex())
}

fn assert_same<const D: usize>(found: Tensor<D>, expected: Tensor<D>) {
    assert_eq!(found.dims(), expected.dims());
    let size = expected.clone().abs().max().into_scalar::<f32>().max(1.0);
    let difference: f32 = (found - expected).abs().max().into_scalar();
    assert!(difference <= ROUNDING * size, "{difference} of {size}");
}

/// `logits` is the lesson's output layer.
fn assert_inside(fast: &impl Inspect, lesson: Inside, logits: impl Fn(Tensor<3>) -> Tensor<3>) {
    let states = fast.hidden_states(fast.token_vectors(ids()));
    let weights = fast.attention_weights(&states);
    assert_eq!((states.len(), weights.len()), (lesson.hidden_states.len(), lesson.attention_weights.len()));
    for (found, expected) in states.into_iter().zip(lesson.hidden_states) {
        assert_same(fast.read(found.clone()), logits(expected.clone()));
        assert_same(found, expected);
    }
    weights.into_iter().zip(lesson.attention_weights).for_each(|(found, expected)| assert_same(found, expected));
}

#[test]
fn a_gpt_shows_what_the_lesson_shows() {
    let model = gpt(211);
    assert_inside(&accelerate(model.clone()), model.look_inside(ids()), |x| model.logits(x));
    assert_inside(&model, model.look_inside(ids()), |x| model.logits(x));
}

#[test]
fn a_llama_shows_what_the_lesson_shows() {
    for model in llamas() {
        assert_inside(&accelerate_llama(model.clone()), model.look_inside(ids()), |x| model.logits(x));
    }
}

/// Without the causal mask, a token sees all others.
#[test]
fn a_model_without_a_mask() {
    let model = ch06_classify::head::without_causal_mask(gpt(211));
    let inside = model.look_inside(ids());
    let least: f32 = inside.attention_weights[0].clone().min().into_scalar();
    assert!(least > 0.0);
    assert_inside(&accelerate(model.clone()), inside, |x| model.logits(x));
}

/// The logits of the first two ids serve as classes. The fast operations record gradients of the vectors only.
#[test]
fn contributions_are_those_of_the_lesson() {
    fn explained(fast: &impl Inspect, lesson: impl Fn(Tensor<3>) -> Tensor<3>) {
        let vectors = fast.token_vectors(ids());
        let classes = |logits: Tensor<3>| Readout::Last.select(logits, &ids(), 0).slice([0..2, 0..2]);
        let recording = fast.clone().train().no_grad();
        let found = contributions(vectors.clone(), |vectors| {
            let states = recording.hidden_states(vectors);
            classes(recording.read(states[states.len() - 1].clone()))
        });
        let expected = contributions(vectors, |vectors| classes(lesson(vectors)));
        assert_same(found.logits, expected.logits);
        let largest: f32 = expected.per_token.clone().abs().max().into_scalar();
        assert!(largest > 1e-3, "{largest}");
        assert_same(found.per_token / largest, expected.per_token / largest);
    }
    let model = gpt(211);
    explained(&accelerate(model.clone()), |vectors| {
        let x = vectors + model.position_vectors(TOKENS);
        model.logits(model.trf_blocks.iter().fold(x, |x, block| block.forward(x, &mut Mode::Eval)))
    });
    for model in llamas() {
        let rotations = model.rotations(0..TOKENS, &Device::flex());
        explained(&accelerate_llama(model.clone()), |vectors| {
            model.logits(model.blocks.iter().fold(vectors, |x, block| block.forward(x, rotations.of(block))))
        });
    }
}
