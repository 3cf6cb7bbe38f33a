//! Llama, Qwen3 and Gemma 3: logits, losses and gradients of the fast forward pass are those of the lesson.

use appendix_lora::{attach_layers, freeze, linear_weights};
use bonus_llama::{LlamaConfig, LlamaModel};
use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData};
use ch02_text::Batch;
use ch05_pretrain::{AdamW, calc_loss_batch};
use fast::{accelerate_llama, adamw_step, llama_loss_batch};
use shared::{IGNORE_INDEX, Mode};

use super::common::gradients_of;
use super::*;

/// Texts of a batch, and tokens of each: more than two of the bands in which attention is computed.
const SHAPE: [usize; 2] = [2, 130];

/// Two models that compute the same: the lesson, and the fast one.
struct Pair {
    lesson: LlamaModel,
    fast: LlamaModel,
}

impl Pair {
    fn new(lesson: LlamaModel) -> Self {
        Self { fast: accelerate_llama(lesson.clone()), lesson }
    }

    /// Compares the losses of a batch and their gradients, and returns the paths of the parameters that got one.
    fn assert_same_gradients(&self, what: &str) -> Vec<String> {
        let expected = calc_loss_batch(&self.lesson, batch(|i| i % 7 < 3), &mut Mode::Eval);
        let found = llama_loss_batch(&self.fast, batch(|i| i % 7 < 3), &mut Mode::Eval);
        let difference: f32 = (found.clone() - expected.clone()).abs().into_scalar();
        assert!(difference < 1e-5, "{what}: the losses differ by {difference}");
        let found = gradients_of(&self.fast, &found.backward());
        let expected = gradients_of(&self.lesson, &expected.backward());
        assert_eq!(found.len(), expected.len(), "{what}");
        for ((path, found), (expected_path, expected)) in found.iter().zip(&expected) {
            assert_eq!(path, expected_path, "{what}");
            let error = relative_error(found, expected);
            // Sums of up to 260 products and two dozen operations deep, in another order.
            assert!(error < 2e-5, "{what}: the gradient of {path} is wrong by {error}");
        }
        found.into_iter().map(|(path, _)| path).collect()
    }
}

/// A batch whose targets of these numbers are ignored.
fn batch(ignored: impl Fn(usize) -> bool) -> Batch {
    let device = Device::flex().autodiff();
    let n = SHAPE[0] * SHAPE[1];
    let ids = |seed| TorchRng::new(seed).randint(0, VOCAB as i64, n);
    let tensor = |ids: Vec<i64>| Tensor::<2, Int>::from_data(TensorData::new(ids, SHAPE), &device);
    let target = |(i, id)| if ignored(i) { i64::from(IGNORE_INDEX) } else { id };
    Batch { inputs: tensor(ids(3)), targets: tensor(ids(4).into_iter().enumerate().map(target).collect()) }
}

/// A model on the device that records gradients.
fn trainable(config: &LlamaConfig) -> LlamaModel {
    model(config).train()
}

/// A frozen model with LoRA layers whose B is not 0, at the weights whose paths `is_adapted` accepts.
fn adapted(config: &LlamaConfig, is_adapted: fn(&str) -> bool) -> LlamaModel {
    let (mut rng, device) = (TorchRng::new(4), Device::flex().autodiff());
    let settings = LoraSettings { rank: 3, alpha: 3.0, scale: Scale::AlphaOverRank };
    attach_layers(freeze(trainable(config)), |path, [d_in, d_out]| {
        is_adapted(path).then(|| {
            let lora = LoraLayer::new(d_in, d_out, &settings, &mut rng, &device);
            LoraLayer { b: Param::from_tensor(randn([3, d_out], &mut rng, &device) * 0.1), ..lora }
        })
    })
}

#[test]
fn logits_with_and_without_gradients() {
    for config in configs() {
        for model in [model(&config), trainable(&config)] {
            let Pair { lesson, fast } = Pair::new(model);
            let logits = |model: &LlamaModel| values(model.forward(batch(|_| false).inputs, &mut Mode::Eval).inner());
            assert_same_logits(&logits(&fast), &logits(&lesson), &format!("{:?}", config.family));
        }
    }
}

#[test]
fn gradients_of_every_parameter() {
    for config in configs() {
        let pair = Pair::new(trainable(&config));
        let paths = pair.assert_same_gradients(&format!("{:?}", config.family));
        assert_eq!(paths.len(), burn::module::list_param_ids(&pair.lesson).len());
    }
}

/// With LoRA layers everywhere, and at some matrices.
#[test]
fn gradients_of_lora_layers_alone() {
    for config in configs() {
        let pair = Pair::new(adapted(&config, |_| true));
        let paths = pair.assert_same_gradients(&format!("{:?} with LoRA", config.family));
        assert_eq!(paths.len(), 2 * linear_weights(&pair.lesson).len());
        assert!(paths.iter().all(|path| path.ends_with(".lora.a") || path.ends_with(".lora.b")), "{paths:?}");

        let some = Pair::new(adapted(&config, |path| path.contains("w_value") || path.contains("1.ff.down")));
        let paths = some.assert_same_gradients(&format!("{:?} with some LoRA", config.family));
        assert_eq!(paths.len(), 2 * (config.n_layers + 1));
    }
}

/// As in chapter 6, where the lower blocks are frozen.
#[test]
fn gradients_of_the_upper_layers_alone() {
    for config in configs() {
        let mut model = trainable(&config);
        let last = model.blocks.pop().unwrap();
        let mut model = freeze(model);
        model.blocks.push(last);
        let pair = Pair::new(model);
        let paths = pair.assert_same_gradients(&format!("{:?}, upper layers", config.family));
        assert!(paths.len() >= 9 && paths.iter().all(|path| path.starts_with("blocks.2.")), "{paths:?}");
    }
}

#[test]
fn steps_of_the_optimizer() {
    for config in configs() {
        let Pair { mut lesson, mut fast } = Pair::new(trainable(&config));
        let (mut lesson_optimizer, mut fast_optimizer) = (AdamW::new(0.1), AdamW::new(0.1));
        for _ in 0..3 {
            let gradients = calc_loss_batch(&lesson, batch(|_| false), &mut Mode::Eval).backward();
            lesson = lesson_optimizer.step(1e-3, lesson, gradients);
            let gradients = llama_loss_batch(&fast, batch(|_| false), &mut Mode::Eval).backward();
            fast = adamw_step(&mut fast_optimizer, 1e-3, fast, gradients);
        }
        let loss =
            |model: &LlamaModel| -> f32 { calc_loss_batch(model, batch(|_| false), &mut Mode::Eval).into_scalar() };
        let (found, expected) = (loss(&fast), loss(&lesson));
        assert!((found - expected).abs() < 1e-4, "{:?}: {found}, expected {expected}", config.family);
    }
}

#[test]
fn a_batch_without_a_target_has_no_loss() {
    let model = accelerate_llama(trainable(&configs()[0]));
    assert!(llama_loss_batch(&model, batch(|_| true), &mut Mode::Eval).into_scalar::<f32>().is_nan());
}
