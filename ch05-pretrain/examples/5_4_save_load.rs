//! Section 5.4: a model is saved, loaded, and writes the same as before.
//! `cargo run -p ch05-pretrain --example 5_4_save_load`

use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::{GptModel, generate_text_simple};
use ch05_pretrain::{load_model, save_model, text_to_token_ids, token_ids_to_text};
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

    let folder = std::path::Path::new("runs/5_4_model");
    save_model(folder, &config, &model)?;
    for file in std::fs::read_dir(folder)? {
        let file = file?;
        println!("saved:  {} ({} bytes)", file.path().display(), file.metadata()?.len());
    }

    let (_, loaded) = load_model(folder, &device)?;
    println!("after:  {}", write(&loaded)?);
    Ok(())
}
