//! Section E.4: a linear layer with LoRA, and how few parameters that takes.
//! `cargo run -p appendix-lora --example e_4_lora_layer`

use appendix_lora::{LinearWithLora, LoraLayer, LoraSettings, Scale, attach_lora, freeze};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use ch04_gpt::GptModel;
use ch06_classify::{add_classification_head, num_trainable};
use shared::GptConfig;
use shared::init::{linear, rand, torch_init};
use shared::rng::TorchRng;

fn main() -> anyhow::Result<()> {
    let device = Device::flex().autodiff();
    let mut rng = TorchRng::new(123);
    let settings = LoraSettings { rank: 16, alpha: 16.0, scale: Scale::AlphaOverRank };

    let lora = LoraLayer::new(768, 768, &settings, &mut rng, &device);
    let first: Vec<f32> = lora.a.val().slice([0..1, 0..4]).into_data().iter().collect();
    let largest: f32 = lora.a.val().abs().max().into_scalar();
    println!("A {:?}, first values {first:.4?}, largest {largest:.4}", lora.a.dims());
    println!("B {:?}, all 0", lora.b.dims());
    let layer = LinearWithLora { linear: linear(768, 768, true, &mut rng, &device), lora };
    let x = rand([1, 768], &mut rng, &device);
    let change: f32 = (layer.forward(x.clone()) - layer.linear.forward(x)).abs().max().into_scalar();
    println!("largest change of the output before training: {change}");
    println!("weights of the layer: {}, of its LoRA layer: {}", 768 * 768, layer.lora.num_params());

    // Small enough to check by hand, with both scales.
    for scale in [Scale::AlphaOverRank, Scale::Alpha] {
        let settings = LoraSettings { rank: 2, alpha: 4.0, scale };
        let mut lora = LoraLayer::new(3, 2, &settings, &mut rng, &device);
        lora.a = Param::from_data([[0.1, -0.2], [0.3, 0.4], [-0.5, 0.6]], &device);
        lora.b = Param::from_data([[1.0, 2.0], [3.0, -1.0]], &device);
        let y: Vec<f32> =
            lora.forward(Tensor::<2>::from_floats([[1.0, 2.0, 3.0]], &device)).into_data().iter().collect();
        println!("{scale:?}: scale {}, output {y:.1?}", lora.scale);
    }

    // GPT-2 small as a classifier, with random weights: the counts are the book's.
    let config = GptConfig { qkv_bias: true, drop_rate: 0.0, ..GptConfig::preset("124M")? };
    let model = torch_init(GptModel::new(&config, &device), &mut rng);
    let model = add_classification_head(model, &mut rng, &device);
    println!("trainable parameters before freezing: {}", num_trainable(&model));
    let model = freeze(model);
    println!("after freezing:                       {}", num_trainable(&model));
    let model = attach_lora(model, &settings, &mut rng, &device);
    println!("with LoRA of rank 16:                 {}", num_trainable(&model));
    Ok(())
}
