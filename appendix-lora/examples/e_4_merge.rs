//! Section E.4: two adapters for one model, taken on and off, merged, and their files.
//! `cargo run -p appendix-lora --example e_4_merge`

use std::path::Path;

use appendix_lora::{LoraLayer, LoraSettings, Scale, attach_layers, merge_lora};
use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor};
use ch04_gpt::GptModel;
use model_files::{save_adapter, save_model};
use shared::init::{randn, torch_init};
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};

fn main() -> anyhow::Result<()> {
    let device = Device::flex();
    let config = GptConfig::preset("tiny")?;
    let base = torch_init(GptModel::new(&config, &device), &mut TorchRng::new(123));
    let folder = Path::new("runs/e_4_merge");
    save_model(&folder.join("base"), &config, &base)?;
    println!("the model: {} numbers, {}", base.num_params(), size(&folder.join("base"))?);

    let ids = Tensor::from_ints([[6109, 3626, 6100, 345]], &device);
    let plain = first_logits(&base, &ids);
    println!("without an adapter   {plain:8.4?}");
    for (name, seed) in [("first", 1), ("second", 2)] {
        let adapted = with_adapter(base.clone(), seed, &device);
        let logits = first_logits(&adapted, &ids);
        println!("with the {name:<11} {logits:8.4?}");
        let path = folder.join(name);
        save_adapter(&path, &adapted)?;
        println!("its file: {} numbers, {}", adapted.num_params() - base.num_params(), size(&path)?);

        let merged = merge_lora(adapted.clone());
        let difference: f32 = (logits_of(&merged, &ids) - logits_of(&adapted, &ids)).abs().max().into_scalar();
        println!(
            "merged: {} numbers, largest difference of a logit below 1e-5: {}",
            merged.num_params(),
            difference < 1e-5
        );
    }
    println!("without one again    {:8.4?}", first_logits(&base, &ids));
    Ok(())
}

/// The model with LoRA layers that look as if they had been trained: a fresh B is 0 and changes nothing.
fn with_adapter(model: GptModel, seed: u64, device: &Device) -> GptModel {
    let settings = LoraSettings { rank: 4, alpha: 4.0, scale: Scale::AlphaOverRank };
    let mut rng = TorchRng::new(seed);
    attach_layers(model, |_, [d_in, d_out]| {
        let mut layer = LoraLayer::new(d_in, d_out, &settings, &mut rng, device);
        layer.b = Param::from_tensor(randn([settings.rank, d_out], &mut rng, device) * 0.1);
        Some(layer)
    })
}

fn logits_of(model: &GptModel, ids: &Tensor<2, Int>) -> Tensor<3> {
    model.forward(ids.clone(), &mut Mode::Eval)
}

/// The first four logits after the last token.
fn first_logits(model: &GptModel, ids: &Tensor<2, Int>) -> Vec<f32> {
    logits_of(model, ids).slice([0..1, 3..4, 0..4]).into_data().iter().collect()
}

/// Size of the weights in a folder.
fn size(folder: &Path) -> anyhow::Result<String> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        bytes += entry?.metadata()?.len();
    }
    Ok(format!("{:.2} MB", bytes as f64 / 1e6))
}
