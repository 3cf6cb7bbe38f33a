//! The numbers that sections 5.1 and 5.2 of the book print, each test named after the number's id.
//!
//! Tolerances: half a unit of the last printed digit where a number is printed with few digits; 1e-5 relative where
//! more digits are known, since float32 sums depend on their order.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::{LazyLock, Mutex};

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Int, Tensor};
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::{GptModel, generate_text_simple};
use ch05_pretrain::tokens::{ids_to_tensor, tensor_to_ids};
use ch05_pretrain::{
    Event, Loaders, Run, calc_loss_loader, cross_entropy, perplexity, split_text, text_to_token_ids, token_ids_to_text,
    train_model_simple,
};
use shared::data::for_test;
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode, TrainingConfig};

fn config() -> GptConfig {
    GptConfig { context_length: 256, ..GptConfig::preset("124M").unwrap() }
}

/// The chapter's untrained model from seed 123, made once.
static MODEL: LazyLock<Mutex<GptModel>> =
    LazyLock::new(|| Mutex::new(torch_init(GptModel::new(&config(), &Device::flex()), &mut TorchRng::new(123))));

fn untrained() -> GptModel {
    MODEL.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
}

fn assert_near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{found} is not {expected} ± {tolerance}");
}

fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

/// "every effort moves" and "I really like".
fn inputs() -> Tensor<2, Int> {
    Tensor::from_ints([[16833, 3626, 6100], [40, 1107, 588]], &Device::flex())
}

fn probabilities() -> Tensor<3> {
    softmax(untrained().forward(inputs(), &mut Mode::Eval), 2)
}

const TARGETS: [[i32; 3]; 2] = [[3626, 6100, 345], [1107, 588, 11311]];
/// The Chinese notebook edition has 107 where 1107 was meant, and prints what follows from it.
const TARGETS_CN: [[i32; 3]; 2] = [[3626, 6100, 345], [107, 588, 11311]];

fn target_probabilities(targets: [[i32; 3]; 2]) -> Vec<f64> {
    let targets = Tensor::<2, Int>::from_ints(targets, &Device::flex()).unsqueeze_dim::<3>(2);
    floats(probabilities().gather(2, targets))
}

fn loss(targets: [[i32; 3]; 2]) -> f64 {
    let logits = untrained().forward(inputs(), &mut Mode::Eval);
    assert_eq!(logits.dims(), [2, 3, 50257]);
    let (logits, targets) = (logits.flatten(0, 1), Tensor::<2, Int>::from_ints(targets, &Device::flex()));
    let targets: Tensor<1, Int> = targets.flatten(0, 1);
    assert_eq!((logits.dims(), targets.dims()), ([6, 50257], [6]));
    floats(cross_entropy(logits, targets))[0]
}

#[test]
fn n5_1_init_probe() {
    let model = untrained();
    let first = floats(model.tok_emb.weight.val().slice([0..1, 0..5]));
    for (found, expected) in first.iter().zip([0.33737019, -0.17777722, -0.30352759, -0.58801186, 0.34860519]) {
        assert_near(*found, expected, 2e-6);
    }
    let last = floats(model.out_head.weight.val().slice([765..768, 50256..50257]));
    for (found, expected) in last.iter().zip([0.00632794, -0.01850741, 0.01236132]) {
        assert_near(*found, expected, 5e-9);
    }
    assert_eq!(burn::module::Module::num_params(&model), 162_419_712);
}

#[test]
fn n5_1_untrained_text() {
    let tokenizer = Gpt2Tokenizer::new();
    let ids = text_to_token_ids("Every effort moves you", &tokenizer, &Device::flex());
    assert_eq!(tensor_to_ids(ids.clone()), [6109, 3626, 6100, 345]);
    let ids = generate_text_simple(&untrained(), ids, 10, 256);
    assert_eq!(tensor_to_ids(ids.clone())[4..], [34245, 5139, 2492, 25405, 17434, 17853, 5308, 3398, 13174, 43071]);
    let text = token_ids_to_text(ids, &tokenizer).unwrap();
    assert_eq!(text, "Every effort moves you rentingetic wasnم refres RexMeCHicular stren");
}

#[test]
fn n5_1_probas_shape_and_argmax_ids() {
    let probabilities = probabilities();
    assert_eq!(probabilities.dims(), [2, 3, 50257]);
    let ids: Vec<i64> = probabilities.argmax(2).into_data().iter::<i64>().collect();
    assert_eq!(ids, [16657, 339, 42826, 49906, 29669, 41751]);
}

#[test]
fn n5_1_decode() {
    let tokenizer = Gpt2Tokenizer::new();
    let text = |ids: &[u32]| token_ids_to_text(ids_to_tensor(ids, &Device::flex()), &tokenizer).unwrap();
    assert_eq!(text(&[3626, 6100, 345]), " effort moves you");
    assert_eq!(text(&[16657, 339, 42826]), " Armed heNetflix");
    assert_eq!(text(&[49906, 29669, 41751]), " pressuring empoweredfaith");
}

/// One unit of the fifth digit: so far PyTorch 2.15 and the book differ.
fn fifth_digit(number: f64) -> f64 {
    10f64.powf(number.log10().floor() - 4.0)
}

#[test]
fn n5_1_target_probas() {
    let expected = [7.4541e-05, 3.1061e-05, 1.1563e-05, 1.0337e-05, 5.6776e-05, 4.7559e-06];
    for (found, expected) in target_probabilities(TARGETS).iter().zip(expected) {
        assert_near(*found, expected, fifth_digit(expected));
    }
}

#[test]
fn n5_1_target_probas_2_cn() {
    let expected = [3.9108e-05, 5.6776e-05, 4.7559e-06];
    for (found, expected) in target_probabilities(TARGETS_CN)[3..].iter().zip(expected) {
        assert_near(*found, expected, fifth_digit(expected));
    }
}

#[test]
fn n5_1_log_probas_and_avg_log() {
    let logs = |targets| target_probabilities(targets).iter().map(|p| p.ln()).collect::<Vec<_>>();
    let expected = [-9.5042, -10.3796, -11.3677, -11.4798, -9.7764, -12.2561];
    for (found, expected) in logs(TARGETS).iter().zip(expected) {
        assert_near(*found, expected, 6e-5);
    }
    assert_near(logs(TARGETS_CN)[3], -10.1492, 6e-5);
    let mean = |logs: Vec<f64>| logs.iter().sum::<f64>() / logs.len() as f64;
    assert_near(mean(logs(TARGETS)), -10.793964, 1e-5);
    assert_near(mean(logs(TARGETS_CN)), -10.572192, 1e-5);
}

#[test]
fn n5_1_shapes_loss_and_perplexity() {
    assert_near(loss(TARGETS), 10.793965, 1e-5);
    assert_near(loss(TARGETS_CN), 10.572192, 1e-5);
    // exp(10.794) turns an error of 1e-5 in the loss into 0.5.
    assert_near(perplexity(loss(TARGETS)), 48725.867, 0.5);
    assert_near(perplexity(loss(TARGETS_CN)), 39034.148, 0.5);
}

#[test]
fn n5_1_text_head_tail_and_counts() {
    let Some(text) = for_test("the-verdict") else { return };
    let head: String = text.chars().take(99).collect();
    assert_eq!(
        head,
        "I HAD always thought Jack Gisburn rather a cheap genius--though a good fellow enough--so it was no "
    );
    let tail: String = text.chars().skip(text.chars().count() - 99).collect();
    assert_eq!(
        tail,
        "it for me! The Strouds stand alone, and happen once--but there's no exterminating our kind of art.\""
    );
    let tokens = |text: &str| Gpt2Tokenizer::new().encode_with_end_of_text(text).len();
    assert_eq!((text.chars().count(), tokens(&text)), (20479, 5145));
    let Some(text) = for_test("the-verdict-cn-edition") else { return };
    assert_eq!((text.chars().count(), tokens(&text)), (20482, 5147));
}

#[test]
fn n5_1_split_batches_and_token_counts() {
    for (name, train_characters, validation_tokens) in
        [("the-verdict", 18431, 534), ("the-verdict-cn-edition", 18433, 535)]
    {
        let Some(text) = for_test(name) else { return };
        let (train, _) = split_text(&text, 0.9);
        assert_eq!(train.chars().count(), train_characters);
        let loaders = Loaders::new(&text, 256, 2).unwrap();
        assert_eq!(loaders.train.dataset().num_tokens(), 4612);
        assert_eq!(loaders.validation.dataset().num_tokens(), validation_tokens);
        let shapes = |loader: &ch02_text::GptDataLoader| -> Vec<([usize; 2], [usize; 2])> {
            let device = Device::flex();
            let batches = loader.iter(&mut TorchRng::new(123), &device);
            batches.map(|batch| (batch.inputs.dims(), batch.targets.dims())).collect()
        };
        assert_eq!(shapes(&loaders.train), vec![([2, 256], [2, 256]); 9]);
        assert_eq!(shapes(&loaders.validation), vec![([2, 256], [2, 256]); 1]);
    }
}

/// The training windows of the two editions' files are the same, the validation windows are not.
#[test]
fn n5_1_train_windows() {
    let (Some(text), Some(cn)) = (for_test("the-verdict"), for_test("the-verdict-cn-edition")) else { return };
    let (ours, theirs) = (Loaders::new(&text, 256, 2).unwrap(), Loaders::new(&cn, 256, 2).unwrap());
    let same = |a: &ch02_text::GptDataset, b: &ch02_text::GptDataset| (0..a.len()).all(|i| a.get(i) == b.get(i));
    assert_eq!(ours.train.dataset().len(), 18);
    assert!(same(ours.train.dataset(), theirs.train.dataset()));
    assert!(!same(ours.validation.dataset(), theirs.validation.dataset()));
}

#[test]
fn n5_1_initial_losses() {
    let (Some(text), Some(cn)) = (for_test("the-verdict"), for_test("the-verdict-cn-edition")) else { return };
    let loaders = Loaders::new(&text, 256, 2).unwrap();
    let mut rng = TorchRng::new(123);
    let model = untrained();
    let mut mean = |loader| calc_loss_loader(&model, loader, None, &mut rng, &Device::flex());
    assert_near(mean(&loaders.train), 10.98758347829183, 1e-5);
    assert_near(mean(&loaders.validation), 10.98110580444336, 1e-5);
    let loaders = Loaders::new(&cn, 256, 2).unwrap();
    assert_near(mean(&loaders.validation), 11.021605491638184, 1e-5);
}

/// Also the first two lines of `5.2-log-cpu` and `5.2-log-cpu-eval5`.
#[test]
#[ignore = "trains the 124M model for six steps, about a minute: cargo test -p ch05-pretrain -- --ignored"]
fn n5_2_first_steps() {
    let (Some(text), Some(cn)) = (for_test("the-verdict"), for_test("the-verdict-cn-edition")) else { return };
    let loaders = Loaders::new(&text, 256, 2).unwrap();
    let cn = Loaders::new(&cn, 256, 2).unwrap();
    let device = Device::flex().autodiff();
    let mut rng = TorchRng::new(123);
    let model = torch_init(GptModel::new(&config(), &device), &mut rng);
    let mut losses = Vec::new();
    let training = TrainingConfig { epochs: 1, ..TrainingConfig::book() };
    let run = train_model_simple(Run::new(model, 0.1, &rng), &loaders, &training, true, &device, |event| {
        let done = matches!(event, Event::Evaluation(e) if e.step == 5);
        if let Event::Step { step, loss } = event {
            losses.push(loss.clone().into_scalar::<f64>());
            // The evaluation after step 5 still takes place.
            assert!(step <= 5);
        }
        Ok::<_, Infallible>(if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })
    .unwrap();

    // About three decimals agree at step 5; rounding adds up from step to step.
    let expected = [
        10.999969482421875,
        9.857110977172852,
        9.318081855773926,
        9.268898963928223,
        8.963918685913086,
        8.603282928466797,
    ];
    for (step, (found, expected)) in losses.iter().zip(expected).enumerate() {
        assert_near(*found, expected, if step == 0 { 1e-5 } else { 2e-3 });
    }
    let evaluations: Vec<[f64; 2]> = run.place.evaluations.iter().map(|e| [e.train_loss, e.val_loss]).collect();
    let expected = [[9.781001663208007, 9.932808876037598], [8.11053400039673, 8.338573455810547]];
    for (found, expected) in evaluations.iter().flatten().zip(expected.iter().flatten()) {
        assert_near(*found, *expected, 5e-4);
    }
    let device = Device::flex();
    let validation = calc_loss_loader(&run.model, &cn.validation, None, &mut rng, &device);
    assert_near(validation, 8.33887767791748, 5e-4);
}
