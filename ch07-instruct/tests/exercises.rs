//! Checks of the exercises: on `solutions/`, or with the feature `my-solutions` on `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex7_1.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex7_1.rs", allow(unused))]
mod ex7_1;
#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex7_2.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex7_2.rs", allow(unused))]
mod ex7_2;
#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex7_3.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex7_3.rs", allow(unused))]
mod ex7_3;
#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex7_4.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex7_4.rs", allow(unused))]
mod ex7_4;

use burn::nn::LinearConfig;
use burn::tensor::{Device, Tensor};
use ch02_text::Gpt2Tokenizer;
use ch05_pretrain::Batches;
use ch07_instruct::{Entries, Entry, PromptFormat};
use shared::GptConfig;
use shared::init::{rand, torch_init};
use shared::rng::TorchRng;

// ---- 7.1

#[test]
fn ex7_1_writes_instruction_and_input() {
    let with = Entry::new("Identify the correct spelling of the following word.", "Ocassion", "");
    let expected = "<|user|>\nIdentify the correct spelling of the following word.\nOcassion";
    assert_eq!(ex7_1::format_input(&with), expected, "instruction and input, each on its line");
    let without = Entry::new("What is an antonym of 'complicated'?", "", "");
    let expected = "<|user|>\nWhat is an antonym of 'complicated'?";
    assert_eq!(ex7_1::format_input(&without), expected, "no empty line where there is no input");
}

#[test]
fn ex7_1_writes_the_answer() {
    assert_eq!(ex7_1::format_response("Yes."), "\n<|assistant|>:\nYes.", "the marker on its own line");
}

#[test]
fn ex7_1_finds_the_answer_again() {
    let entry = Entry::new("Say yes.", "", "Yes.");
    let prompt = ex7_1::format_input(&entry);
    let generated = prompt.clone() + &ex7_1::format_response("Yes.") + "\n";
    assert_eq!(ex7_1::extract_response(&generated, &prompt), "Yes.", "without the marker and the line breaks");
    assert_eq!(ex7_1::extract_response(&prompt, &prompt), "", "a model that says nothing");
}

// ---- 7.2

/// "Sort the following list in alphabetical order.", in a batch whose longest entry has 64 ids.
fn sorting() -> (Vec<u32>, usize) {
    let entry = Entry::new(
        "Sort the following list in alphabetical order.",
        "Zebra, Elephant, Crocodile",
        "Crocodile, Elephant, Zebra",
    );
    let prompt = PromptFormat::Alpaca.format_input(&entry);
    let text = prompt.clone() + &PromptFormat::Alpaca.format_response(&entry.output);
    let encode = |text: &str| Gpt2Tokenizer::new().encode(text).unwrap();
    (encode(&text), encode(&prompt).len())
}

#[test]
fn ex7_2_hides_the_prompt() {
    let (ids, prompt_length) = sorting();
    let targets = ex7_2::targets(&ids, prompt_length, 64);
    let answer = [198, 198, 21017, 18261, 25, 198, 34, 12204, 375, 576, 11, 42651, 11, 1168, 37052, 50256];
    let expected = [&[-100; 46][..], &answer, &[-100; 2]].concat();
    assert_eq!(targets, expected, "46 ignored, the answer with one end-of-text token, two ignored");
}

#[test]
fn ex7_2_shifts_and_pads_without_a_prompt() {
    assert_eq!(ex7_2::targets(&[5, 6], 0, 5), [6, 50256, -100, -100, -100], "nothing to hide for a length of 0");
    assert_eq!(ex7_2::targets(&[5, 6], 1, 2), [6, 50256], "a prompt of one token has no target");
    assert_eq!(ex7_2::targets(&[0, 1, 2, 3, 4], 3, 5), [-100, -100, 3, 4, 50256], "a prompt of three has two");
}

// ---- 7.3

#[test]
fn ex7_3_measures_the_logits() {
    assert_eq!(ex7_3::logit_bytes(8, 1024), 1_646_821_376, "rows · tokens · vocabulary · 4 bytes");
    assert_eq!(ex7_3::logit_bytes(4, 512) * 4, ex7_3::logit_bytes(8, 1024), "half the rows, half the tokens");
}

#[test]
fn ex7_3_makes_small_batches() {
    let mut entries: Vec<Entry> = (0..100).map(|i| Entry::new(format!("Say {i}."), "", i.to_string())).collect();
    entries[7].output = "word ".repeat(700);
    entries[99].output = "word ".repeat(700);
    let loaders = ex7_3::alpaca_loaders(&Entries::to_json(&entries)).expect("a hundred good entries");
    assert_eq!(loaders.train.num_batches(), 21, "85 entries in full batches of 4");
    assert_eq!(loaders.validation.num_batches(), 2, "5 entries, the last batch too");
    let device = Device::flex();
    for loader in [&loaders.train, &loaders.validation] {
        let shapes: Vec<[usize; 2]> =
            loader.pass(&mut TorchRng::new(123), &device).map(|batch| batch.inputs.dims()).collect();
        assert_eq!(shapes.iter().map(|shape| shape[1]).max(), Some(512), "the long entry is cut to 512 tokens");
        assert!(shapes.iter().any(|shape| shape[1] < 60), "other batches stay short: {shapes:?}");
    }
}

#[test]
fn ex7_3_says_when_the_file_is_bad() {
    assert!(ex7_3::alpaca_loaders("[").is_err(), "half a JSON text");
    assert!(ex7_3::alpaca_loaders("[]").is_err(), "no entries");
}

// ---- 7.4

fn medium() -> GptConfig {
    GptConfig { qkv_bias: true, ..GptConfig::preset("gpt2-medium").unwrap() }
}

#[test]
fn ex7_4_counts_all_parameters() {
    assert_eq!(ex7_4::all_parameters(&medium()), 406_286_336, "GPT-2 medium with an output layer of its own");
}

#[test]
fn ex7_4_counts_the_parameters_of_lora() {
    assert_eq!(ex7_4::lora_parameters(&medium(), 16), 7_898_384, "GPT-2 medium, rank 16");
    let tiny = GptConfig { emb_dim: 12, n_layers: 1, n_heads: 2, ..medium() };
    assert_eq!(ex7_4::lora_parameters(&tiny, 16), 807_760, "one block of width 12, rank 16");
    assert_eq!(ex7_4::lora_parameters(&tiny, 0), 0, "rank 0");
}

#[test]
fn ex7_4_adds_to_the_old_output() {
    let (device, mut rng) = (Device::flex(), TorchRng::new(123));
    let layer = torch_init(LinearConfig::new(4, 3).init(&device), &mut rng);
    let x: Tensor<2> = rand([5, 4], &mut rng, &device);
    let (a, b): (Tensor<2>, Tensor<2>) = (rand([4, 2], &mut rng, &device), rand([2, 3], &mut rng, &device));
    let close = |found: Tensor<2>, expected: Tensor<2>, what: &str| {
        assert!(found.all_close(expected, None, Some(1e-5)), "{what}");
    };
    let plain = layer.forward(x.clone());
    let zero = Tensor::zeros([2, 3], &device);
    close(ex7_4::lora_forward(&layer, a.clone(), zero, 2.0, x.clone()), plain.clone(), "with B = 0 nothing changes");
    let added = x.clone().matmul(a.clone().matmul(b.clone())) * 2.0;
    close(ex7_4::lora_forward(&layer, a, b, 2.0, x), plain + added, "the addition is scale · x · A · B");
}
