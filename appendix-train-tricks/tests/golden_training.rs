//! A whole run with warm-up, cosine decay and clipping against a run of PyTorch 2.15 (CPU, one thread) of a small model:
//! every step's rate and loss, the first gradient norm, every evaluation, the greedy continuation at the end. Of the 108
//! steps after the warm-up, 94 are clipped.

use std::cell::RefCell;
use std::convert::Infallible;
use std::ops::ControlFlow;

use appendix_train_tricks::{Recipe, grad_norm, train_model};
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::{GptModel, generate_text_simple};
use ch05_pretrain::tokens::tensor_to_ids;
use ch05_pretrain::{Batches, Evaluation, Event, Loaders, Run, calc_loss_batch, text_to_token_ids};
use kernels::Kernels;
use serde::Deserialize;
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode, TrainingConfig};

#[derive(Deserialize)]
struct Golden {
    model: GptConfig,
    training: TrainingConfig,
    recipe: Recipe,
    seed: u64,
    step_losses: Vec<f64>,
    first_norm: f64,
    rates: Vec<f64>,
    log: Vec<Evaluation>,
    greedy_20_ids: Vec<u32>,
}

fn assert_close(found: f64, expected: f64, relative: f64, what: &str) {
    let difference = ((found - expected) / expected).abs();
    assert!(difference <= relative, "{what}: {found}, expected {expected} (relative difference {difference:.1e})");
}

#[test]
fn golden_warmup_cosine_clip() {
    golden_run(Kernels::Fused);
}

#[test]
#[ignore = "a minute or two: cargo test -p appendix-train-tricks -- --ignored golden_training_plain"]
fn golden_training_plain() {
    golden_run(Kernels::Plain);
}

/// The random numbers are PyTorch's; rounding differs and adds up along the run.
fn golden_run(kernels: Kernels) {
    let Some(text) = shared::data::for_test("the-verdict") else { return };
    let golden: Golden = serde_json::from_str(include_str!("golden/warmup-cosine-clip.json")).unwrap();
    let device = Device::flex().autodiff();
    let mut rng = TorchRng::new(golden.seed);
    let loaders = Loaders::new(&text, golden.model.context_length, golden.training.batch_size).unwrap();
    let model = torch_init(GptModel::new(&golden.model, &device), &mut rng).with_kernels(kernels);

    // The norm of the very first step, before the run: a sum of 3 million squares in single precision.
    let mut first = rng.clone();
    let batch = loaders.train.pass(&mut first, &device).next().unwrap();
    let gradients = calc_loss_batch(&model, batch, &mut Mode::Train(&mut first)).backward();
    assert_close(grad_norm(&model, &gradients).into_scalar(), golden.first_norm, 5e-5, "norm of step 0");

    let run = Run::new(model, golden.training.weight_decay, &rng);
    let losses = RefCell::new(Vec::new());
    let run = train_model(run, &loaders, &golden.training, &golden.recipe, true, &device, |event| {
        if let Event::Step { loss, .. } = event {
            losses.borrow_mut().push(loss.clone().into_scalar::<f64>());
        }
        Ok::<_, Infallible>(ControlFlow::Continue(()))
    })
    .unwrap();

    let total = golden.rates.len();
    for (step, expected) in golden.rates.iter().enumerate() {
        let found = golden.recipe.schedule.learning_rate(step, golden.training.learning_rate, total);
        assert_close(found, *expected, 1e-12, &format!("rate of step {step}"));
    }
    let tolerance = |step: usize| if step < 50 { 1e-4 } else { 5e-3 };
    let losses = losses.into_inner();
    assert_eq!(losses.len(), total);
    for (step, (found, expected)) in losses.iter().zip(&golden.step_losses).enumerate() {
        assert_close(*found, *expected, tolerance(step), &format!("loss of step {step}"));
    }
    assert_eq!(run.place.evaluations.len(), golden.log.len());
    for (found, expected) in run.place.evaluations.iter().zip(&golden.log) {
        assert_eq!((found.epoch, found.step, found.tokens_seen), (expected.epoch, expected.step, expected.tokens_seen));
        let relative = tolerance(found.step);
        assert_close(found.train_loss, expected.train_loss, relative, &format!("training loss at {}", found.step));
        assert_close(found.val_loss, expected.val_loss, relative, &format!("validation loss at {}", found.step));
    }
    // The counts of 3.1, and that it learns at all.
    assert_eq!((run.place.steps, run.place.tokens_seen, run.place.evaluations.len()), (135, 69_120, 27));
    assert!(run.place.evaluations.iter().all(|e| e.tokens_seen == 512 * (e.step + 1)));
    assert!(run.place.evaluations[26].train_loss < 0.5 * run.place.evaluations[0].train_loss);
    let prompt = text_to_token_ids("Every effort moves you", &Gpt2Tokenizer::new(), &device.inner());
    let ids = generate_text_simple(&run.model, prompt, 20, golden.model.context_length);
    assert_eq!(tensor_to_ids(ids), golden.greedy_20_ids);
}
