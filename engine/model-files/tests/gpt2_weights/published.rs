//! The real model, 124M.

use std::fs;
use std::sync::{LazyLock, Mutex};
use std::time::Instant;

use burn::tensor::{Device, s};
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::{GenerateOptions, Loaders, calc_loss_loader, generate, text_to_token_ids, token_ids_to_text};
use serde_json::json;
use shared::GptConfig;
use shared::rng::TorchRng;
use testkit::{assert_close, for_test, gpt2_for_test};

use crate::golden::{EXACT, floats, open};
use crate::hugging_face::{Tensors, golden_config, golden_tensors, hugging_face, to_bytes};
use crate::openai::Checkpoint;

/// Opened once; the tests take turns.
static REAL: LazyLock<Mutex<(GptConfig, GptModel)>> = LazyLock::new(|| Mutex::new(open(&gpt2_for_test())));

fn real() -> (GptConfig, GptModel) {
    REAL.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
}

fn continued(prompt: &str, options: &GenerateOptions) -> String {
    let tokenizer = Gpt2Tokenizer::new();
    let ids = text_to_token_ids(prompt, &tokenizer, &Device::flex());
    let ids = generate(&real().1, ids, options, &mut TorchRng::new(123)).unwrap();
    token_ids_to_text(ids, &tokenizer).unwrap()
}

/// `5.5-settings`
#[test]
#[ignore = "needs GPT-2 124M in LLM_GPT2_DIR"]
fn n5_5_settings() {
    let small = GptConfig { qkv_bias: true, ..GptConfig::preset("124M").unwrap() };
    assert_eq!(real().0, small);
}

/// `5.5-wte` and `5.5-wte-shape`. The book prints eight decimals.
#[test]
#[ignore = "needs GPT-2 124M in LLM_GPT2_DIR"]
fn n5_5_wte() {
    let table = real().1.tok_emb.weight.val();
    assert_eq!(table.dims(), [50257, 768]);
    for (row, first, last) in [
        (0, [-0.11010301, -0.03926672, 0.03310751], [-0.1363697, 0.01506208, 0.04531523]),
        (1, [0.04034033, -0.04861503, 0.04624869], [0.08605453, 0.00253983, 0.04318958]),
        (2, [-0.12746179, 0.04793796, 0.18410145], [0.08991534, -0.12972379, -0.08785918]),
        (50254, [-0.04453601, -0.05483596, 0.01225674], [0.10435229, 0.09783269, -0.06952604]),
        (50255, [0.1860082, 0.01665728, 0.04611587], [-0.09625227, 0.07847701, -0.02245961]),
        (50256, [0.05135201, -0.02768905, 0.0499369], [0.00704835, 0.15519823, 0.12067825]),
    ] {
        let values = floats(table.clone().slice(s![row, ..]));
        assert_close(&values[..3], &first, 1e-8);
        assert_close(&values[765..], &last, 1e-8);
    }
}

/// `5.5-generate`
#[test]
#[ignore = "needs GPT-2 124M in LLM_GPT2_DIR"]
fn n5_5_generate() {
    let options = GenerateOptions { top_k: Some(50), temperature: 1.5, ..GenerateOptions::greedy(25, 1024) };
    assert_eq!(
        continued("Every effort moves you", &options),
        "Every effort moves you toward finding an ideal new way to practice something!\n\nWhat makes us want to be on top \
         of that?\n\n"
    );
}

/// `5.5-topk1`
#[test]
#[ignore = "needs GPT-2 124M in LLM_GPT2_DIR"]
fn n5_5_topk1() {
    let options = GenerateOptions { top_k: Some(1), temperature: 1.0, ..GenerateOptions::greedy(30, 1024) };
    assert_eq!(
        continued("Every effort moves", &options),
        "Every effort moves forward, but it's not enough.\n\n\"I'm not going to sit here and say, 'I'm not going to do \
         this,'"
    );
}

/// `6.4-greedy`
#[test]
#[ignore = "needs GPT-2 124M in LLM_GPT2_DIR"]
fn n6_4_greedy() {
    assert_eq!(
        continued("Every effort moves you", &GenerateOptions::greedy(15, 1024)),
        "Every effort moves you forward.\n\nThe first step is to understand the importance of your work"
    );
}

/// Exercise 5.5. The book prints the losses twice, with digits that differ from the seventh on.
#[test]
#[ignore = "needs GPT-2 124M in LLM_GPT2_DIR and the story in LLM_DATA_DIR"]
fn ex5_5_losses_on_the_story() {
    let text = for_test("the-verdict");
    let (_, model) = real();
    let loaders = Loaders::new(&text, 256, 2).unwrap();
    let mut rng = TorchRng::new(123);
    let mut loss = |loader| calc_loss_loader(&model, loader, None, &mut rng, &Device::flex());
    assert_close(&[loss(&loaders.train), loss(&loaders.validation)], &[3.7547487, 3.5596182], EXACT);
}

/// A file of the size of GPT-2 124M, opened and, for comparison, only read.
#[test]
#[ignore = "writes and reads 500 MB; run it alone and with --nocapture to see the times"]
fn opening_takes_little_longer_than_reading() {
    let (v, c, d) = (50257, 1024, 768);
    let mut config = golden_config();
    for (field, size) in [("vocab_size", v), ("n_positions", c), ("n_embd", d), ("n_head", 12), ("n_layer", 12)] {
        config[field] = json!(size);
    }
    let mut tensors = Tensors::new();
    for (name, (dtype, shape, _)) in golden_tensors() {
        let large = |size: usize| match size {
            211 => v,
            24 => c,
            width => width / 32 * d,
        };
        let shape: Vec<usize> = shape.into_iter().map(large).collect();
        let bytes = to_bytes((0..shape.iter().product::<usize>()).map(|i| (i % 1000) as f32));
        if let Some(rest) = name.strip_prefix("h.0.") {
            (0..12).for_each(|block| {
                drop(tensors.insert(format!("h.{block}.{rest}"), (dtype, shape.clone(), bytes.clone())))
            });
        } else if !name.starts_with("h.") {
            tensors.insert(name, (dtype, shape, bytes));
        }
    }
    let hugging_face = hugging_face(&config, &tensors);
    let openai = Checkpoint::of(&tensors).write();
    let hparams = json!({"n_vocab": v, "n_ctx": c, "n_embd": d, "n_head": 12, "n_layer": 12});
    fs::write(openai.path().join("hparams.json"), hparams.to_string()).unwrap();
    drop(tensors);

    let seconds = |job: &dyn Fn()| {
        let time = || {
            let start = Instant::now();
            job();
            start.elapsed().as_secs_f64()
        };
        (0..5).map(|_| time()).fold(f64::INFINITY, f64::min)
    };
    let file = hugging_face.path().join("model.safetensors");
    let reading = seconds(&|| drop(fs::read(&file).unwrap()));
    let opening = [&hugging_face, &openai].map(|folder| seconds(&|| drop(open(folder.path()))));
    println!(
        "{} MB: read in {reading:.3} s, opened in {opening:.3?} s",
        fs::metadata(&file).unwrap().len() / 1_000_000
    );
    assert!(opening.iter().all(|opening| *opening < 2.0 * reading), "{opening:?} s, reading takes {reading} s");
}
