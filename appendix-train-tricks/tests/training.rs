//! The training function and its parts where the book prints no number.

use appendix_train_tricks::{Clip, Decay, Recipe, Schedule, TrainingPlan, accumulate, train_model};
use burn::lr_scheduler::cosine::CosineAnnealingLrSchedulerConfig;
use burn::lr_scheduler::linear::LinearLrSchedulerConfig;
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Int, Tensor};
use ch02_text::Batch;
use ch04_gpt::GptModel;
use ch05_pretrain::{AdamW, Evaluation, Loaders, calc_loss_batch, train_model_simple};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, IGNORE_INDEX, Mode, TrainingConfig, data};

fn small(drop_rate: f64) -> GptConfig {
    GptConfig {
        context_length: 16,
        emb_dim: 8,
        n_heads: 2,
        n_layers: 1,
        drop_rate,
        ..GptConfig::preset("tiny").unwrap()
    }
}

/// The evaluations after all steps of a short run; without a recipe, of chapter 5's loop.
fn evaluations(recipe: Option<Recipe>) -> Vec<Evaluation> {
    let text = data::find("lamp").unwrap().text().unwrap();
    let text: String = text.chars().take(2000).collect();
    let loaders = Loaders::new(&text, 16, 2).unwrap();
    let device = Device::flex().autodiff();
    let mut rng = TorchRng::new(123);
    let model = torch_init(GptModel::new(&small(0.1), &device), &mut rng);
    let config =
        TrainingConfig { learning_rate: 0.01, epochs: 1, eval_freq: 1, eval_iter: 1, ..TrainingConfig::book() };
    let mut optimizer = AdamW::new(config.weight_decay);
    match recipe {
        Some(recipe) => {
            let plan = TrainingPlan { config, recipe };
            train_model(model, &mut optimizer, &loaders, &plan, &mut rng, &device, |_| {}).1
        }
        None => train_model_simple(model, &mut optimizer, &loaders, &config, &mut rng, &device, |_| {}).1,
    }
}

#[test]
fn without_tricks_it_is_chapter_5_bit_for_bit() {
    let found = evaluations(Some(Recipe::default()));
    assert!(found.len() > 10);
    assert_eq!(found, evaluations(None));
}

/// An evaluation follows the update of its step.
#[test]
fn clipping_begins_with_its_first_step() {
    let plain = evaluations(None);
    let clip = Some(Clip { max_norm: 1e-3, first_step: 5 });
    let clipped = evaluations(Some(Recipe { clip, ..Recipe::default() }));
    assert_eq!(clipped[..5], plain[..5]);
    assert_ne!(clipped[5], plain[5]);
}

#[test]
#[should_panic(expected = "every step takes one batch")]
fn the_lesson_s_loop_accumulates_nothing() {
    evaluations(Some(Recipe { grad_accum: 2, ..Recipe::default() }));
}

#[test]
fn burn_s_schedulers_give_the_same_rates() {
    let (initial_lr, peak, min_lr, warmup_steps, total) = (1e-4, 1e-2, 1e-5, 27, 135);
    let schedule = Schedule { warmup_steps, initial_lr, min_lr, decay: Decay::Cosine };
    let mut linear = LinearLrSchedulerConfig::new(initial_lr, peak, warmup_steps).init().unwrap();
    let mut cosine =
        CosineAnnealingLrSchedulerConfig::new(peak, total - warmup_steps).with_min_lr(min_lr).init().unwrap();
    for step in 0..total {
        let expected = if step < warmup_steps { linear.step().base() } else { cosine.step().base() };
        let found = schedule.learning_rate(step, peak, total);
        assert!((found - expected).abs() < 1e-12, "step {step}: {found} is not {expected}");
    }
}

#[test]
fn a_linear_decay_is_half_way_in_the_middle_and_a_schedule_stays_where_it_ends() {
    let schedule = Schedule { warmup_steps: 10, initial_lr: 0.0, min_lr: 0.2, decay: Decay::Linear };
    let rate = |step| schedule.learning_rate(step, 1.0, 30);
    for (step, expected) in [(0, 0.0), (5, 0.5), (10, 1.0), (20, 0.6), (30, 0.2), (1000, 0.2)] {
        assert!((rate(step) - expected).abs() < 1e-12, "step {step}: {}", rate(step));
    }
}

/// A batch of the given rows; the targets are the next ids, the last `padding` of each row are ignored.
fn batch(rows: &[i32], padding: usize, device: &Device) -> Batch {
    let inputs: Vec<i32> = rows.iter().flat_map(|row| (0..16).map(move |i| row * 100 + i)).collect();
    let target = |(i, id): (usize, &i32)| if i % 16 >= 16 - padding { IGNORE_INDEX } else { id + 1 };
    let targets: Vec<i32> = inputs.iter().enumerate().map(target).collect();
    let tensor = |ids: &[i32]| Tensor::<1, Int>::from_data(ids, device).reshape([rows.len(), 16]);
    Batch { inputs: tensor(&inputs), targets: tensor(&targets) }
}

/// All gradients, one after the other.
fn flat(model: &GptModel, gradients: &Gradients) -> Vec<f32> {
    struct All<'a>(&'a Gradients, Vec<f32>);
    impl ModuleVisitor for All<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.1.extend(param.val().grad(self.0).unwrap().into_data().iter::<f32>());
        }
    }
    let mut all = All(gradients, Vec::new());
    model.visit(&mut all);
    all.1
}

/// Also when the small batches have unequal numbers of targets that count, or one has none.
#[test]
fn accumulated_gradients_are_those_of_the_big_batch() {
    let device = Device::flex().autodiff();
    let model = torch_init(GptModel::new(&small(0.0), &device), &mut TorchRng::new(123));
    let loss_of = |batch| calc_loss_batch(&model, batch, &mut Mode::Eval);
    for padding in [0, 9, 16] {
        let parts = vec![batch(&[1, 2], 0, &device), batch(&[3, 4], padding, &device), batch(&[5], 0, &device)];
        let join = |of: fn(&Batch) -> Tensor<2, Int>| Tensor::cat(parts.iter().map(of).collect(), 0);
        let big = Batch { inputs: join(|b| b.inputs.clone()), targets: join(|b| b.targets.clone()) };

        let expected_loss = loss_of(big);
        let expected = flat(&model, &expected_loss.backward());
        let (loss, gradients) = accumulate(&model, parts, loss_of);
        let (loss, expected_loss): (f32, f32) = (loss.into_scalar(), expected_loss.into_scalar());
        assert!((loss - expected_loss).abs() < 1e-5, "{loss} is not {expected_loss}");
        let found = flat(&model, &gradients);
        assert!(found.iter().all(|gradient| gradient.is_finite()));
        let largest = expected.iter().fold(0f32, |a, b| a.max(b.abs()));
        let worst = found.iter().zip(&expected).fold(0f32, |worst, (a, b)| worst.max((a - b).abs()));
        assert!(worst < 1e-6 * largest.max(1.0), "{worst} of {largest}");
    }
}

#[test]
fn bad_recipes_are_named() {
    let good = Recipe::default();
    let error = |recipe: Recipe| recipe.validate(1e-3, 10, 2).unwrap_err().to_string();
    assert_eq!(error(Recipe { grad_accum: 0, ..good.clone() }), "grad_accum is 0, but must be at least 1");
    for max_norm in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let clip = Some(Clip { max_norm, first_step: 0 });
        assert_eq!(
            error(Recipe { clip, ..good.clone() }),
            format!("max_norm is {max_norm}, but must be a number above 0")
        );
    }
    let schedule = |schedule| error(Recipe { schedule, ..good.clone() });
    let range = "but must be between 0 and the peak, which is 0.001";
    assert_eq!(schedule(Schedule { min_lr: 0.1, ..Schedule::default() }), format!("min_lr is 0.1, {range}"));
    assert_eq!(schedule(Schedule { initial_lr: -0.1, ..Schedule::default() }), format!("initial_lr is -0.1, {range}"));
    assert!(schedule(Schedule { warmup_steps: 20, ..Schedule::default() }).contains("20 steps, but the whole run has"));
    good.validate(1e-3, 1, 1).unwrap();
}
