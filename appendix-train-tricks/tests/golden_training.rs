//! A whole run with warm-up, cosine decay and clipping against a run of PyTorch 2.15 (CPU, one thread) of a small model:
//! every step's learning rate, the first gradient norm, every evaluation, the greedy continuation at the end. Of the 108
//! steps after the warm-up, 94 are clipped. The same run with the fast operations, in seconds and with the loss of every
//! step, is in `engine/trainer/tests/tricks.rs`; it also holds the runner to this loop, bit for bit.

use appendix_train_tricks::{Recipe, TrainingPlan, grad_norm, train_model};
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::{GptModel, generate_text_simple};
use ch05_pretrain::tokens::tensor_to_ids;
use ch05_pretrain::{AdamW, Evaluation, Loaders, calc_loss_batch, text_to_token_ids};
use serde::Deserialize;
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{Batches, GptConfig, Mode, TrainingConfig};
use testkit::{assert_relatively_close, for_test};

#[derive(Deserialize)]
struct Golden {
    model: GptConfig,
    training: TrainingConfig,
    recipe: Recipe,
    seed: u64,
    first_norm: f64,
    rates: Vec<f64>,
    log: Vec<Evaluation>,
    greedy_20_ids: Vec<u32>,
}

/// The random numbers are PyTorch's; rounding differs and adds up along the run.
#[test]
#[ignore = "a minute or two: cargo test -p appendix-train-tricks -- --ignored golden_warmup_cosine_clip"]
fn golden_warmup_cosine_clip() {
    let text = for_test("the-verdict");
    let golden: Golden = serde_json::from_str(include_str!("golden/warmup-cosine-clip.json")).unwrap();
    let device = Device::flex().autodiff();
    let mut rng = TorchRng::new(golden.seed);
    let loaders = Loaders::new(&text, golden.model.context_length, golden.training.batch_size).unwrap();
    let model = torch_init(GptModel::new(&golden.model, &device), &mut rng);

    // The norm of the very first step, before the run: a sum of 3 million squares in single precision.
    let mut first = rng.clone();
    let batch = loaders.train.iter(&mut first, &device).next().unwrap();
    let gradients = calc_loss_batch(&model, batch, &mut Mode::Train(&mut first)).backward();
    assert_relatively_close(grad_norm(&model, &gradients).into_scalar(), golden.first_norm, 5e-5, "norm of step 0");

    let mut optimizer = AdamW::new(golden.training.weight_decay);
    let plan = TrainingPlan { config: golden.training, recipe: golden.recipe };
    let (model, evaluations, learning_rates) =
        train_model(model, &mut optimizer, &loaders, &plan, &mut rng, &device, |_| {});

    assert_eq!(learning_rates.len(), golden.rates.len());
    for (step, (found, expected)) in learning_rates.iter().zip(&golden.rates).enumerate() {
        assert_relatively_close(*found, *expected, 1e-12, &format!("rate of step {step}"));
    }
    let tolerance = |step: usize| if step < 50 { 1e-4 } else { 5e-3 };
    assert_eq!(evaluations.len(), golden.log.len());
    for (found, expected) in evaluations.iter().zip(&golden.log) {
        assert_eq!((found.epoch, found.step, found.seen), (expected.epoch, expected.step, expected.seen));
        let (relative, step) = (tolerance(found.step), found.step);
        assert_relatively_close(found.train_loss, expected.train_loss, relative, &format!("training loss at {step}"));
        assert_relatively_close(found.val_loss, expected.val_loss, relative, &format!("validation loss at {step}"));
    }
    // The counts of 3.1, and that it learns at all.
    assert_eq!((optimizer.steps, evaluations.len()), (135, 27));
    assert!(evaluations.iter().all(|e| e.seen == 512 * (e.step + 1)));
    assert!(evaluations[26].train_loss < 0.5 * evaluations[0].train_loss);
    let prompt = text_to_token_ids("Every effort moves you", &Gpt2Tokenizer::new(), &device.inner());
    let ids = generate_text_simple(&model, prompt, 20, golden.model.context_length);
    assert_eq!(tensor_to_ids(ids), golden.greedy_20_ids);
}
