//! The fast code gives what the lessons give: logits, losses, gradients, a step of the optimizer, ids.

mod common;

use std::ops::ControlFlow;

use appendix_lora::{LoraSettings, Scale, attach_lora, freeze};
use burn::tensor::{Device, Int, Tensor, TensorData};
use ch02_text::Batch;
use ch04_gpt::bonus::generate_text_cached;
use ch04_gpt::{GptModel, generate_text_simple};
use ch05_pretrain::tokens::tensor_to_ids;
use ch05_pretrain::{AdamW, GenerateOptions, calc_loss_batch, generate};
use common::gradients_of;
use fast::{Generator, Operations, Products, accelerate, adamw_step, forward_with};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, IGNORE_INDEX, Mode};

/// Logits around 1 and losses around 5 from float32 sums of up to 128 products in three blocks, in another order.
const ROUNDING: f32 = 1e-5;

fn config() -> GptConfig {
    GptConfig {
        vocab_size: 211,
        context_length: 24,
        emb_dim: 32,
        n_heads: 4,
        n_layers: 3,
        drop_rate: 0.1,
        qkv_bias: true,
    }
}

fn model(device: &Device) -> GptModel {
    torch_init(GptModel::new(&config(), device), &mut TorchRng::new(123))
}

fn ids(batch: usize, tokens: usize, device: &Device) -> Tensor<2, Int> {
    let ids = TorchRng::new(7).randint(0, 211, batch * tokens);
    Tensor::from_data(TensorData::new(ids, [batch, tokens]), device)
}

fn largest_difference<const D: usize>(found: Tensor<D>, expected: Tensor<D>) -> f32 {
    (found - expected).abs().max().into_scalar()
}

/// A batch in which some targets are ignored.
fn batch(device: &Device) -> Batch {
    let targets = ids(2, 24, device);
    let ignored = targets.clone().lower_elem(20);
    Batch { inputs: ids(2, 24, device), targets: targets.mask_fill(ignored, IGNORE_INDEX) }
}

/// Loss, gradients and dropout masks of a training step, for a model and for one whose LoRA layers alone are trained.
#[test]
fn loss_and_gradients_of_a_step_with_dropout() {
    let device = Device::flex().autodiff();
    let settings = LoraSettings { rank: 4, alpha: 8.0, scale: Scale::AlphaOverRank };
    let whole = model(&device);
    let mut with_lora = attach_lora(freeze(whole.clone()), &settings, &mut TorchRng::new(5), &device);
    // B is 0 at first, and the gradient of A with it: one step makes both count.
    let loss = calc_loss_batch(&with_lora, batch(&device), &mut Mode::Eval);
    with_lora = AdamW::new(0.0).step(0.01, with_lora, loss.backward());

    for (lesson, parameters) in [(whole, 5 + 3 * 16), (with_lora, 2 * (3 * 6 + 1))] {
        let (mut rng, mut fast_rng) = (TorchRng::new(3), TorchRng::new(3));
        let expected = calc_loss_batch(&lesson, batch(&device), &mut Mode::Train(&mut rng));
        let fast = accelerate(lesson.clone());
        let found = fast::calc_loss_batch(&fast, batch(&device), &mut Mode::Train(&mut fast_rng));
        assert!(largest_difference(found.clone(), expected.clone()) <= ROUNDING);
        assert_eq!(rng, fast_rng, "the same numbers are drawn");

        let found = gradients_of(&fast, &found.backward());
        let expected = gradients_of(&lesson, &expected.backward());
        assert_eq!(found.len(), parameters);
        assert_eq!(expected.len(), parameters);
        for ((path, found), (expected_path, expected)) in found.into_iter().zip(expected) {
            assert_eq!(path, expected_path);
            assert_eq!(found.len(), expected.len());
            let close = found.iter().zip(&expected).all(|(found, expected)| (found - expected).abs() <= 1e-6);
            assert!(close, "the gradient of {path}: {found:?}, expected {expected:?}");
        }
    }
}

/// Gradients are divided by their own size, so a step of the optimizer may differ where they are next to nothing: it
/// moves each number by the learning rate at most.
#[test]
fn a_step_of_the_optimizer() {
    let device = Device::flex().autodiff();
    let mut lesson = model(&device);
    let mut fast = accelerate(lesson.clone());
    let (mut lesson_optimizer, mut fast_optimizer) = (AdamW::new(0.1), AdamW::new(0.1));
    for _ in 0..3 {
        let gradients = calc_loss_batch(&lesson, batch(&device), &mut Mode::Eval).backward();
        lesson = lesson_optimizer.step(1e-3, lesson, gradients);
        let gradients = fast::calc_loss_batch(&fast, batch(&device), &mut Mode::Eval).backward();
        fast = adamw_step(&mut fast_optimizer, 1e-3, fast, gradients);
    }
    assert_eq!(fast_optimizer.steps, 3);
    let loss = |model: &GptModel| calc_loss_batch(model, batch(&device), &mut Mode::Eval).inner();
    assert!(largest_difference(loss(&fast), loss(&lesson)) <= ROUNDING);
    let weights = |model: &GptModel| model.trf_blocks[1].ff.expand.weight.val().inner();
    assert!(largest_difference(weights(&fast), weights(&lesson)) <= 1e-4);
}

/// Each operation alone, and a model without the causal mask.
#[test]
fn every_operation_alone() {
    let device = Device::flex();
    let mut lesson = model(&device);
    for causal in [true, false] {
        lesson.trf_blocks.iter_mut().for_each(|block| block.att.causal = causal);
        let expected = lesson.forward(ids(2, 24, &device), &mut Mode::Train(&mut TorchRng::new(3)));
        let none = Operations::LESSON;
        for operations in [
            none,
            Operations { products: Products::Fast, ..none },
            Operations { embedding: true, ..none },
            Operations { layer_norm: true, ..none },
            Operations { attention: true, ..none },
            Operations { gelu: true, ..none },
            Operations { dropout: true, ..none },
            Operations::FAST,
        ] {
            let mut rng = TorchRng::new(3);
            let found = forward_with(&operations, &lesson, ids(2, 24, &device), &mut Mode::Train(&mut rng));
            let difference = largest_difference(found, expected.clone());
            assert!(difference <= ROUNDING, "{operations:?}, causal {causal}: {difference}");
        }
    }
}

/// Greedy and drawn ids, of one text and of several, below the context and beyond it.
#[test]
fn ids_of_texts() {
    let device = Device::flex();
    let lesson = model(&device);
    for rows in [1, 3] {
        for (seed, temperature, top_k) in
            [(9, 0.0, None), (0, 1.4, Some(20)), (1, 1.4, Some(20)), (2, 1.4, Some(20)), (3, 1.0, None), (4, 0.7, None)]
        {
            let options = GenerateOptions { temperature, top_k, ..GenerateOptions::greedy(30, 24) };
            let expected = generate(&lesson, ids(rows, 5, &device), &options, &mut TorchRng::new(seed)).unwrap();
            let expected = tensor_to_ids(expected);
            for model in [lesson.clone(), accelerate(lesson.clone())] {
                for generator in
                    [Generator::from(&model), Generator::new(&model, None), Generator::from(&model).without_cache()]
                {
                    let (mut rng, mut shown) = (TorchRng::new(seed), 0);
                    let on_tokens = |next: &[u32]| {
                        shown += next.len();
                        ControlFlow::Continue(())
                    };
                    let found = generator.generate(ids(rows, 5, &device), &options, &mut rng, on_tokens).unwrap();
                    assert_eq!(tensor_to_ids(found), expected, "{rows} rows, temperature {temperature}");
                    assert_eq!(shown, 30 * rows);
                }
            }
        }
    }
    let prompt = ids(1, 5, &device);
    let simple = generate_text_simple(&lesson, prompt.clone(), 30, 24);
    assert_eq!(tensor_to_ids(generate_text_cached(&lesson, prompt, 30, 24)), tensor_to_ids(simple));
}

#[test]
fn tokens_are_shown_as_they_are_chosen_and_generation_can_be_stopped() {
    let device = Device::flex();
    let generator = Generator::from(&model(&device));
    let (mut shown, options) = (Vec::new(), GenerateOptions::greedy(12, 24));
    let found = generator.generate(ids(1, 3, &device), &options, &mut TorchRng::new(1), |new| {
        shown.extend_from_slice(new);
        if shown.len() == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(tensor_to_ids(found.unwrap())[3..], shown);
    assert_eq!(shown.len(), 5);
}

/// "Hello, I am" and the first ten tokens after it (`4.7-generate-30` of the specification), by the model of section
/// 4.6 from seed 123. The logits, up to 3, differ by 2e-6, because float32 sums run in another order; the rest is for
/// processors with other vector widths. (PyTorch's two models differ by 1e-6.)
#[test]
fn n4_7_generate_10_fast() {
    let device = Device::flex();
    let config = GptConfig::preset("124M").unwrap();
    let lesson = torch_init(GptModel::new(&config, &device), &mut TorchRng::new(123));
    let fast = accelerate(lesson.clone());
    let hello = Tensor::from_ints([[15496, 11, 314, 716]], &device);
    let found = tensor_to_ids(generate_text_simple(&fast, hello, 10, config.context_length));
    let expected = [15496, 11, 314, 716, 27018, 24086, 47843, 30961, 42348, 7267, 49706, 43231, 47062, 34657];
    assert_eq!(found, expected);

    let batch = Tensor::<2, Int>::from_ints([[6109, 3626, 6100, 345], [6109, 1110, 6622, 257]], &device);
    let expected = lesson.forward(batch.clone(), &mut Mode::Eval);
    let difference = largest_difference(fast.forward(batch, &mut Mode::Eval), expected);
    assert!(difference <= 5e-6, "{difference}");
}
