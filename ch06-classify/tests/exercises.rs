//! Checks of the exercises: on `solutions/`, or with the feature `my-solutions` on `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex6_1.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex6_1.rs", allow(unused))]
mod ex6_1;
#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex6_2.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex6_2.rs", allow(unused))]
mod ex6_2;
#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex6_3.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex6_3.rs", allow(unused))]
mod ex6_3;

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::AdamW;
use ch06_classify::{
    EMBEDDED_MESSAGES, Length, PAD_TOKEN_ID, Readout, SpamBatch, SpamDataset, SpamLoader, Split, Trainable,
    add_classification_head, calc_loss_batch, num_trainable, read_messages, set_trainable,
};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};

fn split() -> Split {
    Split::of_collection(&read_messages(EMBEDDED_MESSAGES).unwrap()).unwrap()
}

fn language_model(context_length: usize, device: &Device) -> GptModel {
    let config = GptConfig {
        vocab_size: 50257,
        context_length,
        emb_dim: 8,
        n_heads: 2,
        n_layers: 2,
        drop_rate: 0.0,
        qkv_bias: true,
    };
    torch_init(GptModel::new(&config, device), &mut TorchRng::new(123))
}

// ---- 6.1

#[test]
fn ex6_1_every_message_fills_the_context() {
    let (split, tokenizer) = (split(), Gpt2Tokenizer::new());
    for context_length in [12, 96, 200] {
        let model = language_model(context_length, &Device::flex());
        let datasets = ex6_1::datasets(&split, &tokenizer, &model).unwrap();
        for (dataset, (name, part)) in datasets.iter().zip(split.parts()) {
            assert_eq!(dataset.len(), part.len(), "the {name} dataset holds the {name} messages");
            for i in 0..dataset.len() {
                let length = dataset.get(i).0.len();
                assert_eq!(length, context_length, "{name} message {i}: as long as the model's context");
            }
        }
    }
}

#[test]
fn ex6_1_nothing_else_changes() {
    let (split, tokenizer) = (split(), Gpt2Tokenizer::new());
    let datasets = ex6_1::datasets(&split, &tokenizer, &language_model(200, &Device::flex())).unwrap();
    for (dataset, (name, part)) in datasets.iter().zip(split.parts()) {
        for (i, message) in part.iter().enumerate() {
            let (row, label) = dataset.get(i);
            let ids = tokenizer.encode(&message.text).unwrap();
            assert_eq!(label, message.label, "{name} message {i} keeps its label");
            assert!(row.starts_with(&ids), "{name} message {i}: its own tokens come first");
            assert!(row[ids.len()..].iter().all(|&id| id == PAD_TOKEN_ID), "{name} message {i}: then only fillers");
        }
    }
}

// ---- 6.2

fn recording() -> Device {
    Device::flex().autodiff()
}

fn batch(device: &Device) -> SpamBatch {
    let dataset = SpamDataset::new(&split().train, &Gpt2Tokenizer::new(), Length::Exactly(16)).unwrap();
    SpamLoader::new(dataset, 8, false).unwrap().batch(&[0, 1, 2, 3, 4, 5, 6, 7], device)
}

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

// ---- 6.3

fn classifier() -> GptModel {
    add_classification_head(language_model(16, &Device::flex()), &mut TorchRng::new(7), &Device::flex())
}

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

#[test]
fn ex6_3_the_loss_is_that_of_the_first_token() {
    let (model, batch) = (classifier(), batch(&Device::flex()));
    let found: f64 = ex6_3::loss_at_first_token(&model, batch.clone()).into_scalar();
    let expected: f64 = calc_loss_batch(&model, batch, Readout::First, &mut Mode::Eval).into_scalar();
    assert!((found - expected).abs() < 1e-6, "the loss is {found}, but must be {expected}");
}

#[test]
fn ex6_3_what_follows_does_not_matter() {
    let (model, batch) = (classifier(), batch(&Device::flex()));
    let found: f64 = ex6_3::loss_at_first_token(&model, batch.clone()).into_scalar();
    let first = batch.inputs.slice([0..8, 0..1]);
    let others = Tensor::<2, Int>::ones([8, 15], &Device::flex());
    let changed = SpamBatch { inputs: Tensor::cat(vec![first, others], 1), labels: batch.labels };
    let other: f64 = ex6_3::loss_at_first_token(&model, changed).into_scalar();
    assert!((found - other).abs() < 1e-6, "the loss depends on tokens behind the first: {found} and {other}");
}

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
