//! Two query heads share one head of keys and values: `cargo run -p bonus-llama --example llama_5_grouped_query`

use bonus_llama::attention::{attention_weights, share};
use bonus_llama::{LlamaConfig, sizes};
use burn::tensor::{Device, Tensor};
use ch04_gpt::bonus::cache_memory::{CacheShape, grouped_query, multi_head};
use ch04_gpt::bonus::sliding_window::window_mask;
use workshop::print_tensor;

fn main() -> anyhow::Result<()> {
    let device = Device::flex();
    let queries = Tensor::<4>::from_floats(
        [[[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [[0.0, 2.0], [1.0, -1.0], [0.5, 0.5]]]],
        &device,
    ); // [batch, heads, tokens, head_dim]
    let keys = Tensor::<4>::from_floats([[[[1.0, 1.0], [0.0, 1.0], [1.0, 0.0]]]], &device);
    let values = Tensor::<4>::from_floats([[[[1.0, 0.0], [0.0, 1.0], [2.0, 2.0]]]], &device);
    let (keys, values) = (share(keys, 2), share(values, 2));
    print_tensor("Keys, one copy for each query head", keys.clone());
    let hidden = window_mask(3, 3, None, &device);
    let weights = attention_weights(queries, keys, hidden, 0.5f64.sqrt());
    print_tensor("Attention weights of both query heads", weights.clone());
    print_tensor("Context vectors", weights.matmul(values));

    println!("Kilobytes (1,000 bytes) that a cache takes for each token, four bytes per value;\ntiny is our own");
    println!("model           query heads   kv heads   as it is   with a kv head for each query head");
    for name in sizes::names() {
        let config = LlamaConfig::preset(name)?;
        let shape = CacheShape {
            batch: 1,
            tokens: 1,
            layers: config.n_layers as u64,
            n_heads: config.n_heads as u64,
            head_dim: config.head_dim as u64,
            bytes_per_value: 4,
        };
        let [shared, single] = [grouped_query(&shape, config.n_kv_heads as u64), multi_head(&shape)];
        println!(
            "{name:14}{:13}{:11}{:11.1}{:37.1}",
            config.n_heads,
            config.n_kv_heads,
            shared as f64 / 1e3,
            single as f64 / 1e3
        );
    }
    Ok(())
}
