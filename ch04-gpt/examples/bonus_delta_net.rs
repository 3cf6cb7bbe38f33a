//! Gated DeltaNet: a memory that overwrites, and how large it is: `cargo run -p ch04-gpt --example bonus_delta_net`

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use ch03_attention::{MultiHeadAttention, MultiHeadAttentionConfig};
use ch04_gpt::bonus::cache_memory::{self, CacheShape};
use ch04_gpt::bonus::gated_delta_net::remember;
use ch04_gpt::bonus::{GatedDeltaNet, GatedDeltaNetConfig, GatedMultiHeadAttention, GatedMultiHeadAttentionConfig};
use shared::rng::TorchRng;
use workshop::print_tensor;

fn main() {
    let device = Device::flex();
    let row = |values: [f32; 2]| Tensor::<1>::from_floats(values, &device).unsqueeze::<4>(); // [1, 1, 1, 2]
    let number = |value: f32| Tensor::<4>::full([1, 1, 1, 1], value, &device);
    let mut state = Tensor::<4>::zeros([1, 1, 2, 2], &device);
    for (key, value, alpha, beta) in [
        ([1.0, 0.0], [3.0, 1.0], 1.0, 1.0),
        ([0.0, 1.0], [2.0, 2.0], 1.0, 1.0),
        ([1.0, 0.0], [5.0, 0.0], 1.0, 1.0),
        ([0.0, 1.0], [2.0, 2.0], 0.5, 0.5),
    ] {
        state = remember(state, row(key), row(value), number(alpha), number(beta));
        let title = format!("key {key:?}, value {value:?}, alpha {alpha}, beta {beta}: state");
        print_tensor(&title, state.clone().flatten::<2>(0, 2));
        print_tensor("read with [1.0, 0.0]", row([1.0, 0.0]).matmul(state.clone()).flatten::<1>(0, 3));
    }

    let ordinary = MultiHeadAttention::new(&MultiHeadAttentionConfig::new(768, 768, 1024, 12), &device);
    let gated = GatedMultiHeadAttention::new(&GatedMultiHeadAttentionConfig::new(768, 768, 12), &device);
    let net = GatedDeltaNet::new(&GatedDeltaNetConfig::new(768, 768, 12), &mut TorchRng::new(123), &device);
    println!("Parameters of one layer, width 768, 12 heads");
    println!("ordinary attention {:8}", ordinary.num_params());
    println!("gated attention    {:8}", gated.num_params());
    println!("Gated DeltaNet     {:8}", net.num_params());

    println!("\nGigabytes for past tokens (width 2048, 16 heads, 48 layers, two bytes per value)");
    println!(" tokens   attention   delta net   delta net 3:1");
    let head_dim = cache_memory::head_dim(2048, 16);
    for tokens in [128, 1024, 8192, 32768, 131_072] {
        let shape = CacheShape { batch: 1, tokens, layers: 48, n_heads: 16, head_dim, bytes_per_value: 2 };
        let (quarter, rest) = (CacheShape { layers: 12, ..shape }, CacheShape { layers: 36, ..shape });
        let gb = [
            cache_memory::multi_head(&shape),
            cache_memory::delta_net(&shape),
            cache_memory::multi_head(&quarter) + cache_memory::delta_net(&rest),
        ]
        .map(|bytes| bytes as f64 / 1e9);
        println!("{tokens:7}{:12.4}{:12.4}{:16.4}", gb[0], gb[1], gb[2]);
    }
}
