//! Section 5.4: a model is saved, loaded, and generates the same text as before.
//! `cargo run -p ch05-pretrain --example 5_4_save_load`

use std::path::Path;

use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::{GptModel, generate_text_simple};
use ch05_pretrain::{load_weights, save_weights, text_to_token_ids, token_ids_to_text};
use shared::GptConfig;
use shared::init::torch_init;
use shared::rng::TorchRng;

fn main() -> anyhow::Result<()> {
    let (device, tokenizer) = (Device::flex(), Gpt2Tokenizer::new());
    let config = GptConfig::preset("tiny")?;
    let model = torch_init(GptModel::new(&config, &device), &mut TorchRng::new(123));
    let write = |model: &GptModel| {
        let start = text_to_token_ids("Every effort moves you", &tokenizer, &device);
        token_ids_to_text(generate_text_simple(model, start, 10, config.context_length), &tokenizer)
    };
    println!("before: {}", write(&model)?);

    std::fs::create_dir_all("runs")?;
    let path = Path::new("runs/5_4_model.bpk");
    save_weights(path, &model)?;
    println!("saved:  {} ({} bytes)", path.display(), path.metadata()?.len());

    let loaded = load_weights(path, GptModel::new(&config, &device))?;
    println!("after:  {}", write(&loaded)?);
    Ok(())
}
