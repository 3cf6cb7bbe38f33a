//! The checks of exercise 6.1: of `solutions/ex6_1.rs`, or with the feature `my-solutions` of your file in `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex6_1.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex6_1.rs", allow(unused))]
mod ex6_1;
mod exercise;

use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch06_classify::PAD_TOKEN_ID;
use exercise::{language_model, split};

// 中文：每条消息都填满上下文
#[test]
fn ex6_1_every_message_fills_the_context() {
    let (split, tokenizer) = (split(), Gpt2Tokenizer::new());
    for context_length in [12, 96, 200] {
        let model = language_model(context_length, &Device::flex());
        let datasets = ex6_1::datasets(&split, &tokenizer, &model);
        for (dataset, (name, part)) in datasets.iter().zip(split.parts()) {
            assert_eq!(dataset.len(), part.len(), "the {name} dataset holds the {name} messages");
            for i in 0..dataset.len() {
                let length = dataset.get(i).0.len();
                assert_eq!(length, context_length, "{name} message {i}: as long as the model's context");
            }
        }
    }
}

// 中文：其他部分都不变
#[test]
fn ex6_1_nothing_else_changes() {
    let (split, tokenizer) = (split(), Gpt2Tokenizer::new());
    let datasets = ex6_1::datasets(&split, &tokenizer, &language_model(200, &Device::flex()));
    for (dataset, (name, part)) in datasets.iter().zip(split.parts()) {
        for (i, message) in part.iter().enumerate() {
            let (row, label) = dataset.get(i);
            let ids = tokenizer.encode(&message.text).unwrap();
            assert_eq!(label, message.label, "{name} message {i} keeps its label");
            assert!(row.starts_with(&ids), "{name} message {i}: its own tokens come first");
            assert!(row[ids.len()..].iter().all(|&id| id == PAD_TOKEN_ID), "{name} message {i}: then only fillers");
        }
    }
}
