//! Sliding-window attention: what a token sees, and what is kept:
//! `cargo run -p ch04-gpt --example bonus_sliding_window`

use burn::tensor::{Device, Tensor, s};
use ch04_gpt::bonus::cache_memory::{self, CacheShape};
use ch04_gpt::bonus::sliding_window::{uses_window, window_mask};
use ch04_gpt::bonus::{KvCache, SlidingWindowAttention, SlidingWindowAttentionConfig};
use shared::Mode;
use shared::init::{randn, torch_init};
use shared::rng::TorchRng;

fn main() {
    let device = Device::flex();
    let (tokens, window) = (8, 3);
    println!("Window of {window}: x is visible, . is hidden");
    let hidden: Vec<bool> = window_mask(tokens, tokens, Some(window), &device).into_data().iter().collect();
    for row in hidden.chunks(tokens) {
        println!("  {}", row.iter().map(|&hide| if hide { "." } else { "x" }).collect::<Vec<_>>().join(" "));
    }

    println!("\nOne token after the other");
    let config = SlidingWindowAttentionConfig::new(8, 8, 2).with_window(Some(window));
    let attention = torch_init(SlidingWindowAttention::new(&config, &device), &mut TorchRng::new(123));
    let x: Tensor<3> = randn([1, tokens, 8], &mut TorchRng::new(456), &device);
    let whole = attention.forward(x.clone(), &mut Mode::Eval);
    let mut cache = KvCache::default();
    for t in 0..tokens {
        let found = attention.forward_cached(x.clone().slice(s![.., t..t + 1, ..]), &mut cache);
        let difference: f32 = (found - whole.clone().slice(s![.., t..t + 1, ..])).abs().max().into_scalar();
        let equal = if difference < 1e-5 { "as in one pass" } else { "different" };
        println!("  {} seen, {} kept, {equal}", cache.tokens(), cache.kept());
    }

    println!("\nLayers with a window (W) and with full attention (F)");
    for stride in [5, 2, 1] {
        let layers: String = (0..12).map(|layer| if uses_window(layer, stride) { 'W' } else { 'F' }).collect();
        println!("  {stride}:1  {layers}");
    }

    println!("\nGigabytes for 32768 past tokens (width 4096, 32 heads, 32 layers, two bytes per value)");
    let head_dim = cache_memory::head_dim(4096, 32);
    let shape = CacheShape { batch: 1, tokens: 32768, layers: 32, n_heads: 32, head_dim, bytes_per_value: 2 };
    println!("  no window                           {:5.2}", cache_memory::multi_head(&shape) as f64 / 1e9);
    for (window, ratio) in [(4096, (1, 1)), (1024, (5, 1)), (1024, (1, 0))] {
        let layers = cache_memory::window_layers(32, ratio);
        let bytes = cache_memory::sliding_window(&shape, 32, window, layers);
        println!("  window {window}, {layers} of 32 layers          {:5.2}", bytes as f64 / 1e9);
    }
    let layers = cache_memory::window_layers(32, (5, 1));
    let both = cache_memory::sliding_window(&shape, 8, 1024, layers) as f64 / 1e9;
    println!("  window 1024, {layers} of 32, 8 kv heads    {both:5.2}");
}
