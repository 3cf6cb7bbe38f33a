//! Section 6.5: which outputs a change of the last word can reach, with the causal mask and without it. A small untrained
//! model.
//! `cargo run -p ch06-classify --example 6_5_last_token`

use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::text_to_token_ids;
use ch06_classify::add_classification_head;
use ch06_classify::head::without_causal_mask;
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};

fn main() -> anyhow::Result<()> {
    let (tokenizer, device, mut rng) = (Gpt2Tokenizer::new(), Device::flex(), TorchRng::new(123));
    let config = GptConfig { emb_dim: 32, n_layers: 2, drop_rate: 0.0, ..GptConfig::preset("tiny")? };
    let model = torch_init(GptModel::new(&config, &device), &mut rng);
    let model = add_classification_head(model, &mut rng, &device);

    let texts = ["Do you have time", "Do you have debts"];
    for (what, model) in [("with", model.clone()), ("without", without_causal_mask(model))] {
        println!("Logits of each position, {what} the causal mask:");
        let [left, right] = texts.map(|text| {
            let inputs = text_to_token_ids(text, &tokenizer, &device);
            let logits = model.forward(inputs, &mut Mode::Eval); // [1, 4, 2]
            let values: Vec<f32> = logits.into_data().iter::<f32>().collect();
            values.chunks(2).map(|row| format!("{row:.3?}")).collect::<Vec<String>>()
        });
        println!("  {:<20}{}", texts[0], texts[1]);
        for (left, right) in left.iter().zip(&right) {
            println!("  {left:<20}{right}");
        }
    }
    Ok(())
}
