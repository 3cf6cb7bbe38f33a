//! Runs that leave the finite numbers end with the reason, and nothing that is not finite is saved.

use std::fs;
use std::ops::ControlFlow;

use appendix_train_tricks::Recipe;
use burn::tensor::{Device, Tensor};
use ch02_text::END_OF_TEXT_ID;
use ch04_gpt::GptModel;
use ch05_pretrain::Loaders;
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, TrainingConfig, data};
use trainer::{Diverged, Event, Masks, Run, RunError, save_checkpoint, train_language_model};

fn config() -> GptConfig {
    GptConfig { context_length: 16, emb_dim: 8, n_heads: 2, n_layers: 1, ..GptConfig::preset("tiny").unwrap() }
}

/// With an evaluation after the first step only.
fn training(learning_rate: f64) -> TrainingConfig {
    TrainingConfig { epochs: 2, learning_rate, eval_freq: 1000, eval_iter: 1, ..TrainingConfig::book() }
}

fn device() -> Device {
    Device::flex().autodiff()
}

fn begin() -> Run {
    let mut rng = TorchRng::new(123);
    let model = torch_init(GptModel::new(&config(), &device()), &mut rng);
    Run::new(model, 0.1, &rng)
}

/// A run with a value that is not a number in the embedding of a token that the text does not contain: all losses are finite.
fn poisoned() -> Run {
    let mut run = begin();
    let row = END_OF_TEXT_ID as usize;
    let nan = Tensor::<2>::full([1, 1], f32::NAN, &Device::flex());
    run.model.tok_emb.weight = run
        .model
        .tok_emb
        .weight
        .map(|weight| Tensor::from_inner(weight.inner().slice_assign([row..row + 1, 3..4], nan)).require_grad());
    run
}

/// Trains; returns the kinds of events and how the run ended.
fn train(run: Run, learning_rate: f64) -> (Vec<&'static str>, Result<Run, Diverged>) {
    let text: String = data::find("lamp").unwrap().text().unwrap().chars().take(1000).collect();
    let loaders = Loaders::new(&text, 16, 2).unwrap();
    let mut events = Vec::new();
    let observe = |event: Event| {
        events.push(match event {
            Event::Step { .. } => "step",
            Event::Evaluation(_) => "evaluation",
            Event::EpochEnd { .. } => "epoch",
            Event::SafePoint(_) => "safe point",
        });
        Ok::<_, Diverged>(ControlFlow::Continue(()))
    };
    let (training, recipe) = (training(learning_rate), Recipe::default());
    let ended = train_language_model(run, &loaders, &training, &recipe, Masks::Reproducible, &device(), observe);
    (events, ended)
}

/// AdamW's first step moves every weight by the learning rate: the products of the next step are about 1e60, beyond the range
/// of 32 bits, and their sums not numbers. An evaluation after the step sees it first, otherwise the next step does.
#[test]
fn a_run_with_steps_that_are_too_large_ends_with_the_step() {
    for fast in [false, true] {
        let mut run = begin();
        if fast {
            run.model = fast::accelerate(run.model);
        }
        let (events, ended) = train(run.clone(), 1e30);
        let Err(Diverged::Evaluation { step: 0, part: "training", loss }) = ended else {
            panic!("fast: {fast}, {:?}", ended.map(|_| ()))
        };
        assert!(!loss.is_finite());
        assert_eq!(events, ["step"]);

        run.state.steps = 1;
        let (events, ended) = train(run, 1e30);
        let Err(Diverged::Step { step: 2, loss }) = ended else { panic!("fast: {fast}, {:?}", ended.map(|_| ())) };
        assert!(!loss.is_finite());
        assert_eq!(events, ["step", "safe point"], "an observer sees only what is finite");
    }
}

#[test]
fn parameters_are_checked_before_an_epoch_ends() {
    let (events, ended) = train(poisoned(), 1e-3);
    let error = ended.unwrap_err();
    let steps = events.iter().filter(|event| **event == "step").count();
    assert_eq!(error, Diverged::Values { step: steps - 1, name: "tok_emb.weight".to_string() });
    assert!(steps > 3 && !events.contains(&"epoch"), "{events:?}");
}

#[test]
fn a_run_that_is_ended_by_its_observer_is_finite() {
    let text: String = data::find("lamp").unwrap().text().unwrap().chars().take(1000).collect();
    let loaders = Loaders::new(&text, 16, 2).unwrap();
    let stop = |event: Event| {
        let second = matches!(event, Event::SafePoint(run) if run.state.steps == 2);
        Ok::<_, Diverged>(if second { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    };
    let (training, recipe) = (training(1e-3), Recipe::default());
    let ended = train_language_model(poisoned(), &loaders, &training, &recipe, Masks::Reproducible, &device(), stop);
    assert_eq!(ended.unwrap_err().to_string(), "after step 1, tok_emb.weight holds numbers that are not finite");
}

#[test]
fn nothing_that_is_not_finite_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let save = |run: &Run| save_checkpoint(folder.path(), run, &config(), &training(1e-3), None, ());
    let (_, trained) = train(begin(), 1e-3);
    let mut run = trained.unwrap();
    let good = save(&run).unwrap();

    run.state.steps += 1;
    run.optimizer.moments[0].as_mut().unwrap().second = Tensor::full([50257 * 8], f32::INFINITY, &Device::flex());
    let of_a_moment = save(&run).unwrap_err();
    assert!(of_a_moment.to_string().contains("tok_emb.weight.exp_avg_sq holds numbers that are not finite"));
    let Err(RunError::Diverged(Diverged::Values { name, .. })) = save(&poisoned()) else { panic!("it was saved") };
    assert_eq!(name, "tok_emb.weight");
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left, [good], "the last finite checkpoint stays");
}
