//! Section 5.5: the names and shapes in a checkpoint of OpenAI's form, and the model that they make. The checkpoint is a
//! tiny one with random numbers, built like GPT-2's; PyTorch has computed what it must give.
//! `cargo run -p ch05-pretrain --example 5_5_mapping`

use std::path::Path;

use burn::tensor::{Device, Int, Tensor};
use ch04_gpt::GptModel;
use ch05_pretrain::{cross_entropy, load_weights_into_gpt};
use model_files::read_gpt2_params;
use serde::Deserialize;
use shared::Mode;

/// What PyTorch gives with these weights.
#[derive(Deserialize)]
struct Expected {
    ids: [Vec<i32>; 2],
    mean_next_token_loss: f64,
}

fn main() -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/model-files/tests/golden/gpt2-tiny-openai");
    let (config, params) = read_gpt2_params(&folder)?;
    println!("{} tensors", params.len());
    let outside = params.iter().filter(|(name, _)| !name.starts_with('h'));
    let first_block = params.iter().filter(|(name, _)| name.starts_with("h0/"));
    for (name, tensor) in outside.chain(first_block) {
        println!("  {name:18} {:?}", tensor.shape().as_slice());
    }

    let device = Device::flex();
    let model = load_weights_into_gpt(GptModel::new(&config, &device), &params)?;
    println!("\nout_head: {:?}, from wte", model.out_head.weight.dims());

    // The mean loss over two texts, each token predicting the next.
    let expected: Expected = serde_json::from_str(&std::fs::read_to_string(folder.join("expected.json"))?)?;
    let tokens = expected.ids[0].len();
    let ids = Tensor::<1, Int>::from_data(expected.ids.concat().as_slice(), &device).reshape([2, tokens]);
    let logits = model.forward(ids.clone().narrow(1, 0, tokens - 1), &mut Mode::Eval); // [2, tokens - 1, vocab_size]
    let loss: f64 = cross_entropy(logits.flatten(0, 1), ids.narrow(1, 1, tokens - 1).flatten(0, 1)).into_scalar();
    println!("loss here:       {loss:.6}");
    println!("loss in PyTorch: {:.6}", expected.mean_next_token_loss);
    Ok(())
}
