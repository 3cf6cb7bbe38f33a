//! A gate in the feed-forward network: `cargo run -p bonus-llama --example llama_4_swiglu`

use bonus_llama::feed_forward::Activation;
use bonus_llama::{GatedFeedForward, LlamaConfig};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use ch04_gpt::FeedForward;
use shared::{GptConfig, Linear};
use workshop::{grouped, print_tensor};

fn main() -> anyhow::Result<()> {
    let device = Device::flex();
    let z = Tensor::<1>::from_floats([-3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0], &device);
    print_tensor("z", z.clone());
    print_tensor("silu(z) = z · σ(z)", Activation::Silu.forward(z.clone()));
    print_tensor("gelu(z), as in chapter 4", Activation::Gelu.forward(z));

    let linear = |columns| Linear::from_params(Param::from_tensor(columns), None);
    let ff = GatedFeedForward {
        gate: linear(Tensor::from_floats([[0.5, -1.0, 2.0], [1.0, 0.25, 0.0]], &device)),
        up: linear(Tensor::from_floats([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]], &device)),
        down: linear(Tensor::from_floats([[1.0, -1.0], [2.0, 0.5], [3.0, 0.0]], &device)),
        activation: Activation::Silu,
    };
    let x = Tensor::<2>::from_floats([[1.0, -2.0]], &device);
    print_tensor("x", x.clone());
    let gate = ff.gate.forward(x.clone());
    print_tensor("gate", gate.clone());
    print_tensor("silu(gate)", Activation::Silu.forward(gate));
    print_tensor("up", ff.up.forward(x.clone()));
    print_tensor("down(silu(gate) · up)", ff.forward(x));

    let small = LlamaConfig::preset("smollm2-135m")?;
    let gpt = GptConfig { emb_dim: small.emb_dim, n_heads: small.n_heads, ..GptConfig::preset("124M")? };
    let two = FeedForward::new(&gpt, &device).num_params();
    let three = GatedFeedForward::new(&small, &device).num_params();
    println!("Width {}, parameters of one network", small.emb_dim);
    println!("two matrices, {:4} wide inside, biases: {}", 4 * gpt.emb_dim, grouped(two));
    println!("three matrices, {} wide inside:      {}", small.hidden_dim, grouped(three));
    Ok(())
}
