//! LoRA layers in the fast forward pass: `x W + scale · (x A) B` gives the outputs and the gradients of the lesson's
//! `x (W + scale · A B)`.

mod common;

use appendix_lora::{LoraLayer, LoraSettings, Scale, attach_layers, freeze, linear_weights};
use burn::module::Param;
use burn::tensor::{Device, Int, Tensor};
use ch04_gpt::GptModel;
use common::gradients_of;
use shared::init::{randn, torch_init};
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};
use testkit::{assert_close, values};

/// A frozen model with a LoRA layer at every linear layer, whose B is not 0.
fn adapted(device: &Device) -> GptModel {
    let config = GptConfig {
        vocab_size: 97,
        context_length: 16,
        emb_dim: 24,
        n_heads: 3,
        n_layers: 2,
        drop_rate: 0.0,
        qkv_bias: true,
    };
    let mut rng = TorchRng::new(123);
    let model = freeze(torch_init(GptModel::new(&config, device), &mut rng));
    let settings = LoraSettings { rank: 4, alpha: 8.0, scale: Scale::AlphaOverRank };
    attach_layers(model, |_, [d_in, d_out]| {
        let lora = LoraLayer::new(d_in, d_out, &settings, &mut rng, device);
        Some(LoraLayer { b: Param::from_tensor(randn([4, d_out], &mut rng, device) * 0.1), ..lora })
    })
}

#[test]
fn outputs_and_gradients_are_the_lesson_s() {
    let device = Device::flex().autodiff();
    let lesson = adapted(&device);
    let fast = fast::accelerate(lesson.clone());
    let run = |model: &GptModel| {
        let ids = Tensor::<2, Int>::from_ints([[5, 60, 7, 12, 90], [1, 2, 3, 4, 5]], &device);
        let logits = model.forward(ids, &mut Mode::Eval);
        let gradients = logits.clone().square().mean().backward();
        (values(logits.inner()), gradients_of(model, &gradients))
    };
    let ((expected, lesson_gradients), (found, fast_gradients)) = (run(&lesson), run(&fast));
    assert_close(&found, &expected, 1e-5);
    // A and B of every linear layer, and nothing else.
    assert_eq!(lesson_gradients.len(), 2 * linear_weights(&lesson).len());
    assert_eq!(fast_gradients.len(), lesson_gradients.len());
    for ((path, found), (expected_path, expected)) in fast_gradients.iter().zip(&lesson_gradients) {
        assert_eq!(path, expected_path);
        assert!(path.ends_with(".lora.a") || path.ends_with(".lora.b"), "{path}");
        let norm = |values: &mut dyn Iterator<Item = f32>| values.map(|g| g * g).sum::<f32>().sqrt();
        let gap = norm(&mut found.iter().zip(expected).map(|(f, e)| f - e));
        let size = norm(&mut expected.iter().copied());
        assert!(gap < 1e-5 * size, "gradient of {path}: {gap} of {size}");
    }
}
