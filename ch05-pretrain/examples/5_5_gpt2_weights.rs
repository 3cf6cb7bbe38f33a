//! Section 5.5: GPT-2's published weights, opened and used.
//! `cargo run -p ch05-pretrain --example 5_5_gpt2_weights -- FOLDER`
//!
//! FOLDER holds the files of OpenAI's or of Hugging Face's release, or a model of this project; the variable
//! `LLM_GPT2_DIR` can name it too.

use std::path::PathBuf;

use anyhow::Context;
use burn::module::Module;
use burn::tensor::{Device, s};
use ch04_gpt::GptModel;
use ch05_pretrain::{GenerateOptions, generate, load_weights_into_gpt, text_to_token_ids, token_ids_to_text};
use model_files::{ModelKind, model_kind, open_model, open_tokenizer, read_gpt2_params};
use shared::rng::TorchRng;

fn main() -> anyhow::Result<()> {
    let named = std::env::args_os().nth(1).or_else(|| std::env::var_os("LLM_GPT2_DIR"));
    let folder = PathBuf::from(named.context("which folder? Give it as an argument or in LLM_GPT2_DIR")?);
    let device = Device::flex();
    let kind = model_kind(&folder)?;
    println!("{} is {kind}", folder.display());
    let (config, model) = match kind {
        // The lesson: OpenAI's tensors by their names, each into its field.
        ModelKind::OpenAi => {
            let (config, params) = read_gpt2_params(&folder)?;
            let model = load_weights_into_gpt(GptModel::new(&config, &device), &params)?;
            (config, model)
        }
        _ => open_model(&folder, &device)?,
    };
    let tokenizer = open_tokenizer(&folder, config.vocab_size)?;
    println!("{config:#?}\nParameters: {} ({} if tied)", model.num_params(), model.num_params_tied());

    // Three rows of the token embedding, the first and last three values of each.
    let rows = model.tok_emb.weight.val().slice(s![..3, ..]).into_data();
    let rows: Vec<f32> = rows.iter().collect();
    println!("\nToken embedding, {:?}:", [config.vocab_size, config.emb_dim]);
    for row in rows.chunks(config.emb_dim) {
        println!("  {:.8?} ... {:.8?}", &row[..3], &row[config.emb_dim - 3..]);
    }

    let write = |prompt: &str, options: GenerateOptions| -> anyhow::Result<String> {
        let prompt = text_to_token_ids(prompt, &tokenizer, &device);
        let ids = generate(&model, prompt, &options, &mut TorchRng::new(123))?;
        Ok(token_ids_to_text(ids, &tokenizer)?)
    };
    let greedy = GenerateOptions::greedy(25, config.context_length);
    let daring = GenerateOptions { temperature: 1.5, top_k: Some(50), ..greedy.clone() };
    println!("\nTemperature 1.5, top-k 50, seed 123:\n{}", write("Every effort moves you", daring)?);
    println!("\nGreedy:\n{}", write("Every effort moves you", greedy)?);
    Ok(())
}
