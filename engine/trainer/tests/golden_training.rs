//! Whole training runs against runs of the book's PyTorch code (`torch` 2.15, CPU): every step's loss, every
//! evaluation, the greedy continuation at the end, computed by the lesson's formulas and by the fast operations.

use std::ops::ControlFlow;

use appendix_train_tricks::Recipe;
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::{GptModel, generate_text_simple};
use ch05_pretrain::tokens::tensor_to_ids;
use ch05_pretrain::{Evaluation, Loaders, text_to_token_ids, token_ids_to_text};
use serde::Deserialize;
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, TrainingConfig};
use testkit::{assert_relatively_close, for_test, needs_data};
use trainer::{Diverged, Event, Masks, Run, train_language_model};

#[derive(Deserialize)]
struct Golden {
    model: GptConfig,
    training: TrainingConfig,
    seed: u64,
    step_losses: Vec<f64>,
    log: Vec<Evaluation>,
    greedy_20_ids: Vec<u32>,
    greedy_20_text: String,
}

/// Rounding differs between the frameworks and adds up along the run, the random numbers do not: 1e-4 relative in the
/// first 50 steps, 5e-3 to the end.
fn reproduce(golden: &str, accelerate: impl Fn(GptModel) -> GptModel) {
    let text = for_test("the-verdict");
    let golden: Golden = serde_json::from_str(golden).unwrap();
    let device = Device::flex().autodiff();
    let mut rng = TorchRng::new(golden.seed);
    let loaders = Loaders::new(&text, golden.model.context_length, golden.training.batch_size).unwrap();
    let model = torch_init(GptModel::new(&golden.model, &device), &mut rng);
    let run = Run::new(accelerate(model), golden.training.weight_decay, &rng);

    let mut losses = Vec::new();
    let run = train_language_model(
        run,
        &loaders,
        &golden.training,
        &Recipe::default(),
        Masks::Reproducible,
        &device,
        |event| {
            if let Event::Step { step, loss } = event {
                assert_eq!(step, losses.len());
                losses.push(loss.clone().into_scalar::<f64>());
            }
            Ok::<_, Diverged>(ControlFlow::Continue(()))
        },
    )
    .unwrap();

    let tolerance = |step: usize| if step < 50 { 1e-4 } else { 5e-3 };
    assert_eq!(losses.len(), golden.step_losses.len());
    for (step, (found, expected)) in losses.iter().zip(&golden.step_losses).enumerate() {
        assert_relatively_close(*found, *expected, tolerance(step), &format!("loss of step {step}"));
    }
    assert_eq!(run.state.evaluations.len(), golden.log.len());
    for (found, expected) in run.state.evaluations.iter().zip(&golden.log) {
        let place = |e: &Evaluation| (e.epoch, e.step, e.seen);
        assert_eq!(place(found), place(expected));
        let relative = tolerance(found.step);
        assert_relatively_close(
            found.train_loss,
            expected.train_loss,
            relative,
            &format!("training loss at {}", found.step),
        );
        assert_relatively_close(
            found.val_loss,
            expected.val_loss,
            relative,
            &format!("validation loss at {}", found.step),
        );
    }

    let tokenizer = Gpt2Tokenizer::new();
    let prompt = text_to_token_ids("Every effort moves you", &tokenizer, &device.inner());
    let ids = generate_text_simple(&run.model, prompt, 20, golden.model.context_length);
    assert_eq!(tensor_to_ids(ids.clone()), golden.greedy_20_ids);
    assert_eq!(token_ids_to_text(ids, &tokenizer).unwrap(), golden.greedy_20_text);
}

#[needs_data("the-verdict")]
#[test]
fn golden_training_seed_123() {
    reproduce(include_str!("../../../ch05-pretrain/tests/golden/train-small-seed123.json"), |model| model);
}

#[needs_data("the-verdict")]
#[test]
fn golden_training_seed_42() {
    reproduce(include_str!("../../../ch05-pretrain/tests/golden/train-small-seed42.json"), |model| model);
}

#[needs_data("the-verdict")]
#[test]
fn golden_training_seed_123_fast() {
    reproduce(include_str!("../../../ch05-pretrain/tests/golden/train-small-seed123.json"), fast::accelerate);
}

#[needs_data("the-verdict")]
#[test]
fn golden_training_seed_42_fast() {
    reproduce(include_str!("../../../ch05-pretrain/tests/golden/train-small-seed42.json"), fast::accelerate);
}
