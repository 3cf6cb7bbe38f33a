//! Writes a small model, an adapter for it, and the model's answer with the adapter, for `peft/check.py` to compare.
//! `cargo run -p appendix-lora --example bonus_peft -- [FOLDER]`

use std::path::Path;

use appendix_lora::{LoraLayer, LoraSettings, Scale, attach_layers, linear_weights};
use burn::module::Param;
use burn::tensor::{Device, Tensor};
use ch04_gpt::GptModel;
use model_files::{save_adapter, save_model};
use shared::init::{randn, torch_init};
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};

fn main() -> anyhow::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "runs/peft".into());
    let folder = Path::new(&folder);
    let device = Device::flex();
    let config = GptConfig {
        vocab_size: 97,
        context_length: 16,
        emb_dim: 24,
        n_heads: 3,
        n_layers: 2,
        drop_rate: 0.0,
        qkv_bias: true,
    };
    let mut rng = TorchRng::new(123);
    let model = torch_init(GptModel::new(&config, &device), &mut rng);
    save_model(&folder.join("base"), &config, &model)?;

    let settings = LoraSettings { rank: 4, alpha: 8.0, scale: Scale::Alpha };
    let mut layers = Vec::new();
    for (_, [d_in, d_out]) in linear_weights(&model) {
        layers.push(LoraLayer::new(d_in, d_out, &settings, &mut rng, &device));
    }
    // As if it had been trained: a fresh B is 0 and would hide every mistake.
    for layer in &mut layers {
        layer.b = Param::from_tensor(randn(layer.b.dims(), &mut rng, &device) * 0.1);
    }
    let mut layers = layers.into_iter();
    let model = attach_layers(model, |_, _| layers.next());
    save_adapter(&folder.join("adapter"), &model)?;

    let ids = [5, 60, 7, 12, 90];
    let logits = model.forward(Tensor::from_ints([ids], &device), &mut Mode::Eval);
    let logits: Vec<f32> = logits.into_data().iter::<f32>().collect();
    let answer = format!("{{\"ids\": {ids:?}, \"logits\": {logits:?}}}");
    std::fs::write(folder.join("answer.json"), answer)?;
    println!("{0}\nnow: python appendix-lora/peft/check.py {0}", folder.display());
    println!("\nadapter_config.json\n{}", std::fs::read_to_string(folder.join("adapter/adapter_config.json"))?);
    Ok(())
}
