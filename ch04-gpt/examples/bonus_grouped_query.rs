//! Grouped-query attention: what the shared heads save: `cargo run -p ch04-gpt --example bonus_grouped_query`

use burn::module::Module;
use burn::tensor::{Device, Tensor, s};
use ch04_gpt::bonus::cache_memory::{self, CacheShape};
use ch04_gpt::bonus::{GroupedQueryAttention, GroupedQueryAttentionConfig, KvCache};
use shared::Mode;
use shared::init::{randn, torch_init};
use shared::rng::TorchRng;

fn main() {
    let device = Device::flex();
    let (width, heads, tokens) = (768, 12, 6);
    println!("Width {width}, {heads} query heads, one layer");
    println!("kv heads   parameters   kept per token   one token at a time");
    for groups in [12, 6, 4, 2, 1] {
        let config = GroupedQueryAttentionConfig::new(width, width, heads, groups);
        let attention = torch_init(GroupedQueryAttention::new(&config, &device), &mut TorchRng::new(123));
        let x: Tensor<3> = randn([1, tokens, width], &mut TorchRng::new(456), &device);
        let whole = attention.forward(x.clone(), &mut Mode::Eval);
        let mut cache = KvCache::default();
        let one_by_one =
            (0..tokens).map(|t| attention.forward_cached(x.clone().slice(s![.., t..t + 1, ..]), &mut cache));
        let difference: f32 = (Tensor::cat(one_by_one.collect(), 1) - whole).abs().max().into_scalar();
        let kept = 2 * groups * width / heads;
        let equal = if difference < 1e-5 { "as in one pass" } else { "different" };
        println!("{groups:8}{:13}{kept:17}   {equal}", attention.num_params());
    }

    println!("\nGigabytes for 32768 past tokens (width 4096, 32 heads, 32 layers, two bytes per value)");
    let head_dim = cache_memory::head_dim(4096, 32);
    let shape = CacheShape { batch: 1, tokens: 32768, layers: 32, n_heads: 32, head_dim, bytes_per_value: 2 };
    for kv_heads in [32, 16, 8, 4, 2, 1] {
        let gigabytes = cache_memory::grouped_query(&shape, kv_heads) as f64 / 1e9;
        println!("{kv_heads:2} kv heads: {gigabytes:5.2}");
    }
}
