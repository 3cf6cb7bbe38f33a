//! Section 6.4: a model that was only pretrained continues a text and does not answer questions. Give the
//! folder of a model, GPT-2 small for the book's texts.
//! `cargo run --release -p ch06-classify --example 6_4_ask_a_language_model -- [FOLDER]`

use burn::tensor::Device;
use ch04_gpt::generate_text_simple;
use ch05_pretrain::{text_to_token_ids, token_ids_to_text};

mod common;

fn main() -> anyhow::Result<()> {
    let device = Device::flex();
    let (model, tokenizer) = common::model(&device)?;
    let question = "Is the following text 'spam'? Answer with 'yes' or 'no': 'You are a winner you have been specially \
                    selected to receive $1000 cash or a $2000 award.'";
    for (prompt, new_tokens) in [("Every effort moves you", 15), (question, 23)] {
        let ids = text_to_token_ids(prompt, &tokenizer, &device);
        let ids = generate_text_simple(&model, ids, new_tokens, model.context_length());
        println!("{}\n", token_ids_to_text(ids, &tokenizer)?);
    }
    Ok(())
}
