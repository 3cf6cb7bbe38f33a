//! The fast forward pass of a classifier whose causal mask is switched off (bonus of chapter 6).

use burn::tensor::{Device, Int, Tensor};
use ch04_gpt::GptModel;
use ch06_classify::head::without_causal_mask;
use ch06_classify::{NUM_CLASSES, add_classification_head};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};

fn logits(model: &GptModel) -> Vec<f32> {
    let inputs = Tensor::<2, Int>::from_ints([[1, 2, 3, 50256], [9, 8, 7, 6]], &Device::flex());
    model.forward(inputs, &mut Mode::Eval).into_data().iter().collect()
}

/// The fast attention hides the future itself; it must not if the causal mask is switched off.
#[test]
fn without_the_mask_the_fast_operations_give_the_same() {
    let config = GptConfig {
        vocab_size: 50257,
        context_length: 12,
        emb_dim: 8,
        n_heads: 2,
        n_layers: 3,
        drop_rate: 0.0,
        qkv_bias: true,
    };
    let device = Device::flex();
    let model = torch_init(GptModel::new(&config, &device), &mut TorchRng::new(1));
    let model = add_classification_head(model, &mut TorchRng::new(2), &device);
    let lesson = logits(&without_causal_mask(model.clone()));
    assert_eq!(lesson.len(), 2 * 4 * NUM_CLASSES);
    let close = |found: Vec<f32>| {
        assert_eq!(found.len(), lesson.len());
        found.iter().zip(&lesson).all(|(f, l)| (f - l).abs() < 1e-5)
    };
    assert!(close(logits(&without_causal_mask(fast::accelerate(model.clone())))));
    assert!(close(logits(&fast::accelerate(without_causal_mask(model.clone())))));
    assert!(!close(logits(&fast::accelerate(model))));
}
