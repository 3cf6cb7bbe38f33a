//! Mixture of experts: where tokens go, and what is counted: `cargo run -p ch04-gpt --example bonus_experts`

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use ch04_gpt::bonus::expert_sizes::{ExpertSizes, FeedForwardKind};
use ch04_gpt::bonus::{MoeFeedForward, MoeFeedForwardConfig};
use shared::init::{randn, torch_init};
use shared::rng::TorchRng;
use workshop::print_tensor;

fn main() {
    let device = Device::flex();
    let experts =
        torch_init(MoeFeedForward::new(&MoeFeedForwardConfig::new(8, 16, 4, 2), &device), &mut TorchRng::new(123));
    let x: Tensor<3> = randn([1, 6, 8], &mut TorchRng::new(456), &device);
    print_tensor("router's scores", experts.gate.forward(x.clone()));
    let (weights, chosen) = experts.route(x.clone().squeeze_dim(0));
    print_tensor("chosen experts", chosen.clone());
    print_tensor("their weights", weights);
    let chosen: Vec<u32> = chosen.into_data().iter().collect();
    let per_token = experts.num_experts_per_tok;
    for expert in 0..4 {
        let tokens: Vec<usize> = (0..chosen.len()).filter(|&i| chosen[i] == expert).map(|i| i / per_token).collect();
        println!("expert {expert} works on tokens {tokens:?}");
    }
    println!("result {:?}, {} parameters\n", experts.forward(x).dims(), experts.num_params());

    println!("As large as one network of width 7168 with 14336 inside");
    println!("experts   chosen   width inside    parameters   active per token");
    println!("dense{:>43}", FeedForwardKind::SwiGlu.parameters(7168, 14336));
    for (num_experts, top_k) in [(8, 2), (64, 8), (256, 8)] {
        let sizes = ExpertSizes::matching(FeedForwardKind::SwiGlu, 7168, 14336, num_experts, top_k);
        println!("{num_experts:7}{top_k:9}{:15}{:14}{:19}", sizes.hidden_dim, sizes.total(), sizes.active());
    }
}
