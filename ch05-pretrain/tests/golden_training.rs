//! Whole training runs against runs of the book's PyTorch code (`torch` 2.15, CPU): every evaluation, the greedy
//! continuation at the end. The losses of the single steps are compared in `engine/trainer/tests/golden_training.rs`,
//! whose runner takes the same steps bit for bit.

use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::{GptModel, generate_text_simple};
use ch05_pretrain::tokens::tensor_to_ids;
use ch05_pretrain::{AdamW, Evaluation, Loaders, text_to_token_ids, token_ids_to_text, train_model_simple};
use serde::Deserialize;
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, TrainingConfig};
use testkit::{assert_relatively_close, for_test, needs_data};

#[derive(Deserialize)]
struct Golden {
    model: GptConfig,
    training: TrainingConfig,
    seed: u64,
    log: Vec<Evaluation>,
    greedy_20_ids: Vec<u32>,
    greedy_20_text: String,
}

/// Rounding differs between the frameworks and adds up along the run, the random numbers do not: 1e-4 relative in the
/// first 50 steps, 5e-3 to the end.
fn reproduce(golden: &str) {
    let text = for_test("the-verdict");
    let golden: Golden = serde_json::from_str(golden).unwrap();
    let device = Device::flex().autodiff();
    let mut rng = TorchRng::new(golden.seed);
    let loaders = Loaders::new(&text, golden.model.context_length, golden.training.batch_size).unwrap();
    let model = torch_init(GptModel::new(&golden.model, &device), &mut rng);
    let mut optimizer = AdamW::new(golden.training.weight_decay);
    let (model, evaluations) =
        train_model_simple(model, &mut optimizer, &loaders, &golden.training, &mut rng, &device, |_| ());

    let tolerance = |step: usize| if step < 50 { 1e-4 } else { 5e-3 };
    assert_eq!(evaluations.len(), golden.log.len());
    for (found, expected) in evaluations.iter().zip(&golden.log) {
        let place = |e: &Evaluation| (e.epoch, e.step, e.seen);
        assert_eq!(place(found), place(expected));
        let (relative, step) = (tolerance(found.step), found.step);
        assert_relatively_close(found.train_loss, expected.train_loss, relative, &format!("training loss at {step}"));
        assert_relatively_close(found.val_loss, expected.val_loss, relative, &format!("validation loss at {step}"));
    }

    let tokenizer = Gpt2Tokenizer::new();
    let prompt = text_to_token_ids("Every effort moves you", &tokenizer, &device.inner());
    let ids = generate_text_simple(&model, prompt, 20, golden.model.context_length);
    assert_eq!(tensor_to_ids(ids.clone()), golden.greedy_20_ids);
    assert_eq!(token_ids_to_text(ids, &tokenizer).unwrap(), golden.greedy_20_text);
}

#[needs_data("the-verdict")]
#[test]
fn golden_training_seed_123() {
    reproduce(include_str!("golden/train-small-seed123.json"));
}

#[needs_data("the-verdict")]
#[test]
fn golden_training_seed_42() {
    reproduce(include_str!("golden/train-small-seed42.json"));
}
