//! From GPT-2 to Llama, one change at a time, and what each does to the number of parameters:
//! `cargo run -p bonus-llama --example llama_6_model`
//!
//! Nothing is filled with values: burn's layers are lazy.

use bonus_llama::{LlamaConfig, LlamaModel, sizes};
use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use ch04_gpt::GptModel;
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};
use workshop::{grouped, print_tensor};

fn main() -> anyhow::Result<()> {
    steps()?;

    println!("\nPublished sizes, each parameter once; tiny is our own");
    for name in sizes::names() {
        let model = LlamaModel::new(&LlamaConfig::preset(name)?, &Device::flex());
        let head = if model.config.tied { "tied head" } else { "head of its own" };
        println!("{name:14}{:>15}   {head}", grouped(model.num_params()));
    }

    let device = Device::flex();
    let model = torch_init(LlamaModel::new(&LlamaConfig::preset("tiny")?, &device), &mut TorchRng::new(123));
    let ids = Tensor::<2, Int>::from_ints([[6109, 3626, 6100, 345]], &device);
    println!();
    print_tensor("Logits of a tiny model with random weights, seed 123", model.forward(ids, &mut Mode::Eval));
    Ok(())
}

/// GPT-2 small with width, depth and vocabulary as they are; the other parts are replaced one after the other.
fn steps() -> anyhow::Result<()> {
    let gpt = GptConfig { qkv_bias: true, ..GptConfig::preset("124M")? };
    let (d, layers) = (gpt.emb_dim, gpt.n_layers);
    let hidden = 2048; // 8/3 of the width, so that three matrices weigh as much as two
    let llama = LlamaConfig {
        vocab_size: gpt.vocab_size,
        context_length: gpt.context_length,
        emb_dim: d,
        n_heads: 12,
        n_kv_heads: 4,
        head_dim: 64,
        hidden_dim: hidden,
        n_layers: layers,
        ..LlamaConfig::preset("smollm2-135m")?
    };
    let start = GptModel::new(&gpt, &Device::flex()).num_params();
    // Biases of a block: 4d in the attention, 4d and d in the feed-forward network.
    let changes = [
        ("RMSNorm: no shifts", -((2 * layers + 1) as i64 * d as i64)),
        ("rotary positions: no table", -((gpt.context_length * d) as i64)),
        ("no biases", -((layers * 9 * d) as i64)),
        ("SwiGLU, 2,048 wide inside", (layers * (3 * d * hidden)) as i64 - (layers * (2 * d * 4 * d)) as i64),
        ("4 heads of keys and values", -((layers * 2 * d * (d - 4 * 64)) as i64)),
        ("tied head", -((gpt.vocab_size * d) as i64)),
    ];
    println!("GPT-2 small becomes a Llama");
    println!("{:30}{:>14}{:>14}", "change", "parameters", "then");
    println!("{:30}{:>14}{:>14}", "chapter 4's model", "", grouped(start));
    let mut then = start;
    for (change, parameters) in changes {
        then = then.checked_add_signed(parameters as isize).ok_or_else(|| anyhow::anyhow!("fewer than none"))?;
        let sign = if parameters < 0 { "-" } else { "+" };
        let size = grouped(parameters.unsigned_abs() as usize);
        println!("{change:30}{:>14}{:>14}", format!("{sign}{size}"), grouped(then));
    }
    let counted = LlamaModel::new(&llama, &Device::flex()).num_params();
    anyhow::ensure!(then == counted, "the model has {counted}");
    println!("{:30}{:>14}{:>14}", "this crate's model, counted", "", grouped(counted));
    Ok(())
}
