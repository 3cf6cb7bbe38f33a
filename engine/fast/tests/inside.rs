//! The fast look inside is that of the lessons, and so are the contributions of the tokens to a classifier's decision.

use bonus_llama::{Family, Gemma3Config, LlamaConfig, LlamaModel};
use burn::module::{ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Int, Tensor, TensorData, s};
use ch04_gpt::GptModel;
use ch04_gpt::bonus::Inside;
use ch06_classify::Readout;
use ch06_classify::bonus::contributions::contributions;
use fast::inside::{Inspect, Wanted, in_steps};
use fast::{accelerate, accelerate_llama};
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

/// `logits` is the lesson's output layer. All is looked at, and then a part.
fn assert_inside(fast: &impl Inspect, lesson: Inside, logits: impl Fn(Tensor<3>) -> Tensor<3>) {
    for (last, n) in [(0..TOKENS, TOKENS), (11..12, 7), (0..1, 1), (TOKENS - 2..TOKENS, 0)] {
        let found = fast.inside(fast.token_vectors(ids()), &Wanted { last: last.clone(), weights: n });
        let mut expected = lesson.clone();
        let after_last = expected.hidden_states.pop().unwrap();
        expected.hidden_states.push(after_last.slice(s![.., last, ..]));
        assert_eq!(found.hidden_states.len(), expected.hidden_states.len());
        for (found, expected) in found.hidden_states.into_iter().zip(expected.hidden_states) {
            assert_same(fast.read(found.clone()), logits(expected.clone()));
            assert_same(found, expected);
        }
        assert_eq!(found.attention_weights.len(), if n == 0 { 0 } else { expected.attention_weights.len() });
        for (found, expected) in found.attention_weights.into_iter().zip(expected.attention_weights) {
            assert_same(found, expected.slice(s![.., .., ..n, ..n]));
        }
    }
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
        // Only the last token is read.
        let wanted = Wanted { last: TOKENS - 1..TOKENS, weights: 0 };
        let found = contributions(vectors.clone(), |vectors| {
            let inside = recording.inside(vectors, &wanted);
            classes(recording.read(inside.hidden_states[inside.hidden_states.len() - 1].clone()))
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

/// Counts the parameters that have a gradient.
struct WithGradient<'g>(&'g Gradients, usize);

impl ModuleVisitor for WithGradient<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.1 += usize::from(param.val().grad(self.0).is_some());
    }
}

/// Attention weights are looked at without a graph, and no parameter has a gradient.
#[test]
fn only_the_vectors_have_a_gradient() {
    fn check(fast: &impl Inspect) {
        for (frozen, with_gradient) in [(true, false), (false, true)] {
            let recording = fast.clone().train();
            let recording = if frozen { recording.no_grad() } else { recording };
            let vectors = Tensor::from_inner(fast.token_vectors(ids())).require_grad();
            let inside = recording.inside(vectors.clone(), &Wanted { last: 3..4, weights: TOKENS });
            assert!(inside.attention_weights.iter().all(|weights| !weights.is_autodiff()));
            let gradients = recording.read(inside.hidden_states.last().unwrap().clone()).sum().backward();
            assert!(vectors.grad(&gradients).is_some());
            let mut counted = WithGradient(&gradients, 0);
            recording.visit(&mut counted);
            assert_eq!(counted.1 > 0, with_gradient, "{} parameters", counted.1);
        }
    }
    check(&accelerate(gpt(211)));
    llamas().into_iter().for_each(|model| check(&accelerate_llama(model)));
}

#[test]
fn weights_in_steps() {
    let steps = |x: f32| x / 65535.0;
    assert_eq!(in_steps(&[0.0, steps(0.4), steps(0.6), steps(40_000.4), 1.0]), Some(vec![0, 0, 1, 40_000, 65_535]));
    // Also at the end of many that are computed in parts.
    let mut many = vec![0.5; 100_000];
    assert_eq!(in_steps(&many), Some(vec![32_768; 100_000]));
    many[99_999] = f32::NAN;
    assert_eq!(in_steps(&many), None);
}
