//! What is trained, what is computed once, and which targets count:
//! `cargo run -p bonus-llama --example llama_10_fine_tuning`

use anyhow::Context;
use appendix_lora::{LoraSettings, Scale};
use bonus_llama::{LlamaConfig, LlamaModel, add_classification_head, attach_lora_to_blocks};
use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{IGNORE_INDEX, Mode};
use workshop::grouped;

fn main() -> anyhow::Result<()> {
    counts()?;
    println!();
    prefix()?;
    println!();
    targets();
    Ok(())
}

/// How much is trained. Only A, B and the head are filled with values.
fn counts() -> anyhow::Result<()> {
    let (device, mut rng) = (Device::flex(), TorchRng::new(123));
    let model = LlamaModel::new(&LlamaConfig::preset("smollm2-135m")?, &device);
    let model = add_classification_head(model, &mut rng, &device);
    let (all, head) = (model.num_params(), model.out_head.num_params());
    let last_block = model.blocks.last().context("there are blocks")?.num_params() + model.final_norm.num_params();
    let settings = LoraSettings { rank: 16, alpha: 16.0, scale: Scale::AlphaOverRank };
    let lora = attach_lora_to_blocks(model, &settings, &mut rng, &device).num_params() - all;
    println!("SmolLM2 135M with a head for two classes");
    for (what, trained) in [
        ("the head", head),
        ("last block, norm, head", last_block + head),
        ("LoRA of rank 16, head", lora + head),
        ("everything", all),
    ] {
        println!("{what:24}{:>13}{:>9.2} %", grouped(trained), 100.0 * trained as f64 / all as f64);
    }
    Ok(())
}

/// The frozen blocks once, the last one in every epoch.
fn prefix() -> anyhow::Result<()> {
    let (device, mut rng) = (Device::flex(), TorchRng::new(123));
    let config = LlamaConfig { vocab_size: 100, n_layers: 6, ..LlamaConfig::preset("tiny")? };
    let model = torch_init(LlamaModel::new(&config, &device), &mut rng);
    let model = add_classification_head(model, &mut rng, &device);
    let ids = Tensor::<2, Int>::from_ints([[3, 14, 15, 9, 26], [53, 58, 97, 93, 2]], &device);
    let kept = before_last_block(&model, ids.clone());
    println!("kept for each message: {:?} numbers", &kept.dims()[1..]);
    let difference = (from_last_block(&model, kept) - model.forward(ids, &mut Mode::Eval)).abs().max();
    println!("largest difference of a logit: {}", difference.into_scalar::<f32>());
    let (blocks, epochs) = (30, 5);
    println!("{epochs} epochs with {blocks} blocks, in forward passes of one block");
    println!("{:24}{:5}", "everything", epochs * 3 * blocks);
    println!("{:24}{:5}", "last block", epochs * (blocks + 2));
    println!("{:24}{:5}", "last block, kept prefix", (blocks - 1) + epochs * 3);
    Ok(())
}

/// What enters the last block, `[batch, tokens, emb_dim]`.
fn before_last_block(model: &LlamaModel, ids: Tensor<2, Int>) -> Tensor<3> {
    let [_, tokens] = ids.dims();
    let rotations = model.rotations(0..tokens, &ids.device());
    let (_, frozen) = model.blocks.split_last().expect("a model has blocks");
    frozen.iter().fold(model.embed(ids), |x, block| block.forward(x, rotations.of(block)))
}

/// The logits, from there on.
fn from_last_block(model: &LlamaModel, x: Tensor<3>) -> Tensor<3> {
    let [_, tokens, _] = x.dims();
    let rotations = model.rotations(0..tokens, &x.device());
    let block = model.blocks.last().expect("a model has blocks");
    model.logits(block.forward(x, rotations.of(block)))
}

/// A conversation as SmolLM2 writes it, cut by hand, padded by two.
fn targets() {
    const START: &str = "<|im_start|>";
    const END: &str = "<|im_end|>"; // id 2, which pads as well
    let tokens = [START, "user", "\\n", "2 + 2?", END, "\\n", START, "assistant", "\\n", "4", END];
    let (prompt, length) = (9, tokens.len());
    let padded: Vec<&str> = tokens.into_iter().chain([END; 2]).collect();
    let ignored = IGNORE_INDEX.to_string();
    println!("{:14}{:14}{:14}by id", "input", "next", "by position");
    for (position, pair) in padded.windows(2).enumerate() {
        let (input, next) = (pair[0], pair[1]);
        let is_answer = (prompt..length).contains(&(position + 1));
        let by_position = if is_answer { next } else { &ignored };
        let by_id = if next != END && position + 1 >= prompt { next } else { &ignored };
        println!("{input:14}{next:14}{by_position:14}{by_id}");
    }
}
