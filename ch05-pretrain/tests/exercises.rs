//! Checks of the exercises: on `solutions/`, or with the feature `my-solutions` on `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex5_1.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex5_1.rs", allow(unused))]
mod ex5_1;
#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex5_2.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex5_2.rs", allow(unused))]
mod ex5_2;
#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex5_3.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex5_3.rs", allow(unused))]
mod ex5_3;
#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex5_4.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex5_4.rs", allow(unused))]
mod ex5_4;
#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex5_5.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex5_5.rs", allow(unused))]
mod ex5_5;
#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex5_6.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex5_6.rs", allow(unused))]
mod ex5_6;

use std::convert::Infallible;
use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::{GptModel, generate_text_simple};
use ch05_pretrain::inspect::text_loss;
use ch05_pretrain::tokens::{ids_to_tensor, tensor_to_ids};
use ch05_pretrain::{
    Event, GenerateOptions, Loaders, Run, generate, save_checkpoint, save_model, split_text, train_model_simple,
};
use ex5_2::{Kind, Settings};
use ex5_5::{Losses, Reading};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{BatchLoader, GptConfig, TrainingConfig, data};
use tempfile::TempDir;

const WORDS: [&str; 9] = ["closer", "every", "effort", "forward", "inches", "moves", "pizza", "toward", "you"];
#[expect(clippy::approx_constant, reason = "6.28 is a logit, not 2π")]
const LOGITS: [f32; 9] = [4.51, 0.89, -1.90, 6.75, 1.63, -1.62, -1.89, 6.28, 1.79];
const PIZZA: usize = 6;

/// softmax(logits / temperature) of the `top_k` largest logits, the plain way.
fn probabilities(temperature: f64, top_k: usize) -> [f64; 9] {
    let mut sorted = LOGITS;
    sorted.sort_by(|a, b| b.total_cmp(a));
    let weight = |logit: f32| if logit < sorted[top_k - 1] { 0.0 } else { (f64::from(logit) / temperature).exp() };
    let total: f64 = LOGITS.map(weight).iter().sum();
    LOGITS.map(|logit| weight(logit) / total)
}

// ---- 5.1

#[test]
fn ex5_1_counts_every_word() {
    for (temperature, expected) in [
        (1.0, [73, 0, 0, 582, 2, 0, 0, 343, 0]),
        (0.1, [0, 0, 0, 985, 0, 0, 0, 15, 0]),
        (5.0, [165, 75, 42, 239, 71, 46, 32, 227, 103]),
    ] {
        let found = ex5_1::count_draws(&LOGITS, temperature, 1000, &mut TorchRng::new(123));
        assert_eq!(found.len(), 9, "a count for every word, also for one that was never drawn");
        assert_eq!(found, expected, "counts of {WORDS:?} in 1,000 draws at temperature {temperature}");
    }
}

#[test]
fn ex5_1_draws_as_often_as_it_is_told() {
    for draws in [0, 1, 17] {
        let found = ex5_1::count_draws(&LOGITS, 5.0, draws, &mut TorchRng::new(1));
        assert_eq!(found.iter().sum::<usize>(), draws, "sum of the counts of {draws} draws");
    }
}

/// Relative 1e-5 for float32.
#[test]
fn ex5_1_knows_the_probability_without_drawing() {
    for (temperature, expected) in [(1.0, 0.0001012005), (0.1, 2.9718298e-38), (5.0, 0.04299796)] {
        let found = ex5_1::probability(&LOGITS, temperature, PIZZA);
        let close = ((found - expected) / expected).abs() < 1e-5;
        assert!(close, "the probability of pizza at temperature {temperature} is {expected:e}, not {found:e}");
    }
}

#[test]
fn ex5_1_explains_the_gap() {
    let found = ex5_1::noise(0.04299796, 1000);
    assert!((found - 6.4147).abs() < 1e-3, "noise of 1,000 draws at 0.043: √(1000 · 0.043 · 0.957), not {found}");
    let gap: f64 = 1000.0 * 0.04299796 - 32.0;
    assert!(gap < 2.0 * found, "43 expected hits and 32 found ones lie within two standard deviations");
}

// ---- 5.2

#[test]
fn ex5_2_measures_the_choices() {
    for (temperature, top_k) in [(1.0, 9), (0.1, 9), (5.0, 9), (1.0, 3), (5.0, 3), (2.0, 1), (100.0, 6)] {
        let entropy: f64 = probabilities(temperature, top_k).iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum();
        let found = ex5_2::effective_choices(&LOGITS, &Settings { temperature, top_k });
        let close = (found - entropy.exp()).abs() < 1e-4;
        assert!(close, "choices at temperature {temperature}, top-k {top_k}: {:.4}, not {found:.4}", entropy.exp());
    }
}

#[test]
fn ex5_2_finds_the_temperature_for_a_goal() {
    for (top_k, goal) in [(9, 2.0), (9, 5.0), (9, 8.5), (3, 2.0), (6, 4.0), (2, 1.05)] {
        let found = ex5_2::temperature_for(&LOGITS, top_k, goal);
        let Some(temperature) = found else { panic!("top-k {top_k} can give {goal} choices") };
        let entropy: f64 = probabilities(temperature, top_k).iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum();
        let got = entropy.exp();
        let close = (got - goal).abs() <= 0.01;
        assert!(close, "temperature {temperature}, top-k {top_k} gives {got:.3} choices, not {goal}");
    }
}

#[test]
fn ex5_2_says_when_a_goal_cannot_be_reached() {
    for (top_k, goal) in [(3, 3.5), (9, 10.0), (9, 0.5), (1, 2.0)] {
        let found = ex5_2::temperature_for(&LOGITS, top_k, goal);
        assert_eq!(found, None, "no temperature gives {goal} choices with top-k {top_k}");
    }
}

/// Counts of 10,000 draws with someone's settings.
fn draw_with(kind: Kind) -> [usize; 9] {
    let Settings { temperature, top_k } = ex5_2::settings_for(kind);
    assert!(temperature > 0.0 && temperature.is_finite(), "a temperature above 0, not {temperature}");
    assert!((1..=9).contains(&top_k), "a top-k from 1 to 9, not {top_k}");
    let probabilities = probabilities(temperature, top_k).map(|p| p as f32);
    let mut rng = TorchRng::new(123);
    let mut counts = [0; 9];
    (0..10_000).for_each(|_| counts[rng.multinomial(&probabilities)] += 1);
    counts
}

#[test]
fn ex5_2_factual_settings_keep_to_the_best_word() {
    let forward = draw_with(Kind::Factual)[3];
    assert!(forward >= 9_000, "'forward' in at least 9,000 of 10,000 draws, not in {forward}: lower the temperature");
    assert!(forward < 10_000, "'forward' in every draw leaves no choice at all: raise the temperature a little");
}

#[test]
fn ex5_2_creative_settings_dare_more_but_make_sense() {
    let counts = draw_with(Kind::Creative);
    for (word, count) in WORDS.into_iter().zip(counts) {
        if ["effort", "moves", "pizza"].contains(&word) {
            assert_eq!(count, 0, "'{word}' makes no sense here, but was drawn: which control cuts it off?");
        } else {
            assert!(count > 0, "'{word}' is never drawn");
            assert!(count <= 3_333, "'{word}' in {count} of 10,000 draws is more than a third: raise the temperature");
        }
    }
}

// ---- 5.3

fn small_model() -> GptModel {
    let config = GptConfig { vocab_size: 211, context_length: 16, emb_dim: 32, n_heads: 4, ..tiny() };
    torch_init(GptModel::new(&config, &Device::flex()), &mut TorchRng::new(123))
}

/// 30 ids of the small model, with this seed.
fn write(options: &GenerateOptions, seed: u64) -> Vec<u32> {
    let prompt = ids_to_tensor(&[5, 60, 7], &Device::flex());
    tensor_to_ids(generate(&small_model(), prompt, options, &mut TorchRng::new(seed)).expect("options that fit"))
}

#[test]
fn ex5_3_both_settings_give_the_greedy_text() {
    let prompt = ids_to_tensor(&[5, 60, 7], &Device::flex());
    let greedy = tensor_to_ids(generate_text_simple(&small_model(), prompt, 30, 16));
    for (which, options) in ex5_3::deterministic_settings(30, 16).iter().enumerate() {
        for seed in 0..4 {
            let found = write(options, seed);
            assert_eq!(found, greedy, "setting {} with seed {seed} gives another text than greedy", which + 1);
        }
    }
}

#[test]
fn ex5_3_the_settings_are_two_different_ways() {
    let [first, second] = ex5_3::deterministic_settings(30, 16);
    assert_eq!(first.temperature, 0.0, "temperature of the first setting");
    assert!(second.temperature > 0.0, "the second setting has a temperature above 0");
    for options in [first, second] {
        assert_eq!((options.max_new_tokens, options.context_size), (30, 16), "tokens and context are those asked for");
        assert_eq!(options.eos_id, None, "nobody asked for an end token");
    }
}

#[test]
fn ex5_3_tells_chance_from_certainty() {
    for (temperature, top_k, expected) in [
        (0.0, None, true),
        (0.0, Some(25), true),
        (1.0, Some(1), true),
        (5.0, Some(1), true),
        (0.0, Some(1), true),
        (1.0, None, false),
        (0.3, Some(2), false),
        (1.5, Some(50), false),
    ] {
        let options = GenerateOptions { temperature, top_k, ..GenerateOptions::greedy(30, 16) };
        let found = ex5_3::is_deterministic(&options);
        assert_eq!(found, expected, "is temperature {temperature} with top-k {top_k:?} deterministic?");
        let same = (1..6).all(|seed| write(&options, seed) == write(&options, 0));
        assert_eq!(same, expected, "six seeds, temperature {temperature}, top-k {top_k:?}");
    }
}

// ---- 5.4

/// A model that trains in a moment, with GPT-2's vocabulary.
fn tiny() -> GptConfig {
    GptConfig { context_length: 16, emb_dim: 8, n_heads: 2, n_layers: 1, ..GptConfig::preset("tiny").unwrap() }
}

fn text() -> String {
    data::find("lamp").unwrap().text().unwrap().chars().take(3000).collect()
}

fn training(epochs: usize) -> TrainingConfig {
    TrainingConfig { epochs, learning_rate: 1e-2, eval_freq: 7, eval_iter: 1, ..TrainingConfig::book() }
}

/// A run of so many epochs without a pause.
fn uninterrupted(epochs: usize) -> Run {
    let device = Device::flex().autodiff();
    let mut rng = TorchRng::new(123);
    let model = torch_init(GptModel::new(&tiny(), &device), &mut rng);
    let run = Run::new(model, 0.1, &rng);
    let loaders = Loaders::new(&text(), 16, 2).unwrap();
    let observe = |_: Event| Ok::<_, Infallible>(ControlFlow::Continue(()));
    train_model_simple(run, &loaders, &training(epochs), true, &device, observe).unwrap()
}

/// A folder with a checkpoint of this run, and the checkpoint.
fn saved(run: &Run, epochs: usize) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let settings = serde_json::json!({"prompt": "The old clockmaker"});
    let checkpoint = save_checkpoint(folder.path(), run, &tiny(), &training(epochs), settings).unwrap();
    (folder, checkpoint)
}

fn continued(from: &Run, epochs: usize) -> Run {
    let (folder, _) = saved(from, epochs);
    ex5_4::one_more_epoch(folder.path(), &text(), &Device::flex()).expect("a good checkpoint and a good text")
}

#[test]
fn ex5_4_trains_one_epoch_more() {
    let run = continued(&uninterrupted(1), 1);
    assert_eq!(run.place.epoch, 3, "after one epoch and one more, the third comes next");
    assert_eq!(run.place.batch, 0, "the epoch is complete");
}

#[test]
fn ex5_4_the_result_is_that_of_a_run_without_a_pause() {
    let (whole, continued) = (uninterrupted(3), continued(&uninterrupted(2), 2));
    assert_eq!(continued.place.steps, whole.place.steps, "number of steps");
    assert_eq!(continued.place.evaluations, whole.place.evaluations, "the losses");
    assert!(continued.place.rng == whole.place.rng, "the generator is in another state");
    let (whole, continued) = (saved(&whole, 3), saved(&continued, 3));
    for (file, what) in [("model.safetensors", "weights"), ("optimizer.safetensors", "moments of the optimizer")] {
        let same = fs::read(whole.1.join(file)).unwrap() == fs::read(continued.1.join(file)).unwrap();
        assert!(same, "the {what} differ from those of the run without a pause");
    }
}

#[test]
fn ex5_4_a_folder_without_a_checkpoint_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = ex5_4::one_more_epoch(folder.path(), &text(), &Device::flex());
    let error = error.expect_err("there is nothing to continue").to_string();
    assert!(error.contains("holds no checkpoint of a run"), "the error says what is missing: {error}");
}

// ---- 5.5

/// A folder with a model of this size, its values drawn from `seed`.
fn model_folder(config: &GptConfig, seed: u64) -> (TempDir, GptModel) {
    let folder = tempfile::tempdir().unwrap();
    let model = torch_init(GptModel::new(config, &Device::flex()), &mut TorchRng::new(seed));
    save_model(folder.path(), config, &model).unwrap();
    (folder, model)
}

/// Mean of the losses of the batches, window by window.
fn loss_by_windows(model: &GptModel, part: &str, window: usize, shuffle: bool, rng: &mut TorchRng) -> f64 {
    let ids = Gpt2Tokenizer::new().encode(part).unwrap();
    let loader = BatchLoader { len: (ids.len() - 1) / window, batch_size: 2, shuffle, drop_last: shuffle };
    let of_window = |i: usize| text_loss(model, &ids[i * window..=(i + 1) * window], &Device::flex(), |_| {}).loss;
    let mean = |losses: Vec<f64>| losses.iter().sum::<f64>() / losses.len() as f64;
    mean(loader.batches(rng).into_iter().map(|batch| mean(batch.into_iter().map(of_window).collect())).collect())
}

/// Relative 1e-5 for float32. 2,950 characters have an odd number of windows, so the order decides which one is left
/// out.
#[test]
fn ex5_5_measures_both_parts() {
    let config = GptConfig { context_length: 40, drop_rate: 0.5, ..tiny() };
    let (folder, model) = model_folder(&config, 123);
    for (characters, window) in [(3000, 16), (2950, 16), (3000, 40)] {
        let text: String = text().chars().take(characters).collect();
        let (train, validation) = split_text(&text, 0.9);
        let mut rng = TorchRng::new(123);
        let train = loss_by_windows(&model, train, window, true, &mut rng);
        let validation = loss_by_windows(&model, validation, window, false, &mut rng);

        let found = ex5_5::losses(folder.path(), &text, window, &Device::flex()).expect("a good model and a good text");
        let close = |found: f64, expected: f64| ((found - expected) / expected).abs() < 1e-5;
        assert!(close(found.train, train), "training loss of {characters} characters: {train}, not {}", found.train);
        let message = format!("validation loss of {characters} characters: {validation}, not {}", found.validation);
        assert!(close(found.validation, validation), "{message}");
    }
}

#[test]
fn ex5_5_a_folder_without_a_model_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = ex5_5::losses(folder.path(), &text(), 16, &Device::flex());
    error.expect_err("a folder without a model cannot be measured");
}

#[test]
fn ex5_5_reads_the_losses() {
    for (what, train, validation, expected) in [
        ("the untrained model of section 5.1", 10.9876, 10.9811, Reading::Untrained),
        ("the model of section 5.2 after ten epochs", 0.404, 6.504, Reading::Memorised),
        ("GPT-2 124M", 3.7547, 3.5596, Reading::Alike),
        ("GPT-2 1558M", 3.3046, 3.1195, Reading::Alike),
        ("a model after its first epoch", 7.917, 8.339, Reading::Alike),
    ] {
        let found = ex5_5::read(&Losses { train, validation }, 50257);
        assert_eq!(found, expected, "losses {train} and {validation}: {what}");
    }
}

/// The two editions of the book print values that differ in the seventh digit.
#[test]
#[ignore = "needs GPT-2's weights (124M or 1558M) in LLM_GPT2_DIR and the story in LLM_DATA_DIR"]
fn weights_5_5_losses_of_gpt2_on_the_verdict() {
    let text = data::for_test("the-verdict").expect("needs the story: cargo run -- data fetch the-verdict");
    let found = ex5_5::losses(&data::gpt2_for_test(), &text, 256, &Device::flex()).unwrap();
    let known = [(3.7547486888, 3.5596182346), (3.3046312862, 3.1195147038)];
    let near = |a: f64, b: f64| (a - b).abs() < 1e-4;
    let same = known.iter().any(|&(train, validation)| near(found.train, train) && near(found.validation, validation));
    assert!(same, "{found:?} are the losses of neither 124M nor 1558M");
    assert_eq!(ex5_5::read(&found, 50257), Reading::Alike);
}

// ---- 5.6

const PROMPT: &str = "Every effort moves you";

/// PyTorch 2.15 with the book's code, for models of these sizes from these seeds. The smaller one has a context of 8
/// tokens, so that the text outgrows it.
#[test]
fn ex5_6_lets_a_model_of_any_size_write() {
    let smaller = GptConfig { context_length: 8, ..tiny() };
    let larger = GptConfig { context_length: 32, emb_dim: 16, n_heads: 4, n_layers: 2, qkv_bias: true, ..tiny() };
    for (config, seed, parameters, ids) in [
        (
            smaller,
            123,
            805_040,
            [
                34224, 29839, 49612, 23123, 9956, 14543, 4661, 14763, 46570, 18709, 4951, 34964, 17484, 18379, 21077,
                28044, 30574, 8499, 38388, 26588, 25599, 11292, 38448, 26389, 25151,
            ],
        ),
        (
            larger,
            7,
            1_615_328,
            [
                18039, 14553, 6502, 49898, 11771, 2262, 9234, 48387, 31166, 9917, 36326, 28206, 16698, 46324, 1855,
                42074, 18304, 27496, 24096, 44429, 5055, 43472, 9237, 35656, 36893,
            ],
        ),
    ] {
        let (folder, _) = model_folder(&config, seed);
        let found = ex5_6::continue_with(folder.path(), PROMPT, &Device::flex()).expect("a model that fits");
        assert_eq!(found.parameters, parameters, "number of parameters");
        let expected = PROMPT.to_string() + &Gpt2Tokenizer::new().decode(&ids).unwrap();
        assert_eq!(found.text, expected, "25 tokens, top-k 50, temperature 1.5, seed 123, the model's own context");
    }
}

#[test]
fn ex5_6_a_folder_without_a_model_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = ex5_6::continue_with(folder.path(), PROMPT, &Device::flex());
    error.expect_err("a folder without a model cannot write");
}

#[test]
#[ignore = "needs GPT-2's weights, of any size, in LLM_GPT2_DIR"]
fn weights_5_6_text_of_gpt2() {
    let found = ex5_6::continue_with(&data::gpt2_for_test(), PROMPT, &Device::flex()).unwrap();
    println!("{} parameters: {}", found.parameters, found.text);
    // The model of the book has a separate output layer and biases in its projections.
    let expected = match found.parameters {
        163_037_184 => {
            " toward finding an ideal new way to practice something!\n\nWhat makes us want to be on top of that?\n\n"
        }
        1_638_022_400 => {
            " toward finding an ideal life. You don't have to accept your current one at once, because if you do you'll never"
        }
        _ => "", // the book prints nothing for the other two sizes
    };
    assert!(found.text.starts_with(&(PROMPT.to_string() + expected)), "{}", found.text);
}
