//! What a model costs: arithmetic, and memory for past tokens: `cargo run -p ch04-gpt --example bonus_costs`

use ch04_gpt::bonus::cache_memory::{self, CacheShape};
use ch04_gpt::bonus::flops::{forward_flops, forward_flops_per_token};
use shared::GptConfig;

fn main() -> anyhow::Result<()> {
    println!("FLOPs of a forward pass      per token   2 x 1024 tokens");
    for name in ["gpt2-small", "gpt2-medium", "gpt2-large", "gpt2-xl"] {
        let config = GptConfig::preset(name)?;
        let batch = forward_flops(&config, 2, 1024) as f64;
        println!("{name:24}{:14}{batch:18.1e}", forward_flops_per_token(&config));
    }

    println!("\nGigabytes for past tokens (width 4096, 32 heads, 32 layers, two bytes per value)");
    println!(" tokens   full   8 kv heads   latent 1024   window 1024, 5:1   delta net 3:1");
    let (emb_dim, n_heads, layers) = (4096, 32, 32);
    let head_dim = cache_memory::head_dim(emb_dim, n_heads);
    for tokens in (10..=17).map(|exponent| 1 << exponent) {
        let shape = CacheShape { batch: 1, tokens, layers, n_heads, head_dim, bytes_per_value: 2 };
        let windows = cache_memory::window_layers(layers, (5, 1));
        let (attention, delta) = (CacheShape { layers: layers / 4, ..shape }, CacheShape { layers: 24, ..shape });
        let gb = [
            cache_memory::multi_head(&shape),
            cache_memory::grouped_query(&shape, 8),
            cache_memory::latent(&shape, 1024),
            cache_memory::sliding_window(&shape, n_heads, 1024, windows),
            cache_memory::multi_head(&attention) + cache_memory::delta_net(&delta),
        ]
        .map(|bytes| bytes as f64 / 1e9);
        println!("{tokens:7}{:7.2}{:13.2}{:14.2}{:19.2}{:16.2}", gb[0], gb[1], gb[2], gb[3], gb[4]);
    }
    Ok(())
}
