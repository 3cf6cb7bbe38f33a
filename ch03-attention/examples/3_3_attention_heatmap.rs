//! Pictures of attention weights: `cargo run -p ch03-attention --example 3_3_attention_heatmap`
//!
//! Writes three SVG files into the folder given as argument, or else into the current one. Each row is a query, each
//! column a token that it looks at.

use std::path::PathBuf;

use burn::tensor::{Device, Tensor};
use ch03_attention::running_example::{TOKENS, batch, inputs};
use ch03_attention::simplified::attention_weights;
use ch03_attention::{MultiHeadAttention, MultiHeadAttentionConfig};
use shared::Mode;
use shared::init::torch_init;
use shared::rng::TorchRng;
use workshop::plot::heatmap;

fn main() -> anyhow::Result<()> {
    let folder: PathBuf = std::env::args_os().nth(1).map_or_else(|| ".".into(), PathBuf::from);
    let labels = TOKENS.map(String::from);
    let draw = |file: &str, title: &str, weights: Tensor<2>| -> anyhow::Result<()> {
        let weights: Vec<f32> = weights.into_data().try_into_vec_as()?;
        let path = folder.join(file);
        let picture = heatmap(title, ("Query", &labels), ("Key", &labels), &weights);
        shared::files::write_whole(&path, picture.as_bytes())?;
        println!("{}", path.display());
        Ok(())
    };

    let device = Device::flex();
    draw("attention-simplified.svg", "Simplified attention weights", attention_weights(inputs(&device)))?;

    let config = MultiHeadAttentionConfig::new(3, 2, 6, 2);
    let attention: MultiHeadAttention = torch_init(MultiHeadAttention::new(&config, &device), &mut TorchRng::new(123));
    let weights = attention.attention_weights(batch(&device), &mut Mode::Eval); // [2, 2, 6, 6]
    for head in 0..2 {
        let title = format!("Causal attention weights, head {} of 2", head + 1);
        draw(
            &format!("attention-head-{}.svg", head + 1),
            &title,
            weights.clone().slice([0..1, head..head + 1]).reshape([6, 6]),
        )?;
    }
    Ok(())
}
