//! The numbers that sections 5.1 to 5.3 of the book print, each test named after the number's id. (Those of 5.3 that
//! need no trained model are in `sampling.rs`.)
//!
//! Tolerances: half a unit of the last printed digit where a number is printed with few digits; 1e-5 relative where
//! more digits are known, since float32 sums depend on their order.

use std::sync::{LazyLock, Mutex};

use burn::module::Module;
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Int, Tensor};
use ch02_text::{DataLoaderOptions, Gpt2Tokenizer, GptDataLoader, GptDataset};
use ch04_gpt::{GptModel, generate_text_simple};
use ch05_pretrain::sample::generate_sample;
use ch05_pretrain::tokens::{ids_to_tensor, tensor_to_ids};
use ch05_pretrain::{
    AdamW, Evaluation, GenerateOptions, Loaders, calc_loss_batch, calc_loss_loader, cross_entropy, evaluate_model,
    generate, perplexity, split_text, text_to_token_ids, token_ids_to_text, train_model_simple,
};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{Batches, GptConfig, Mode, TrainingConfig};
use testkit::{assert_close, assert_near, for_test, needs_data};

fn config() -> GptConfig {
    GptConfig { context_length: 256, ..GptConfig::preset("124M").unwrap() }
}

/// The chapter's untrained model from seed 123, made once.
static MODEL: LazyLock<Mutex<GptModel>> =
    LazyLock::new(|| Mutex::new(torch_init(GptModel::new(&config(), &Device::flex()), &mut TorchRng::new(123))));

fn untrained() -> GptModel {
    MODEL.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
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
    assert_close(&first, &[0.33737019, -0.17777722, -0.30352759, -0.58801186, 0.34860519], 2e-6);
    let last = floats(model.out_head.weight.val().slice([765..768, 50256..50257]));
    assert_close(&last, &[0.00632794, -0.01850741, 0.01236132], 5e-9);
    assert_eq!(model.num_params(), 162_419_712);
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

/// Within one unit of the fifth digit: so far PyTorch 2.15 and the book differ.
fn assert_fifth_digits(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (&found, &expected) in found.iter().zip(expected) {
        assert_near(found, expected, 10f64.powf(expected.log10().floor() - 4.0));
    }
}

#[test]
fn n5_1_target_probas() {
    let expected = [7.4541e-05, 3.1061e-05, 1.1563e-05, 1.0337e-05, 5.6776e-05, 4.7559e-06];
    assert_fifth_digits(&target_probabilities(TARGETS), &expected);
}

#[test]
fn n5_1_target_probas_2_cn() {
    let expected = [3.9108e-05, 5.6776e-05, 4.7559e-06];
    assert_fifth_digits(&target_probabilities(TARGETS_CN)[3..], &expected);
}

#[test]
fn n5_1_log_probas_and_avg_log() {
    let logs = |targets| target_probabilities(targets).iter().map(|p| p.ln()).collect::<Vec<_>>();
    let expected = [-9.5042, -10.3796, -11.3677, -11.4798, -9.7764, -12.2561];
    assert_close(&logs(TARGETS), &expected, 6e-5);
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

#[needs_data("the-verdict", "the-verdict-cn-edition")]
#[test]
fn n5_1_text_head_tail_and_counts() {
    let text = for_test("the-verdict");
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
    let text = for_test("the-verdict-cn-edition");
    assert_eq!((text.chars().count(), tokens(&text)), (20482, 5147));
}

#[needs_data("the-verdict", "the-verdict-cn-edition")]
#[test]
fn n5_1_split_batches_and_token_counts() {
    for (name, train_characters, validation_tokens) in
        [("the-verdict", 18431, 534), ("the-verdict-cn-edition", 18433, 535)]
    {
        let text = for_test(name);
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
#[needs_data("the-verdict", "the-verdict-cn-edition")]
#[test]
fn n5_1_train_windows() {
    let (text, cn) = (for_test("the-verdict"), for_test("the-verdict-cn-edition"));
    let (ours, theirs) = (Loaders::new(&text, 256, 2).unwrap(), Loaders::new(&cn, 256, 2).unwrap());
    let same =
        |a: &ch02_text::GptDataset, b: &ch02_text::GptDataset| (0..a.num_windows()).all(|i| a.get(i) == b.get(i));
    assert_eq!(ours.train.dataset().num_windows(), 18);
    assert!(same(ours.train.dataset(), theirs.train.dataset()));
    assert!(!same(ours.validation.dataset(), theirs.validation.dataset()));
}

#[needs_data("the-verdict", "the-verdict-cn-edition")]
#[test]
fn n5_1_initial_losses() {
    let (text, cn) = (for_test("the-verdict"), for_test("the-verdict-cn-edition"));
    let loaders = Loaders::new(&text, 256, 2).unwrap();
    let mut rng = TorchRng::new(123);
    let model = untrained();
    let mut mean = |loader| calc_loss_loader(&model, loader, None, &mut rng, &Device::flex());
    assert_near(mean(&loaders.train), 10.98758347829183, 1e-5);
    assert_near(mean(&loaders.validation), 10.98110580444336, 1e-5);
    let loaders = Loaders::new(&cn, 256, 2).unwrap();
    assert_near(mean(&loaders.validation), 11.021605491638184, 1e-5);
}

/// Training and validation loss of every evaluation.
fn losses(evaluations: &[Evaluation]) -> Vec<f64> {
    evaluations.iter().flat_map(|e| [e.train_loss, e.val_loss]).collect()
}

/// The first steps of the lesson's loop, which shows no losses of single steps: the model after them, the loss of each
/// step before its update, and the evaluations.
fn steps(
    count: usize,
    mut model: GptModel,
    loaders: &Loaders,
    config: &TrainingConfig,
    rng: &mut TorchRng,
    device: &Device,
) -> (GptModel, Vec<f64>, Vec<Evaluation>) {
    let (mut optimizer, mut step_losses, mut evaluations) = (AdamW::new(config.weight_decay), Vec::new(), Vec::new());
    for epoch in 1..=config.epochs {
        for batch in loaders.train.iter(rng, device) {
            let step = step_losses.len();
            if step == count {
                return (model, step_losses, evaluations);
            }
            let loss = calc_loss_batch(&model, batch, &mut Mode::Train(rng));
            step_losses.push(loss.clone().into_scalar());
            model = optimizer.step(config.learning_rate, model, loss.backward());
            if step.is_multiple_of(config.eval_freq) {
                let [train_loss, val_loss] = evaluate_model(&model, loaders, config.eval_iter, rng, device);
                evaluations.push(Evaluation { epoch, step, seen: 0, train_loss, val_loss });
            }
        }
    }
    (model, step_losses, evaluations)
}

/// Printed with six decimals; rounding differs between the frameworks and adds up along the 192 steps.
#[needs_data("the-verdict")]
#[test]
fn n5_2_train_tiny() {
    let text = for_test("the-verdict");
    let config = GptConfig { context_length: 12, emb_dim: 32, n_heads: 4, n_layers: 2, ..config() };
    let device = Device::flex().autodiff();
    let mut rng = TorchRng::new(123);
    let model = torch_init(GptModel::new(&config, &device), &mut rng);
    let loaders = Loaders::new(&text, 12, 2).unwrap();
    assert_eq!(loaders.train.num_batches(), 192);
    let training = TrainingConfig { learning_rate: 5e-4, epochs: 1, eval_iter: 1, ..TrainingConfig::book() };
    let (mut sample, mut optimizer) = (String::new(), AdamW::new(0.1));
    let (_, evaluations) = train_model_simple(model, &mut optimizer, &loaders, &training, &mut rng, &device, |model| {
        sample = generate_sample(model, &Gpt2Tokenizer::new(), &device, START).unwrap();
    });

    let numbers = |text: &str| text.split_whitespace().map(|number| number.parse().unwrap()).collect::<Vec<f64>>();
    let train = numbers(
        "10.878700 10.981492 10.880864 10.918834 11.053722 10.853349 11.033643 10.656749 10.667664 10.560598 10.751373
         10.626111 10.432096 10.237085 10.396329 10.283664 10.359767 10.430459 9.699014 9.663381 9.692842 9.296112
         9.136846 9.271831 8.788434 8.859547 9.191400 8.989604 8.560723 8.559316 8.279855 8.190235 7.952524 7.892847
         7.085140 7.456177 7.165283 7.521828 7.660768",
    );
    let val = numbers(
        "11.006043 10.986732 10.966756 10.949402 10.932055 10.913554 10.892940 10.868382 10.840153 10.806702 10.765106
         10.716801 10.661651 10.595969 10.519716 10.438693 10.353101 10.263471 10.172080 10.077667 9.977775 9.874738
         9.776534 9.678990 9.582247 9.477422 9.376345 9.274780 9.180310 9.088624 8.993550 8.901899 8.809289 8.715283
         8.621900 8.535468 8.454894 8.379724 8.303660",
    );
    let seen: Vec<usize> = evaluations.iter().map(|e| e.seen).collect();
    assert_eq!(seen, (0..39).map(|k| 24 + 120 * k).collect::<Vec<_>>());
    let expected: Vec<f64> = train.into_iter().zip(val).flat_map(|(train, val)| [train, val]).collect();
    assert_close(&losses(&evaluations), &expected, 2e-4);
    assert_eq!(sample, START.to_string() + &" the".repeat(50));
}

/// Two steps on one window. About three decimals agree after an update of this size.
#[test]
#[ignore = "trains the 124M model, about a minute and 4 GB: cargo test -p ch05-pretrain --test book_numbers -- --ignored n5_2_two_step"]
fn n5_2_two_step() {
    let text = for_test("the-verdict");
    let (train, validation) = split_text(&text, 0.9);
    // The first window of either part, each the only one.
    let loader = |part: &str| {
        let options =
            DataLoaderOptions { batch_size: 1, max_length: 256, stride: 256, shuffle: false, drop_last: true };
        let ids = Gpt2Tokenizer::new().encode_with_end_of_text(part)[..257].to_vec();
        GptDataLoader::new(GptDataset::from_ids(ids, 256, 256).unwrap(), &options).unwrap()
    };
    let loaders = Loaders { train: loader(train), validation: loader(validation) };
    let device = Device::flex().autodiff();
    let mut rng = TorchRng::new(123);
    let model = torch_init(GptModel::new(&config(), &device), &mut rng);
    let training =
        TrainingConfig { batch_size: 1, learning_rate: 5e-4, weight_decay: 0.1, epochs: 2, eval_freq: 1, eval_iter: 1 };
    let (_, step_losses, evaluations) = steps(2, model, &loaders, &training, &mut rng, &device);
    assert_close(&step_losses, &[10.987077713012695, 7.8188934326171875], 2e-3);
    let expected = [7.641330718994141, 10.072664260864258, 4.934692859649658, 10.55005168914795];
    assert_close(&losses(&evaluations), &expected, 2e-3);
}

/// The run that the Chinese notebook edition prints: 18 lines with three decimals, ten samples, and what the trained
/// model writes in section 5.3. One unit of the last digit: rounding may turn a number that lies between two.
#[test]
#[ignore = "trains the 124M model for 90 steps, more than nine minutes on two cores and 4 GB: cargo test -p ch05-pretrain --test book_numbers -- --ignored n5_2_log_cpu"]
fn n5_2_log_cpu_and_n5_3_greedy_25_and_generate() {
    let text = for_test("the-verdict-cn-edition");
    let loaders = Loaders::new(&text, 256, 2).unwrap();
    let device = Device::flex().autodiff();
    let mut rng = TorchRng::new(123);
    let model = torch_init(GptModel::new(&config(), &device), &mut rng);
    let training = TrainingConfig { eval_iter: 1, ..TrainingConfig::book() };
    let (tokenizer, mut optimizer) = (Gpt2Tokenizer::new(), AdamW::new(0.1));
    let mut samples = SAMPLES_CPU.iter();
    let (model, evaluations) =
        train_model_simple(model, &mut optimizer, &loaders, &training, &mut rng, &device, |model| {
            let sample = generate_sample(model, &tokenizer, &device, START).unwrap();
            assert_eq!(&sample, samples.next().unwrap());
        });
    assert_close(&losses(&evaluations), LOG_CPU.as_flattened(), 1.1e-3);
    assert_eq!((evaluations.len(), samples.len()), (18, 0));

    let model = model.valid();
    let written = |options: &GenerateOptions| {
        let ids = text_to_token_ids(START, &tokenizer, &Device::flex());
        token_ids_to_text(generate(&model, ids, options, &mut TorchRng::new(123)).unwrap(), &tokenizer).unwrap()
    };
    let greedy = written(&GenerateOptions::greedy(25, 256));
    assert_eq!(
        greedy,
        "Every effort moves you know,\" was one of the axioms he laid down across the Sevres and silver of an exquisitely \
         appointed lun"
    );
    let options = GenerateOptions { top_k: Some(25), temperature: 1.4, ..GenerateOptions::greedy(15, 256) };
    assert_eq!(
        written(&options),
        "Every effort moves you stand to work on surprise, a one of us had gone with random-"
    );
}

const START: &str = "Every effort moves you";

const LOG_CPU: [[f64; 2]; 18] = [
    [9.897, 9.951],
    [7.917, 8.339],
    [6.847, 7.044],
    [5.997, 6.604],
    [5.659, 6.617],
    [5.363, 6.330],
    [4.010, 6.281],
    [2.549, 6.227],
    [3.834, 6.149],
    [2.516, 6.156],
    [3.006, 6.144],
    [2.575, 6.138],
    [1.757, 6.235],
    [0.958, 6.251],
    [1.497, 6.262],
    [0.796, 6.336],
    [0.639, 6.476],
    [0.404, 6.504],
];

const SAMPLES_CPU: [&str; 10] = [
    "Every effort moves you,,,,,,,,,,,,.                                     ",
    "Every effort moves you, and, and, and, and, and, and, and, and, and, and, and, and, and, and, and, and, and, and, and, and, and, and,, and, and,",
    "Every effort moves you, and I had been.                                            ",
    "Every effort moves you know the                          \"I he had the donkey and I had the and I had the donkey and down the room, I had",
    "Every effort moves you know it was not that the picture--I had the fact by the last I had been--his, and in the            \"Oh, and he said, and down the room, and in",
    "Every effort moves you know,\" was one of the picture. The--I had a little of a little: \"Yes, and in fact, and in the picture was, and I had been at my elbow and as his pictures, and down the room, I had",
    "Every effort moves you know,\" was one of the picture for nothing--I told Mrs.  \"I was no--as! The women had been, in the moment--as Jack himself, as once one had been the donkey, and were, and in his",
    "Every effort moves you know,\" was one of the axioms he had been the tips of a self-confident moustache, I felt to see a smile behind his close grayish beard--as if he had the donkey. \"strongest,\" as his",
    "Every effort moves you?\"  \"Yes--quite insensible to the irony. She wanted him vindicated--and by me!\"  He laughed again, and threw back the window-curtains, I had the donkey. \"There were days when I",
    "Every effort moves you know,\" was one of the axioms he laid down across the Sevres and silver of an exquisitely appointed luncheon-table, when, on a later day, I had again run over from Monte Carlo; and Mrs. Gis",
];

/// Also the first two lines of `5.2-log-cpu` and `5.2-log-cpu-eval5`.
#[test]
#[ignore = "trains the 124M model for six steps, about a minute: cargo test -p ch05-pretrain -- --ignored"]
fn n5_2_first_steps() {
    let (text, cn) = (for_test("the-verdict"), for_test("the-verdict-cn-edition"));
    let loaders = Loaders::new(&text, 256, 2).unwrap();
    let cn = Loaders::new(&cn, 256, 2).unwrap();
    let device = Device::flex().autodiff();
    let mut rng = TorchRng::new(123);
    let model = torch_init(GptModel::new(&config(), &device), &mut rng);
    let training = TrainingConfig { epochs: 1, ..TrainingConfig::book() };
    let (model, step_losses, evaluations) = steps(6, model, &loaders, &training, &mut rng, &device);

    // About three decimals agree at step 5; rounding adds up from step to step.
    let expected = [
        10.999969482421875,
        9.857110977172852,
        9.318081855773926,
        9.268898963928223,
        8.963918685913086,
        8.603282928466797,
    ];
    assert_near(step_losses[0], expected[0], 1e-5);
    assert_close(&step_losses, &expected, 2e-3);
    let expected = [[9.781001663208007, 9.932808876037598], [8.11053400039673, 8.338573455810547]];
    assert_close(&losses(&evaluations), expected.as_flattened(), 5e-4);
    let device = Device::flex();
    let validation = calc_loss_loader(&model, &cn.validation, None, &mut rng, &device);
    assert_near(validation, 8.33887767791748, 5e-4);
}
