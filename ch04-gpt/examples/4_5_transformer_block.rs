//! One transformer block keeps the shape of its input: `cargo run -p ch04-gpt --example 4_5_transformer_block`

use burn::module::Module;
use burn::tensor::{Device, Tensor, s};
use ch04_gpt::TransformerBlock;
use shared::init::{rand, torch_init};
use shared::{GptConfig, Mode, rng::TorchRng};
use workshop::print_tensor;

fn main() -> anyhow::Result<()> {
    let (device, mut rng) = (Device::flex(), TorchRng::new(123));
    let config = GptConfig::preset("124M")?;
    let x: Tensor<3> = rand([2, 4, config.emb_dim], &mut rng, &device);
    let block = torch_init(TransformerBlock::new(&config, &device), &mut rng);
    let output = block.forward(x.clone(), &mut Mode::Train(&mut rng));

    println!("Input shape: {:?}", x.dims());
    println!("Output shape: {:?}", output.dims());
    print_tensor("Input", x.clone());
    print_tensor("Output, with dropout", output);
    print_tensor("Output, without", block.forward(x.clone(), &mut Mode::Eval));

    // The same in two steps: what each branch adds to the first text.
    let x = x.slice(s![..1, .., ..]);
    let from_attention = block.att.forward(block.norm1.forward(x.clone()), &mut Mode::Eval);
    let from_ff = block.ff.forward(block.norm2.forward(x + from_attention.clone()));
    print_tensor("First text, added by attention", from_attention);
    print_tensor("First text, added by the feed-forward network", from_ff);

    println!("Parameters of the block: {}", block.num_params());
    println!("  attention    {}", block.att.num_params());
    println!("  feed-forward {}", block.ff.num_params());
    println!("  norms        {}", block.norm1.num_params() + block.norm2.num_params());
    Ok(())
}
