//! The checks of exercise 6.3: of `solutions/ex6_3.rs`, or with the feature `my-solutions` of your file in `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex6_3.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex6_3.rs", allow(unused))]
mod ex6_3;
mod exercise;

use burn::tensor::{Device, Int, Tensor};
use ch04_gpt::GptModel;
use ch06_classify::{Readout, SpamBatch, add_classification_head, calc_loss_batch};
use exercise::{batch, language_model};
use shared::Mode;
use shared::rng::TorchRng;

fn classifier() -> GptModel {
    add_classification_head(language_model(16, &Device::flex()), &mut TorchRng::new(7), &Device::flex())
}

// 中文：取第一个词元
#[test]
fn ex6_3_takes_the_first_token() {
    let logits = Tensor::<3>::from_floats(
        [[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[7.0, 8.0], [9.0, 10.0], [11.0, 12.0]]],
        &Device::flex(),
    );
    let first = ex6_3::first_token(logits);
    assert_eq!(first.dims(), [2, 2], "one row for each message");
    let first: Vec<f32> = first.into_data().iter::<f32>().collect();
    assert_eq!(first, [1.0, 2.0, 7.0, 8.0], "the values of position 0");
}

// 中文：损失是第一个词元的损失
#[test]
fn ex6_3_the_loss_is_that_of_the_first_token() {
    let (model, batch) = (classifier(), batch(&Device::flex()));
    let found: f64 = ex6_3::loss_at_first_token(&model, batch.clone()).into_scalar();
    let expected: f64 = calc_loss_batch(&model, batch, Readout::First, &mut Mode::Eval).into_scalar();
    assert!((found - expected).abs() < 1e-6, "the loss is {found}, but must be {expected}");
}

// 中文：后面的词元没有影响
#[test]
fn ex6_3_what_follows_does_not_matter() {
    let (model, batch) = (classifier(), batch(&Device::flex()));
    let found: f64 = ex6_3::loss_at_first_token(&model, batch.clone()).into_scalar();
    let first = batch.inputs.clone().slice([0..8, 0..1]);
    let others = Tensor::<2, Int>::ones([8, 15], &Device::flex());
    let changed = SpamBatch { inputs: Tensor::cat(vec![first, others], 1), ..batch.clone() };
    let other: f64 = ex6_3::loss_at_first_token(&model, changed).into_scalar();
    assert!((found - other).abs() < 1e-6, "the loss depends on tokens behind the first: {found} and {other}");
}

// 中文：正确计算答对的条数
#[test]
fn ex6_3_counts_right_answers() {
    let (model, batch) = (classifier(), batch(&Device::flex()));
    let logits = model.forward(batch.inputs.clone(), &mut Mode::Eval);
    let logits: Vec<f32> = logits.into_data().iter::<f32>().collect(); // [8, 16, 2]
    let answers: Vec<i64> = logits.chunks(16 * 2).map(|message| i64::from(message[1] > message[0])).collect();
    for wrong in [0, 3, 8] {
        let labels: Vec<i64> =
            answers.iter().enumerate().map(|(i, &answer)| if i < wrong { 1 - answer } else { answer }).collect();
        let labels = Tensor::from_data(labels.as_slice(), &Device::flex());
        let found = ex6_3::accuracy_at_first_token(&model, SpamBatch { labels, ..batch.clone() });
        let expected = (8 - wrong) as f64 / 8.0;
        assert!((found - expected).abs() < 1e-9, "{wrong} of 8 answers are wrong: accuracy {expected}, not {found}");
    }
}
