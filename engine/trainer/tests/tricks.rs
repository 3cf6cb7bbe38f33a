//! The runner with appendix D's recipes: it computes what the lesson's loop computes, and what PyTorch computed.

use std::cell::RefCell;
use std::ops::ControlFlow;

use appendix_train_tricks::{Clip, Decay, Recipe, Schedule, TrainingPlan, train_model};
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::{GptModel, generate_text_simple};
use ch05_pretrain::tokens::tensor_to_ids;
use ch05_pretrain::{AdamW, Evaluation, Loaders, text_to_token_ids};
use serde::Deserialize;
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, TrainingConfig, data};
use testkit::{assert_relatively_close, for_test, needs_data};
use trainer::{Diverged, Event, Masks, Run, ignore, train_language_model};

fn small() -> GptConfig {
    GptConfig {
        context_length: 16,
        emb_dim: 8,
        n_heads: 2,
        n_layers: 1,
        drop_rate: 0.1,
        ..GptConfig::preset("tiny").unwrap()
    }
}

fn small_loaders() -> Loaders {
    let text: String = data::find("lamp").unwrap().text().unwrap().chars().take(2000).collect();
    Loaders::new(&text, 16, 2).unwrap()
}

/// A short run, evaluated after every step.
fn small_training(epochs: usize) -> TrainingConfig {
    TrainingConfig { learning_rate: 0.01, epochs, eval_freq: 1, eval_iter: 1, ..TrainingConfig::book() }
}

/// A new small run on `device`, its model passed through `prepare`.
fn small_run(device: &Device, prepare: fn(GptModel) -> GptModel) -> Run {
    let mut rng = TorchRng::new(123);
    let model = prepare(torch_init(GptModel::new(&small(), device), &mut rng));
    Run::new(model, small_training(1).weight_decay, &rng)
}

fn whole_recipe() -> Recipe {
    let schedule = Schedule { warmup_steps: 5, initial_lr: 1e-4, min_lr: 1e-5, decay: Decay::Cosine };
    Recipe { schedule, clip: Some(Clip { max_norm: 0.1, first_step: 5 }), grad_accum: 1 }
}

#[test]
fn the_runner_is_the_lesson_s_loop_bit_for_bit() {
    let (device, loaders) = (Device::flex().autodiff(), small_loaders());
    for recipe in [Recipe::default(), whole_recipe()] {
        let plan = TrainingPlan { config: small_training(2), recipe };
        let Run { model, state, .. } = small_run(&device, |model| model);
        let (mut optimizer, mut rng) = (AdamW::new(plan.config.weight_decay), state.rng);
        let (lesson, evaluations, rates) =
            train_model(model, &mut optimizer, &loaders, &plan, &mut rng, &device, |_| {});

        let run = small_run(&device, |model| model);
        let TrainingPlan { config, recipe } = &plan;
        let run = train_language_model(run, &loaders, config, recipe, Masks::Reproducible, &device, ignore).unwrap();
        assert_eq!(run.state.evaluations, evaluations);
        assert_eq!((run.state.steps, run.state.rng), (rates.len(), rng));
        let head = |model: &GptModel| model.out_head.weight.val().into_data();
        assert_eq!(head(&run.model), head(&lesson));
    }
}

/// Batches of a step, at the end of an epoch what is left.
#[test]
fn a_step_takes_several_batches() {
    let (device, loaders) = (Device::flex().autodiff(), small_loaders());
    let batches = shared::Batches::num_batches(&loaders.train);
    assert_ne!(batches % 4, 0, "the last step of an epoch is to be shorter");
    let recipe = Recipe { grad_accum: 4, ..Recipe::default() };
    let run = small_run(&device, fast::accelerate);
    let config = small_training(2);
    let run = train_language_model(run, &loaders, &config, &recipe, Masks::Reproducible, &device, ignore).unwrap();
    assert_eq!(run.state.steps, 2 * batches.div_ceil(4));
    assert_eq!(run.state.seen, 2 * batches * 2 * 16);
    let [first, last] = [&run.state.evaluations[0], run.state.evaluations.last().unwrap()];
    assert!(last.train_loss < first.train_loss);
}

#[derive(Deserialize)]
struct Golden {
    model: GptConfig,
    training: TrainingConfig,
    recipe: Recipe,
    seed: u64,
    step_losses: Vec<f64>,
    log: Vec<Evaluation>,
    greedy_20_ids: Vec<u32>,
}

/// As in the lesson's `golden_training.rs`, with the loss of every step.
#[needs_data("the-verdict")]
#[test]
fn golden_warmup_cosine_clip() {
    let golden = include_str!("../../../appendix-train-tricks/tests/golden/warmup-cosine-clip.json");
    let golden: Golden = serde_json::from_str(golden).unwrap();
    let device = Device::flex().autodiff();
    let mut rng = TorchRng::new(golden.seed);
    let loaders =
        Loaders::new(&for_test("the-verdict"), golden.model.context_length, golden.training.batch_size).unwrap();
    let model = fast::accelerate(torch_init(GptModel::new(&golden.model, &device), &mut rng));
    let run = Run::new(model, golden.training.weight_decay, &rng);
    let losses = RefCell::new(Vec::new());
    let observe = |event: Event| {
        if let Event::Step { loss, .. } = event {
            losses.borrow_mut().push(loss.clone().into_scalar::<f64>());
        }
        Ok::<_, Diverged>(ControlFlow::Continue(()))
    };
    let run =
        train_language_model(run, &loaders, &golden.training, &golden.recipe, Masks::Reproducible, &device, observe)
            .unwrap();

    let tolerance = |step: usize| if step < 50 { 1e-4 } else { 5e-3 };
    let losses = losses.into_inner();
    assert_eq!(losses.len(), golden.step_losses.len());
    for (step, (found, expected)) in losses.iter().zip(&golden.step_losses).enumerate() {
        assert_relatively_close(*found, *expected, tolerance(step), &format!("loss of step {step}"));
    }
    let evaluations = &run.state.evaluations;
    assert_eq!(evaluations.len(), golden.log.len());
    for (found, expected) in evaluations.iter().zip(&golden.log) {
        assert_eq!((found.epoch, found.step, found.seen), (expected.epoch, expected.step, expected.seen));
        let (relative, step) = (tolerance(found.step), found.step);
        assert_relatively_close(found.train_loss, expected.train_loss, relative, &format!("training loss at {step}"));
        assert_relatively_close(found.val_loss, expected.val_loss, relative, &format!("validation loss at {step}"));
    }
    assert_eq!((run.state.steps, run.state.seen, evaluations.len()), (135, 69_120, 27));
    let prompt = text_to_token_ids("Every effort moves you", &Gpt2Tokenizer::new(), &device.inner());
    let ids = generate_text_simple(&run.model, prompt, 20, golden.model.context_length);
    assert_eq!(tensor_to_ids(ids), golden.greedy_20_ids);
}
