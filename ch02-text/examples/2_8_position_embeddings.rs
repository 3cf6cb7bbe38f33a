//! Section 2.8: position embeddings are added to token embeddings.
//! `cargo run -p ch02-text --example 2_8_position_embeddings`

use anyhow::Context;
use burn::tensor::Device;
use ch02_text::{DataLoaderOptions, InputEmbedding, VOCAB_SIZE, create_dataloader};
use shared::Batches;
use shared::init;
use shared::rng::TorchRng;
use workshop::print_tensor;

#[path = "common/story.rs"]
mod story;

fn main() -> anyhow::Result<()> {
    let text = story::story()?;
    // The order of these lines is that of the book, because each draws numbers from the same generator.
    let (device, mut rng) = (Device::flex(), TorchRng::new(123));
    init::embedding(6, 3, &mut rng, &device);
    let tok_emb = init::embedding(VOCAB_SIZE, 256, &mut rng, &device);
    let options = DataLoaderOptions { batch_size: 8, max_length: 4, stride: 4, shuffle: false, drop_last: true };
    let loader = create_dataloader(&text, &options)?;
    let batch = loader.iter(&mut rng, &device).next().context("the text is too short for a batch")?;
    let pos_emb = init::embedding(4, 256, &mut rng, &device);

    print_tensor("token ids", batch.inputs.clone());
    println!("token embeddings: {:?}", tok_emb.forward(batch.inputs.clone()).dims());
    println!("position embeddings: {:?}", pos_emb.weight.dims());
    let inputs = InputEmbedding { tok_emb, pos_emb }.forward(batch.inputs);
    println!("input embeddings: {:?}", inputs.dims());
    print_tensor("first text, first four columns", inputs.slice([0..1, 0..4, 0..4]));
    Ok(())
}
