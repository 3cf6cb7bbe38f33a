//! Multi-head latent attention: one short vector per token: `cargo run -p ch04-gpt --example bonus_latent`

use burn::module::Module;
use burn::tensor::{Device, Tensor, s};
use ch04_gpt::bonus::cache_memory::{self, CacheShape};
use ch04_gpt::bonus::{LatentCache, MultiHeadLatentAttention, MultiHeadLatentAttentionConfig};
use shared::Mode;
use shared::init::{randn, torch_init};
use shared::rng::TorchRng;

fn main() {
    let device = Device::flex();
    let (width, heads, tokens) = (768, 12, 6);
    println!("Width {width}, {heads} heads, one layer");
    println!("latent width   parameters   kept per token   one token at a time");
    for latent_dim in [384, 192, 96, 48] {
        let config = MultiHeadLatentAttentionConfig::new(width, width, heads).with_latent_dim(Some(latent_dim));
        let attention = torch_init(MultiHeadLatentAttention::new(&config, &device), &mut TorchRng::new(123));
        let x: Tensor<3> = randn([1, tokens, width], &mut TorchRng::new(456), &device);
        let whole = attention.forward(x.clone(), &mut Mode::Eval);
        let mut cache = LatentCache::default();
        let one_by_one =
            (0..tokens).map(|t| attention.forward_cached(x.clone().slice(s![.., t..t + 1, ..]), &mut cache));
        let difference: f32 = (Tensor::cat(one_by_one.collect(), 1) - whole).abs().max().into_scalar();
        let equal = if difference < 1e-5 { "as in one pass" } else { "different" };
        println!("{latent_dim:12}{:13}{latent_dim:17}   {equal}", attention.num_params());
    }

    println!("\nGigabytes for 8192 past tokens (width 2048, 24 heads, 48 layers, two bytes per value)");
    let head_dim = cache_memory::head_dim(2048, 24);
    let shape = CacheShape { batch: 1, tokens: 8192, layers: 48, n_heads: 24, head_dim, bytes_per_value: 2 };
    let gigabytes = |bytes: u64| bytes as f64 / 1e9;
    println!("ordinary attention:  {:.2}", gigabytes(cache_memory::multi_head(&shape)));
    println!("6 kv heads:          {:.2}", gigabytes(cache_memory::grouped_query(&shape, 6)));
    for latent_dim in [1024, 512, 256] {
        println!("latent width {latent_dim:4}:   {:.2}", gigabytes(cache_memory::latent(&shape, latent_dim)));
    }
}
