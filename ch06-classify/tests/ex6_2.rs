//! The checks of exercise 6.2: of `solutions/ex6_2.rs`, or with the feature `my-solutions` of your file in `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex6_2.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex6_2.rs", allow(unused))]
mod ex6_2;
mod exercise;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use ch04_gpt::GptModel;
use ch05_pretrain::AdamW;
use ch06_classify::{Readout, Trainable, add_classification_head, calc_loss_batch, num_trainable, set_trainable};
use exercise::{batch, language_model};
use shared::Mode;
use shared::rng::TorchRng;

fn recording() -> Device {
    Device::flex().autodiff()
}

// 中文：输出头有两个类别
#[test]
fn ex6_2_the_head_has_two_classes() {
    let device = recording();
    let made = ex6_2::fully_trainable_classifier(language_model(16, &device), &mut TorchRng::new(7), &device);
    let expected = add_classification_head(language_model(16, &device), &mut TorchRng::new(7), &device);
    assert_eq!(made.out_head.weight.dims(), [8, 2], "the output layer gives a value for each of two classes");
    let values = |model: &GptModel| model.out_head.weight.val().into_data();
    assert_eq!(values(&made), values(&expected), "the weight of the head is drawn from the generator, and first");
    let bias = |model: &GptModel| model.out_head.bias.as_ref().map(|bias| bias.val().into_data());
    assert_eq!(bias(&made), bias(&expected), "the head has a bias");
}

// 中文：所有参数都可训练
#[test]
fn ex6_2_everything_is_trainable() {
    let device = recording();
    for frozen in [None, Some(Trainable::Head), Some(Trainable::LastBlock)] {
        let model = language_model(16, &device);
        let model = frozen.map_or(model.clone(), |part| set_trainable(model, part));
        let made = ex6_2::fully_trainable_classifier(model, &mut TorchRng::new(7), &device);
        assert_eq!(
            num_trainable(&made),
            made.num_params(),
            "no parameter stays frozen (model that arrived: {frozen:?})"
        );
    }
}

// 中文：一步训练改变每一层
#[test]
fn ex6_2_a_step_moves_every_layer() {
    let device = recording();
    let before = ex6_2::fully_trainable_classifier(language_model(16, &device), &mut TorchRng::new(7), &device);
    let loss = calc_loss_batch(&before, batch(&device), Readout::Last, &mut Mode::Eval);
    let after = AdamW::new(0.0).step(1e-3, before.clone(), loss.backward());
    let moved = |what: &str, before: Tensor<2>, after: Tensor<2>| {
        let change: f32 = (before - after).abs().max().into_scalar();
        assert!(change > 0.0, "training does not change {what}");
    };
    moved("the token embedding", before.tok_emb.weight.val(), after.tok_emb.weight.val());
    moved("the position embedding", before.pos_emb.weight.val(), after.pos_emb.weight.val());
    for (i, (before, after)) in before.trf_blocks.iter().zip(&after.trf_blocks).enumerate() {
        moved(&format!("block {i}"), before.att.w_value.weight.val(), after.att.w_value.weight.val());
    }
    moved("the head", before.out_head.weight.val(), after.out_head.weight.val());
}
