//! Answers to tasks: those of chapter 7, and of prompts that are longer than the context.

use std::ops::ControlFlow;

use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::tokens::{ids_to_tensor, tensor_to_ids};
use ch05_pretrain::{GenerateOptions, generate};
use ch07_instruct::{Entry, PromptFormat, respond};
use fast::Generator;
use shared::GptConfig;
use shared::init::torch_init;
use shared::rng::TorchRng;

#[test]
fn answers_are_those_of_the_lesson() {
    let (device, tokenizer) = (Device::flex(), Gpt2Tokenizer::new());
    let config = GptConfig { emb_dim: 16, n_heads: 2, n_layers: 1, ..GptConfig::preset("tiny").unwrap() };
    let model = torch_init(GptModel::new(&config, &device), &mut TorchRng::new(123));
    let generator = Generator::from(&model);
    let format = PromptFormat::Phi3;
    let answer = |entry: &Entry| {
        let mut tokens = 0;
        let found = generator.respond(entry, format, 9, &tokenizer, &device, |_| {
            tokens += 1;
            ControlFlow::Continue(())
        });
        assert!((1..=9).contains(&tokens), "{tokens}");
        found.unwrap()
    };
    for entry in [Entry::new("Add 1 to 4.", "", ""), Entry::new("翻译：茶", "What is <|endoftext|>?", "")] {
        let found = answer(&entry);
        let expected = respond(&model, &entry, format, 9, &tokenizer, &device).unwrap();
        assert_eq!((found.text, found.left_out), (expected, 0));
    }

    // The book's `generate` crops a text to the end of it.
    let long = Entry::new("The boats went out. ".repeat(20), "", "");
    let prompt = tokenizer.encode_ordinary(&format.format_input(&long));
    let found = answer(&long);
    assert_eq!(found.left_out, prompt.len() - 64);
    let options = GenerateOptions {
        eos_id: Some(tokenizer.end_of_text_id()),
        ..GenerateOptions::greedy(9, model.context_length())
    };
    let all = generate(&model, ids_to_tensor(&prompt, &device), &options, &mut TorchRng::new(1)).unwrap();
    let new = tokenizer.decode_whole_characters(&tensor_to_ids(all)[prompt.len()..]).unwrap();
    assert_eq!(found.text, new.replace(format.response_marker(), "").trim());
}
