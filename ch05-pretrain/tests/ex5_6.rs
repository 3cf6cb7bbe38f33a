//! The checks of exercise 5.6: of `solutions/ex5_6.rs`, or with the feature `my-solutions` of your file in
//! `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex5_6.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex5_6.rs", allow(unused))]
mod ex5_6;
mod exercise;

use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use exercise::{model_folder, tiny};
use shared::GptConfig;
use testkit::gpt2_for_test;

const PROMPT: &str = "Every effort moves you";

/// PyTorch 2.15 with the book's code, for models of these sizes from these seeds. The smaller one has a context of 8
/// tokens, so that the text outgrows it.
// 中文：任何大小的模型都能续写
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

// 中文：文件夹中没有模型时报错
#[test]
fn ex5_6_a_folder_without_a_model_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = ex5_6::continue_with(folder.path(), PROMPT, &Device::flex());
    error.expect_err("a folder without a model cannot write");
}

#[test]
#[ignore = "needs GPT-2's weights, of any size, in LLM_GPT2_DIR"]
fn weights_5_6_text_of_gpt2() {
    let found = ex5_6::continue_with(&gpt2_for_test(), PROMPT, &Device::flex()).unwrap();
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
